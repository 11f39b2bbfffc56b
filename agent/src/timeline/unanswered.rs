//! Who asked while nobody answered: by the counts that stand beside the events, which know also of requests that
//! have none.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use super::{
    figures::{Around, End},
    rounds::Frame,
};
use crate::evidence::{Asked, Claimed, MacAddr, What};

/// An answer comes within this, or the request was not the one that it answers.
const LATE_NS: i64 = 5_000_000;

/// Requests in vain, on the scene's clock.
#[derive(Debug, Default)]
pub(super) struct Vain<'a> {
    pub(super) least: u64,
    pub(super) most: u64,
    pub(super) told: Vec<Told<'a>>,
}

/// One that has an event.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) at: i64,
    pub(super) error: i64,
    pub(super) node: &'a str,
    pub(super) asked: &'a Asked,
}

impl Vain<'_> {
    pub(super) fn askers(&self) -> u64 {
        self.told.iter().map(|told| told.asked.mac).collect::<BTreeSet<MacAddr>>().len() as u64
    }
}

impl<'a> Around<'_, 'a> {
    /// The requests between the last answer and the first, both of which are whole; `None` where their counts can't be
    /// tied together.
    pub(super) fn vain(&self, last: &End<'a>, first: &End<'a>) -> Option<Vain<'a>> {
        let (at_last, at_first) = (last.mark.claimed.asked?, first.mark.claimed.asked?);
        let ahead = self.ahead(last, first)?;
        // By the count of the former owner's row, most of them and fewest.
        let until = |ahead: i64| at_first.saturating_add_signed(-ahead);
        let [all, fewest] = [*ahead.start(), *ahead.end()].map(|ahead| until(ahead).saturating_sub(at_last));
        let (answered, sure) = self.answered(first, at_first);
        let middle = i64::midpoint(*ahead.start(), *ahead.end());
        let mut told = BTreeMap::new();
        for (row, ahead) in [(last.mark.row, 0), (first.mark.row, middle)] {
            for request in self.told(row) {
                let count = request.asked.count.saturating_add_signed(-ahead);
                if count > at_last && count <= until(middle) {
                    told.insert(count, request);
                }
            }
        }
        let in_time = first.mark.at - LATE_NS..first.mark.at;
        let late = told.values().filter(|told| in_time.contains(&told.at)).count() as u64;
        if answered {
            told.remove(&until(middle));
        }
        let most = all.saturating_sub(u64::from(answered && sure));
        let fewest = fewest.saturating_sub(if answered { late.max(1) } else { late });
        let early = self.asked_before(last, at_last).saturating_sub(1);
        Some(Vain { least: fewest.min(most), most: most + early, told: told.into_values().collect() })
    }

    /// How far the count of the new owner's row is ahead of the former one's: by the frames that both have noted. A
    /// request at the same moment may stand before such a frame here and behind it there.
    fn ahead(&self, last: &End<'a>, first: &End<'a>) -> Option<RangeInclusive<i64>> {
        if last.mark.row == first.mark.row {
            return alike(last.mark.claimed, first.mark.claimed).map(|()| 0..=0);
        }
        let ahead = |frame: &Frame<'a>| {
            let (there, here) = (frame.by(last.mark.row)?.claimed, frame.by(first.mark.row)?.claimed);
            alike(last.mark.claimed, there)?;
            alike(first.mark.claimed, here)?;
            Some(here.asked?.cast_signed() - there.asked?.cast_signed())
        };
        let all = || self.frames.iter().filter_map(ahead);
        Some(all().min()?..=all().max()?)
    }

    /// Whether the first answer was to a request by broadcast, and whether that is sure.
    fn answered(&self, first: &End<'a>, count: u64) -> (bool, bool) {
        let before = self.rows[first.mark.row].seen[..first.mark.place].iter().rev();
        let asked = before.take(8).find_map(|seen| match &seen.event.what {
            What::Request(asked) if !asked.probe => Some(asked),
            _ => None,
        });
        match asked {
            Some(asked) if asked.unicast => (false, false),
            Some(asked) => (true, asked.count == count),
            None => (true, false),
        }
    }

    /// Requests just before the last answer: it may have been to any of them.
    fn asked_before(&self, last: &End<'a>, count: u64) -> u64 {
        let within = last.mark.at - LATE_NS..=last.mark.at;
        let asked = || self.told(last.mark.row);
        let untold = asked().all(|told| told.asked.count != count);
        asked().filter(|told| within.contains(&told.at)).count() as u64 + u64::from(untold)
    }

    /// Requests by broadcast that have an event in this row, within the time of this turn.
    fn told(&self, row: usize) -> impl Iterator<Item = Told<'a>> {
        let (node, range) = (self.rows[row].node, self.range());
        let range = range.start - LATE_NS..range.end;
        let by_row = |at: i64| self.by_row(row, at).unwrap_or(at);
        let noted = self.rows[row].noted_within(by_row(range.start), by_row(range.end));
        noted.filter_map(move |(_, seen)| {
            let asked = broadcast(&seen.event.what)?;
            let (at, error) = self.scene.clocks.map(row, seen.at)?;
            // Counts begin anew where an interface does.
            range.contains(&at).then_some(Told { at, error, node, asked })
        })
    }
}

/// Counted on the same interface.
fn alike(one: &Claimed, other: &Claimed) -> Option<()> {
    (one.interface == other.interface).then_some(())
}

const fn broadcast(what: &What) -> Option<&Asked> {
    match what {
        What::Request(asked) if !asked.unicast && !asked.probe => Some(asked),
        _ => None,
    }
}
