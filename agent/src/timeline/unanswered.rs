//! Who asked while nobody answered: by the counts that stand beside the events, which know also of requests that
//! have none.

use std::collections::BTreeSet;

use super::figures::{Around, End};
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

/// A stretch of one row: requests with counts above `after` up to `until`.
struct Stretch {
    row: usize,
    after: u64,
    until: u64,
}

impl<'a> Around<'_, 'a> {
    /// The requests between the last answer and the first, both of which are whole; `None` where their counts can't be
    /// tied together.
    pub(super) fn vain(&self, last: &End<'a>, first: &End<'a>) -> Option<Vain<'a>> {
        let (at_last, at_first) = (last.mark.claimed.asked?, first.mark.claimed.asked?);
        let stretches = if last.mark.row == first.mark.row {
            alike(last.mark.claimed, first.mark.claimed)?;
            vec![Stretch { row: last.mark.row, after: at_last, until: at_first }]
        } else {
            let tie = self.frames.iter().find_map(|frame| {
                let (there, here) = (frame.by(last.mark.row)?, frame.by(first.mark.row)?);
                alike(last.mark.claimed, there.claimed)?;
                alike(first.mark.claimed, here.claimed)?;
                let whole = there.place <= last.mark.place
                    || self.rows[last.mark.row].whole(last.mark.place, there.place);
                whole.then_some((there.claimed.asked?, here.claimed.asked?))
            });
            let (there, here) = tie?;
            vec![
                Stretch { row: last.mark.row, after: at_last, until: there },
                // What the former owner still answered after that is not in vain.
                Stretch {
                    row: first.mark.row,
                    after: here.saturating_add(at_last.saturating_sub(there)),
                    until: at_first,
                },
            ]
        };
        let all: u64 = stretches.iter().map(|of| of.until.saturating_sub(of.after)).sum();
        let (answered, sure) = self.answered(first, at_first);
        let told: Vec<Told<'a>> = stretches.iter().flat_map(|stretch| self.told(stretch)).collect();
        let late =
            told.iter().filter(|told| (first.mark.at - LATE_NS..first.mark.at).contains(&told.at)).count()
                as u64;
        let most = all.saturating_sub(u64::from(answered && sure));
        let late = if answered { late.max(1) } else { late };
        let least = all.saturating_sub(late);
        let early = self.asked_before(last).saturating_sub(1);
        let told = told
            .into_iter()
            .filter(|told| {
                !(answered && told.asked.count == at_first && told.node == self.rows[first.mark.row].node)
            })
            .collect();
        Some(Vain { least: least.min(most), most: most + early, told })
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
    fn asked_before(&self, last: &End<'a>) -> u64 {
        let within = last.mark.at - LATE_NS..=last.mark.at;
        let row = &self.rows[last.mark.row];
        let asked = row.seen.iter().filter(|seen| broadcast(&seen.event.what).is_some());
        let near =
            asked.filter_map(|seen| self.on_clock(last.mark.row, seen.at)).filter(|at| within.contains(at));
        near.count() as u64
    }

    fn told(&self, stretch: &Stretch) -> Vec<Told<'a>> {
        let (Some(row), Some(error)) = (self.rows.get(stretch.row), self.error(stretch.row)) else {
            return Vec::new();
        };
        let asked = row.seen.iter().filter_map(|seen| Some((seen.at, broadcast(&seen.event.what)?)));
        let within = asked.filter(|(_, asked)| (stretch.after + 1..=stretch.until).contains(&asked.count));
        within
            .filter_map(|(at, asked)| {
                let at = self.on_clock(stretch.row, at)?;
                // Counts begin anew where an interface does.
                (self.range().contains(&at)).then_some(Told { at, error, node: row.node, asked })
            })
            .collect()
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
