//! The offset of two clocks, by votes.

use super::{Alike, Frames, Heard, Offset, RANGE_NS, ROUND_NS, TOLERANCE_NS, drift};

/// Frames of one row that vote; more say nothing new.
const VOTERS: usize = 256;

/// Clocks that part by 100 ppm do so by [`TOLERANCE_NS`] in half of it.
const STRETCH_NS: i64 = 20_000_000_000;

/// So many of them are tried.
const STRETCHES: usize = 8;

/// So many requests have to vote before their word counts.
const REQUESTS: usize = 8;

/// How two rows' announcements are missing against those of the best informed row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deficits {
    pub(super) one: u64,
    pub(super) other: u64,
}

/// How far `other` is ahead of `one`; `None` where that can't be told.
pub(super) fn offset(one: &Heard, other: &Heard, deficits: Deficits) -> Option<Offset> {
    let mine = common(&one.announcements, &other.announcements);
    let others = common(&other.announcements, &one.announcements);
    let stretches = stretches(&mine);
    let by_announcements = stretches.iter().filter_map(|(from, to)| {
        let voters = among(&mine, *from, *to);
        let places = by_announcements(&voters, &mine, &others, deficits)?;
        let places =
            if places.len() > 1 { by_requests_among(one, other, (*from, *to), places) } else { places };
        place(one, other, &places)
    });
    let best = by_announcements.min_by_key(|offset| (offset.error, std::cmp::Reverse(offset.frames)));
    best.or_else(|| place(one, other, &by_requests(one, other)?))
}

/// The best of the places, with an error that covers them all.
fn place(one: &Heard, other: &Heard, possible: &[Place]) -> Option<Offset> {
    // Most votes first; the smaller offset where there is nothing else to choose by.
    let best = possible.iter().max_by_key(|place| (place.votes, -place.at.abs()))?;
    let doubt = possible.iter().map(|place| (place.at - best.at).abs());
    let doubt =
        doubt.max().filter(|apart| *apart > 2 * TOLERANCE_NS).map_or(0, |apart| apart + 2 * TOLERANCE_NS);
    let knots = knots(one, other, best.at);
    let frames = knots.len() as u32;
    (frames > 0).then_some(Offset { knots, error: TOLERANCE_NS + doubt, frames })
}

/// Stretches of time so short that clocks don't drift in them: some of those in which there are frames.
fn stretches(frames: &Frames) -> Vec<(i64, i64)> {
    let mut times: Vec<i64> = frames.iter().map(|(_, at)| *at).collect();
    times.sort_unstable();
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for at in times {
        match stretches.last_mut() {
            Some((from, to)) if at - *from <= STRETCH_NS => *to = at,
            _ => stretches.push((at, at)),
        }
    }
    let step = stretches.len().div_ceil(STRETCHES).max(1);
    stretches.into_iter().step_by(step).collect()
}

/// The frames within these times.
fn among(frames: &Frames, from: i64, to: i64) -> Frames {
    frames.iter().filter(|(_, at)| (from..=to).contains(at)).copied().take(VOTERS).collect()
}

/// An offset that is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: i64,
    votes: usize,
}

/// All frames that one has are the other's, too, but for those that are missing there.
fn by_announcements(
    voters: &Frames,
    mine: &Frames,
    others: &Frames,
    missing: Deficits,
) -> Option<Vec<Place>> {
    let cut = voters.len() < mine.len();
    let places = places(voters, others);
    let best = places.iter().map(|place| place.votes).max().unwrap_or(0);
    let lacks = |has: usize, missing: u64| (has as u64).saturating_sub(missing);
    let of_mine = lacks(voters.len(), missing.other);
    let of_others = if cut { 0 } else { lacks(others.len(), missing.one) };
    let least = of_mine.max(of_others).min(best as u64) as usize;
    if least == 0 {
        return None;
    }
    Some(places.into_iter().filter(|place| place.votes >= least).collect())
}

/// Whoever asks irregularly leaves a pattern that fits at one place only.
fn by_requests(one: &Heard, other: &Heard) -> Option<Vec<Place>> {
    let (mine, others) = requests(one, other)?;
    let stretches = stretches(&mine);
    let (from, to) = stretches.get(stretches.len() / 2)?;
    let voters = among(&mine, *from, *to);
    let itself = places(&voters, &mine);
    let regular =
        itself.iter().filter(|place| place.at.abs() > 2 * TOLERANCE_NS).map(|place| place.votes).max();
    if regular.unwrap_or(0) * 2 >= voters.len() {
        return None;
    }
    let places = places(&voters, &others);
    convincing(places, voters.len().min(others.len()))
}

