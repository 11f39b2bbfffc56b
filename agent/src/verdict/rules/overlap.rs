//! Whether two that answer are one that hands over to the other.

use jiff::{SignedDuration, Timestamp};

use super::several::is_one_program;
use crate::verdict::{
    state::SETTLE,
    time::within,
    view::{Answerer, View},
};

/// What happened longer ago is over: `MetalLB` announces for five seconds when it takes over, after that whoever
/// had it before is known not to answer any more, or it does.
const BURST: SignedDuration = SignedDuration::from_secs(10);

/// There and back within the burst, as when a node is drained and taken back at once. More is a quarrel.
const MOVES: usize = 2;

/// Each speaker decides alone: the former one may still answer when the next one has begun, but not for longer
/// than the news takes from the API server to both of them. What counts is whether it went on, not how long ago
/// the other one began.
pub(super) fn changes_hands(view: &View<'_>, programs: &[&Answerer], now: Timestamp) -> bool {
    let burst = |at: &Timestamp| within(*at, BURST, now);
    let moves =
        view.seen.iter().map(|seen| seen.lb.takeovers.iter().filter(|change| burst(&change.at)).count());
    if moves.max().is_none_or(|most| most > MOVES) {
        return false;
    }
    let changes = view.seen.iter().flat_map(|seen| &seen.lb.takeovers).filter(|change| burst(&change.at));
    let Some(last) = changes.max_by_key(|change| change.at) else { return false };
    let heir = programs.iter().find(|one| one.mac == last.mac);
    let stopped =
        |former: &Answerer| former.last_reply.is_none_or(|reply| reply.duration_since(last.at) <= SETTLE);
    programs.iter().all(|one| match heir {
        Some(heir) if heir.node == one.node => is_one_program(heir, one),
        _ => stopped(one),
    })
}
