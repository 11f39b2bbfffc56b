//! What happened about one change, on one clock.

use std::collections::BTreeMap;

use super::{
    Account,
    clock::{self, Clocks, Heard, RANGE_NS},
    rows::{Row, Seen},
};
use crate::evidence::{Claimed, MacAddr, Origin, What};

/// Changes that are farther apart have nothing to do with one another. More than clocks may differ.
const APART_NS: i64 = RANGE_NS + 15_000_000_000;

/// What is compared around the changes that a row has seen.
const AROUND_NS: i64 = 10_000_000_000;

/// Who claims an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who<'a> {
    /// A node, whichever of its MACs it uses.
    Node(&'a str),
    /// Somebody else.
    Stranger(MacAddr),
}

/// Whose MAC is whose: by reports, and by what nodes sent.
#[derive(Debug, Default)]
pub(super) struct Names<'a>(BTreeMap<MacAddr, Option<&'a str>>);

impl<'a> Names<'a> {
    pub(super) fn of(account: &'a Account) -> Self {
        let mut names = Self::default();
        for witness in &account.witnesses {
            witness.macs.iter().for_each(|mac| names.add(*mac, &witness.node));
        }
        for event in &account.events {
            if let Some(claimed) = claim(&event.what).filter(|claimed| own(claimed)) {
                names.add(claimed.mac, &event.node);
            }
        }
        names
    }

    /// A MAC that several nodes use, as VRRP's, is nobody's.
    fn add(&mut self, mac: MacAddr, node: &'a str) {
        let of = self.0.entry(mac).or_insert(Some(node));
        if *of != Some(node) {
            *of = None;
        }
    }

    /// Who made that claim; `None` if several nodes may have.
    fn who(&self, row: &Row<'a>, claimed: &Claimed) -> Option<Who<'a>> {
        if own(claimed) {
            return Some(Who::Node(row.node));
        }
        match self.0.get(&claimed.mac) {
            Some(node) => node.map(Who::Node),
            None => Some(Who::Stranger(claimed.mac)),
        }
    }
}

/// Sent by the node itself.
fn own(claimed: &Claimed) -> bool {
    claimed.sent && claimed.origin != Some(Origin::Forwarded)
}

/// What somebody claimed.
pub(super) const fn claim(what: &What) -> Option<&Claimed> {
    match what {
        What::Reply(claimed)
        | What::LastReply(claimed)
        | What::ReplyAgain(claimed)
        | What::Announcement(claimed) => Some(claimed),
        _ => None,
    }
}

/// How somebody claimed the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claims {
    Announced,
    Answered,
    /// After what seemed the last time, and before this.
    AnsweredAgain,
    /// Answered, for the last time: the same answer may be told as one of those above, which is no later then.
    Last,
}

impl Claims {
    /// Whether it is an answer, and not told as the last one.
    pub(super) const fn answers(self) -> bool {
        matches!(self, Self::Answered | Self::AnsweredAgain)
    }
}

/// A claim that a row has noted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark<'a> {
    /// On the scene's clock.
    pub(super) at: i64,
    pub(super) error: i64,
    pub(super) who: Who<'a>,
    pub(super) claims: Claims,
    pub(super) row: usize,
    pub(super) place: usize,
    pub(super) claimed: &'a Claimed,
}

/// A stretch of time in which the address changed hands at least once, or was announced.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    /// What was noted in it, by each row's own clock.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Of the changes alone.
    span: Span,
    pub(super) clocks: Clocks,
    /// In the order of time.
    pub(super) marks: Vec<Mark<'a>>,
}

/// A time, and by how much each clock is ahead then, with its error.
pub(super) type Stands = (i64, Vec<Option<(i64, i64)>>);

/// Noted times of the first and the last change.
pub(super) type Span = (i64, i64);

/// The scenes' spans by the rows' own clocks: from a change that anybody noted to the last one near it.
pub(super) fn spans(rows: &[Row<'_>]) -> Vec<Span> {
    let mut times: Vec<(i64, Option<MacAddr>)> = Vec::new();
    for seen in rows.iter().flat_map(|row| &row.seen) {
        match &seen.event.what {
            What::Announcement(_) | What::LastReply(_) | What::ReplyAgain(_) | What::Claim(_) => {
                times.push((seen.noted, None));
            }
            What::Reply(claimed) => times.push((seen.noted, Some(claimed.mac))),
            _ => {}
        }
    }
    times.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    let mut replied = None;
    for (at, reply) in times {
        // Of replies those of another one than before are changes.
        if reply.is_some() && std::mem::replace(&mut replied, reply) == reply {
            continue;
        }
        match spans.last_mut() {
            Some((_, last)) if at - *last <= APART_NS => *last = at,
            _ => spans.push((at, at)),
        }
    }
    spans
}

/// What each row has heard around the changes that it has itself seen within the span, else around all.
pub(super) fn heard(rows: &[Row<'_>], span: Span) -> Vec<Heard> {
    let around = |row: &Row<'_>| {
        let changes = row
            .noted_within(span.0, span.1)
            .filter(|(_, seen)| matches!(seen.event.what, What::Announcement(_)));
        let times: Vec<i64> = changes.map(|(_, seen)| seen.noted).collect();
        let (from, to) = times.first().zip(times.last()).map_or(span, |(first, last)| (*first, *last));
        Heard::of(row, from - AROUND_NS, to + AROUND_NS)
    };
    rows.iter().map(around).collect()
}

impl<'a> Scene<'a> {
    /// What was noted from `from` on, before `to`, without its marks.
    pub(super) fn new(span: Span, (from, to): Span, heard: &[Heard], root: usize) -> Self {
        Self { span, from, to, clocks: clock::clocks(heard, root), marks: Vec::new() }
    }

    pub(super) const fn middle(&self) -> i64 {
        i64::midpoint(self.span.0, self.span.1)
    }

    /// How all clocks stand at its middle.
    pub(super) fn stands(&self) -> Stands {
        let middle = self.middle();
        let offsets = self.clocks.offsets.iter();
        (middle, offsets.map(|offset| Some(offset.as_ref()?.at(middle))).collect())
    }

    /// Makes the marks.
    pub(super) fn mark(&mut self, rows: &[Row<'a>], names: &Names<'a>) {
        let Self { from, to, clocks, .. } = self;
        let (from, to) = (*from, *to);
        let mut marks = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            for (place, seen) in row.noted_within(from, to - 1) {
                marks.extend(mark(clocks, names, row, (number, place), seen));
            }
        }
        marks.sort_by_key(|mark| (mark.at, mark.who, mark.claims, mark.row, mark.place));
        self.marks = marks;
    }

    /// Claims of one.
    pub(super) fn of(&self, who: Who<'a>) -> impl Iterator<Item = &Mark<'a>> {
        self.marks.iter().filter(move |mark| mark.who == who)
    }
}

fn mark<'a>(
    clocks: &Clocks,
    names: &Names<'a>,
    row: &Row<'a>,
    (number, place): (usize, usize),
    seen: &Seen<'a>,
) -> Option<Mark<'a>> {
    let claims = match &seen.event.what {
        What::Announcement(_) => Claims::Announced,
        What::Reply(_) => Claims::Answered,
        What::LastReply(_) => Claims::Last,
        What::ReplyAgain(_) => Claims::AnsweredAgain,
        _ => return None,
    };
    let claimed = claim(&seen.event.what)?;
    let (at, error) = clocks.map(number, seen.at)?;
    Some(Mark { at, error, who: names.who(row, claimed)?, claims, row: number, place, claimed })
}
