//! Whether several that answer are about to hand over.

use jiff::{SignedDuration, Timestamp};

use super::{found, told};
use crate::{
    evidence::Takeover,
    verdict::{
        catalogue::HANDOVER,
        finding::Finding,
        text::{ago, few},
        time::{GRACE, within},
        view::{Answerer, View},
    },
};

/// Two that go on for longer do not hand over. Each speaker decides alone, so the former one answers for a moment
/// beside the next one. And who gets an address back within seconds may answer before it announces: while its
/// former announcements last (5 s, and up to 1.1 s more), `MetalLB` announces at their next turn and not at once
/// (`internal/layer2/announcer.go`, `spamLoop`).
const BURST: SignedDuration = SignedDuration::from_secs(10);

/// There and back and there and back within the grace, and once more: who does that by hand? More is a quarrel.
const MOVES: usize = 6;

/// When the address last changed hands, if the several that answer may still be about to follow.
pub(super) fn changes_hands<'a>(view: &View<'a>, now: Timestamp) -> Option<&'a Takeover> {
    let most = view.seen.iter().map(|seen| {
        let lately = seen.lb.takeovers.iter().filter(|change| within(change.at, GRACE, now));
        lately.count()
    });
    if most.max()? > MOVES {
        return None;
    }
    let changes = view.seen.iter().flat_map(|seen| &seen.lb.takeovers);
    changes.filter(|change| within(change.at, BURST, now)).max_by_key(|change| change.at)
}

/// Several answer, and it is too early to call that a split.
pub(super) fn overlapping(view: &View<'_>, programs: &[&Answerer], now: Timestamp) -> Option<Finding> {
    let change = changes_hands(view, now)?;
    let node = view.node_of(change.mac);
    let who = few(programs.iter().map(|answerer| told(answerer, now)));
    let to = node.map_or_else(|| change.mac.to_string(), str::to_owned);
    let reason =
        format!("it came to {to} {}; who answered within the last minutes: {who}", ago(change.at, now));
    Some(found(&HANDOVER, view, node, reason))
}
