//! The offset of two clocks, by votes.

use super::{Alike, Frames, Heard, Offset, RANGE_NS, TOLERANCE_NS};

/// Frames of one row that vote; more say nothing new.
const VOTERS: usize = 256;

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
    let possible = match by_announcements(one, other, deficits) {
        Some(places) if places.len() > 1 => by_requests_among(one, other, places),
        Some(places) => places,
        None => by_requests(one, other)?,
    };
    // Most votes first; the smaller offset where there is nothing else to choose by.
    let best = possible.iter().max_by_key(|place| (place.votes, -place.at.abs()))?;
    let differences = differences(one, other, best.at);
    let (by, spread) = median(differences.clone())?;
    let doubt = possible.iter().map(|place| (place.at - by).abs()).filter(|apart| *apart > 2 * TOLERANCE_NS);
    let error =
        TOLERANCE_NS + spread.max(doubt.max().unwrap_or(0) + TOLERANCE_NS * i64::from(possible.len() > 1));
    Some(Offset { by, error, frames: differences.len() as u32 })
}

/// An offset that is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: i64,
    votes: usize,
}

/// All frames that one has are the other's, too, but for those that are missing there.
fn by_announcements(one: &Heard, other: &Heard, missing: Deficits) -> Option<Vec<Place>> {
    let (mine, others) =
        (common(&one.announcements, &other.announcements), common(&other.announcements, &one.announcements));
    let cut = mine.len() > VOTERS;
    let voters = if cut { mine[mine.len() - VOTERS..].to_vec() } else { mine };
    let places = places(&voters, &others);
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
    let voters = middle(&mine);
    let itself = places(voters, &mine);
    let regular =
        itself.iter().filter(|place| place.at.abs() > 2 * TOLERANCE_NS).map(|place| place.votes).max();
    if regular.unwrap_or(0) * 2 >= voters.len() {
        return None;
    }
    let places = places(voters, &others);
    convincing(places, voters.len().min(others.len()))
}

/// Which of the places the requests allow: whoever asks irregularly does so at one place only.
fn by_requests_among(one: &Heard, other: &Heard, announced: Vec<Place>) -> Vec<Place> {
    let Some((mine, others)) = requests(one, other) else { return announced };
    let voters = middle(&mine);
    let votes = |at: i64| {
        let near = |(alike, time): &&(Alike, i64)| {
            !within(&others, *alike, time + at - 2 * TOLERANCE_NS, time + at + 2 * TOLERANCE_NS).is_empty()
        };
        voters.iter().filter(near).count()
    };
    let asked = announced.iter().map(|place| Place { at: place.at, votes: votes(place.at) }).collect();
    let Some(asked) = convincing(asked, voters.len().min(others.len())) else { return announced };
    let votes = |place: &Place| asked.iter().find(|asked| asked.at == place.at).map(|asked| asked.votes);
    let both = |place: &Place| Some(Place { at: place.at, votes: place.votes + votes(place)? });
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

fn middle(frames: &[(Alike, i64)]) -> &[(Alike, i64)] {
    let spare = frames.len().saturating_sub(VOTERS) / 2;
    frames.get(spare..(spare + VOTERS).min(frames.len())).unwrap_or(frames)
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
    let mut votes: Vec<i64> = Vec::new();
    for (alike, at) in voters {
        votes
            .extend(within(others, *alike, at - RANGE_NS, at + RANGE_NS).iter().map(|(_, other)| other - at));
    }
    votes.sort_unstable();
    let mut places: Vec<Place> = Vec::new();
    let mut end = 0;
    for (start, from) in votes.iter().enumerate() {
        while votes.get(end).is_some_and(|vote| *vote <= from + 2 * TOLERANCE_NS) {
            end += 1;
        }
        let place = Place { at: votes[usize::midpoint(start, end - 1)], votes: end - start };
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

/// The differences of the frames that are the same if the offset is about `by`.
fn differences(one: &Heard, other: &Heard, by: i64) -> Vec<i64> {
    let mut differences = Vec::new();
    for (mine, others) in [(&one.announcements, &other.announcements), (&one.requests, &other.requests)] {
        for (alike, at) in mine {
            let near = within(others, *alike, at + by - TOLERANCE_NS, at + by + TOLERANCE_NS);
            let nearest =
                near.iter().map(|(_, other)| other - at).min_by_key(|difference| (difference - by).abs());
            differences.extend(nearest);
        }
    }
    differences
}

/// The median, and how far the others are from it at most.
fn median(mut differences: Vec<i64>) -> Option<(i64, i64)> {
    differences.sort_unstable();
    let median = *differences.get(differences.len() / 2)?;
    let ends = [differences.first()?, differences.last()?];
    Some((median, ends.map(|end| (end - median).abs()).into_iter().max()?))
}