/// Which of the places the requests allow: whoever asks irregularly does so at one place only.
fn by_requests_among(
    one: &Heard,
    other: &Heard,
    (from, to): (i64, i64),
    announced: Vec<Place>,
) -> Vec<Place> {
    let Some((mine, others)) = requests(one, other) else { return announced };
    let voters = among(&mine, from - STRETCH_NS / 2, to + STRETCH_NS / 2);
    let count = |at: i64| {
        let near = |(alike, time): &&(Alike, i64)| {
            !within(&others, *alike, time + at - 2 * TOLERANCE_NS, time + at + 2 * TOLERANCE_NS).is_empty()
        };
        voters.iter().filter(near).count()
    };
    let asked = announced.iter().map(|place| Place { at: place.at, votes: count(place.at) }).collect();
    let Some(asked) = convincing(asked, voters.len().min(others.len())) else { return announced };
    let of = |place: &Place| asked.iter().find(|asked| asked.at == place.at).map(|asked| asked.votes);
    let both = |place: &Place| Some(Place { at: place.at, votes: place.votes + of(place)? });
    announced.iter().filter_map(both).collect()
}

/// Places that are not far behind the best one, if that one has enough votes of so many.
fn convincing(places: Vec<Place>, of: usize) -> Option<Vec<Place>> {
    let best = places.iter().map(|place| place.votes).max()?;
    let enough = best >= REQUESTS && best * 2 >= of;
    enough.then(|| places.into_iter().filter(|place| place.votes * 5 >= best * 3).collect())
}

/// Requests that look alike, if all of them were told.
fn requests(one: &Heard, other: &Heard) -> Option<(Frames, Frames)> {
    let told = !one.untold && !other.untold;
    told.then(|| (common(&one.requests, &other.requests), common(&other.requests, &one.requests)))
}

/// Those frames that look like one of the other's.
fn common(frames: &Frames, others: &Frames) -> Frames {
    let known = |alike: &Alike| {
        let from = others.partition_point(|(other, _)| other < alike);
        others.get(from).is_some_and(|(other, _)| other == alike)
    };
    frames.iter().filter(|(alike, _)| known(alike)).copied().collect()
}

/// The frames of `others` that look like that and came within these times.
fn within(others: &[(Alike, i64)], alike: Alike, from: i64, to: i64) -> &[(Alike, i64)] {
    let first = others.partition_point(|other| *other < (alike, from));
    let length = others[first..].partition_point(|other| *other <= (alike, to));
    &others[first..first + length]
}

/// Every offset for which frames vote, with its votes: windows of twice the tolerance, the best of those that overlap.
fn places(voters: &[(Alike, i64)], others: &[(Alike, i64)]) -> Vec<Place> {
    let mut ballots: Vec<i64> = Vec::new();
    for (alike, at) in voters {
        ballots
            .extend(within(others, *alike, at - RANGE_NS, at + RANGE_NS).iter().map(|(_, other)| other - at));
    }
    ballots.sort_unstable();
    let mut places: Vec<Place> = Vec::new();
    let mut end = 0;
    for (start, from) in ballots.iter().enumerate() {
        while ballots.get(end).is_some_and(|vote| *vote <= from + 2 * TOLERANCE_NS) {
            end += 1;
        }
        let place = Place { at: ballots[usize::midpoint(start, end - 1)], votes: end - start };
        match places.last_mut() {
            Some(last) if place.at - last.at <= 2 * TOLERANCE_NS => {
                if place.votes > last.votes {
                    *last = place;
                }
            }
            _ => places.push(place),
        }
    }
    places
}

/// The frames that are the same if the offset is about `by`: when, and how far the clocks differ. From the first and
/// the last of them on announcements are followed as the clocks drift.
fn knots(one: &Heard, other: &Heard, by: i64) -> Vec<(i64, i64)> {
    let mut knots = Vec::new();
    for (mine, others) in [(&one.announcements, &other.announcements), (&one.requests, &other.requests)] {
        knots.extend(mine.iter().filter_map(|frame| same(others, *frame, by, TOLERANCE_NS)));
    }
    knots.sort_unstable();
    let (Some(first), Some(last)) = (knots.first().copied(), knots.last().copied()) else { return knots };
    let mut announced = one.announcements.clone();
    announced.sort_unstable_by_key(|(_, at)| *at);
    let mut follow = |mut last: (i64, i64), frames: &mut dyn Iterator<Item = &(Alike, i64)>| {
        for frame in frames {
            let tolerance = TOLERANCE_NS + drift((frame.1 - last.0).abs());
            if tolerance < ROUND_NS / 4
                && let Some(knot) = same(&other.announcements, *frame, last.1, tolerance)
            {
                knots.push(knot);
                last = knot;
            }
        }
    };
    follow(last, &mut announced.iter().filter(|(_, at)| *at > last.0));
    follow(first, &mut announced.iter().rev().filter(|(_, at)| *at < first.0));
    knots.sort_unstable();
    knots
}

/// The time of that frame, and how far behind it the other's is.
fn same(others: &[(Alike, i64)], (alike, at): (Alike, i64), by: i64, tolerance: i64) -> Option<(i64, i64)> {
    let near = within(others, alike, at + by - tolerance, at + by + tolerance);
    let difference =
        near.iter().map(|(_, other)| other - at).min_by_key(|difference| (difference - by).abs())?;
    Some((at, difference))
}
