//! From pairs of clocks to one clock.

use std::collections::BTreeMap;

use super::{
    Alike, Heard, Offset,
    vote::{self, Deficits},
};

/// Worse than this is worth another way.
const DOUBTFUL_NS: i64 = 50_000_000;

/// How every row's clock stands to one row's.
#[derive(Debug)]
pub(in super::super) struct Clocks {
    /// The row that the others are compared with.
    pub(in super::super) root: usize,
    /// By row; `None` where a clock can't be compared.
    pub(in super::super) offsets: Vec<Option<Offset>>,
}

impl Clocks {
    /// The time by the root's clock, and how far off that may be.
    pub(in super::super) fn map(&self, row: usize, at: i64) -> Option<(i64, i64)> {
        Some(self.offsets.get(row)?.as_ref()?.map(at))
    }
}

/// Compares what the rows have heard with the root's, directly or by way of others; errors add up.
pub(in super::super) fn clocks(heard: &[Heard], root: usize) -> Clocks {
    let counts: Vec<Counts> = heard.iter().map(counts).collect();
    let most = most(&counts);
    let compare = |one: usize, other: usize| {
        // How many announcements of those that both know each does not have: what is known to be missing, and what
        // others have more of.
        let lacks = |own: usize, than: usize| {
            let both = counts[own].iter().filter(|(alike, _)| counts[than].contains_key(alike));
            both.fold(heard[own].missing, |sum, (alike, count)| sum.saturating_add(most[alike] - count))
        };
        vote::offset(
            &heard[one],
            &heard[other],
            Deficits { one: lacks(one, other), other: lacks(other, one) },
        )
    };
    let mut offsets: Vec<Option<Offset>> = vec![None; heard.len()];
    if let Some(own) = offsets.get_mut(root) {
        *own = Some(Offset::itself(heard[root].announcements.len() as u32));
    }
    let silent = |row: usize| heard[row].announcements.is_empty() && heard[row].requests.is_empty();
    for row in (0..heard.len()).filter(|row| *row != root && !silent(*row)) {
        offsets[row] = compare(root, row);
    }
    loop {
        let mut better = Vec::new();
        for (row, offset) in offsets.iter().enumerate() {
            let error = offset.as_ref().map(|offset| offset.error);
            if silent(row) || error.is_some_and(|error| error <= DOUBTFUL_NS) {
                continue;
            }
            let ways = offsets.iter().enumerate().filter_map(|(by, way)| Some((by, way.as_ref()?)));
            let ways = ways.filter(|(by, way)| *by != row && way.error <= DOUBTFUL_NS);
            let found = ways.filter_map(|(by, way)| Some(way.then(&compare(by, row)?)));
            let found = found.min_by_key(|found| found.error);
            better.extend(
                found.filter(|found| error.is_none_or(|error| found.error < error)).map(|found| (row, found)),
            );
        }
        if better.is_empty() {
            return Clocks { root, offsets };
        }
        for (row, offset) in better {
            offsets[row] = Some(offset);
        }
    }
}

/// Announcements by what they look like.
type Counts = BTreeMap<Alike, u64>;

fn counts(heard: &Heard) -> Counts {
    let mut counts = Counts::new();
    for (alike, _) in &heard.announcements {
        *counts.entry(*alike).or_default() += 1;
    }
    counts
}

/// How many the best informed row has.
fn most(all: &[Counts]) -> Counts {
    let mut most = Counts::new();
    for (alike, count) in all.iter().flatten() {
        let most = most.entry(*alike).or_default();
        *most = (*most).max(*count);
    }
    most
}
