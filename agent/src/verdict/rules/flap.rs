//! L2W104: back and forth.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::found;
use crate::{
    evidence::{MacAddr, Takeover},
    verdict::{
        catalogue::FLAP,
        causes,
        finding::Finding,
        seen::Seen,
        text::{few, span},
        time::within,
        view::View,
    },
};

pub(super) fn flap(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    // Everybody in a segment sees the same changes: the most that one saw, never the sum.
    let changes = view.seen.iter().filter_map(|seen| slowly(seen, now).or_else(|| quickly(seen, now)));
    let changes = changes.max_by_key(Vec::len)?;
    let macs: BTreeSet<MacAddr> = changes.iter().map(|change| change.mac).collect();
    let name = |mac: &MacAddr| match view.node_of(*mac) {
        Some(node) => format!("{node} ({mac})"),
        None => mac.to_string(),
    };
    let since = changes.first().map_or(SignedDuration::ZERO, |first| now.duration_since(first.at));
    let between = few(macs.iter().map(name));
    let reason = format!("{} changes within {}, between {between}", changes.len(), span(since));
    let nodes = macs.iter().filter_map(|mac| view.node_of(*mac)).collect();
    Some(found(&FLAP, view, None, reason).because(causes::contest(view, &nodes, now)))
}

/// Again and again within minutes. An operator who moves an address about does not do that; and two that
/// announce at the same time, because one takes over while the other repeats itself, are one change.
fn slowly(seen: &Seen<'_>, now: Timestamp) -> Option<Vec<Takeover>> {
    const LATELY: SignedDuration = SignedDuration::from_mins(5);
    const BURST: SignedDuration = SignedDuration::from_secs(10);
    const CHANGES: usize = 6;
    let mut changes: Vec<Takeover> = Vec::new();
    for change in seen.lb.takeovers.iter().filter(|change| within(change.at, LATELY, now)) {
        match changes.last_mut() {
            Some(last) if change.at.duration_since(last.at) < BURST => last.mac = change.mac,
            _ => changes.push(*change),
        }
    }
    returns(changes, CHANGES)
}

/// All the time: both repeat themselves without end. A few handovers do not add up to so many changes.
fn quickly(seen: &Seen<'_>, now: Timestamp) -> Option<Vec<Takeover>> {
    const JUST_NOW: SignedDuration = SignedDuration::from_secs(20);
    const CHANGES: usize = 6;
    const EVER: u64 = 40;
    let changes: Vec<_> =
        seen.lb.takeovers.iter().copied().filter(|change| within(change.at, JUST_NOW, now)).collect();
    returns(changes, CHANGES).filter(|_| seen.lb.handovers >= EVER)
}

/// So many changes, of which at least two led back to who had it before.
fn returns(changes: Vec<Takeover>, least: usize) -> Option<Vec<Takeover>> {
    const RETURNS: usize = 2;
    let macs: BTreeSet<MacAddr> = changes.iter().map(|change| change.mac).collect();
    (changes.len() >= least.max(macs.len() + RETURNS)).then_some(changes)
}
