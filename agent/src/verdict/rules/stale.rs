//! L2W306: clients still send to a node that has it no more.

use jiff::{SignedDuration, Timestamp};

use super::found;
use crate::verdict::{
    catalogue::STALE_PATH,
    finding::Finding,
    seen::Seen,
    state::State,
    text::ago,
    time::within,
    view::{Answerer, View},
};

/// Packets that came no longer ago than this still come.
const LATELY: SignedDuration = SignedDuration::from_secs(60);

/// Whoever took over announces for five seconds; what comes to the former owner this much later follows nobody.
const SINCE: SignedDuration = SignedDuration::from_secs(30);

/// Needs agents that count the traffic (`--observe-traffic`); others say nothing about it.
pub(super) fn stale_path(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    // By BGP it may come to any node.
    if view.said.announced.iter().any(|word| !word.is_layer2()) {
        return None;
    }
    view.seen.iter().find_map(|seen| {
        let reached = reached(seen).filter(|at| within(*at, LATELY, now))?;
        let here = || view.answerers.iter().filter(|one| one.node == seen.node());
        if here().any(is_live) {
            return None;
        }
        let lost = here().filter_map(|one| Some((one, one.successor.as_ref()?))).max_by_key(|(_, to)| to.at);
        let live = view.answerers.iter().find(|one| one.node != seen.node() && is_live(one));
        let (heir, since) = match (lost, live) {
            (Some((_, to)), _) => (&to.node, to.at),
            (None, Some(one)) => (&one.node, one.first),
            (None, None) => return None,
        };
        // Whatever else moved meanwhile may have led the packets here.
        let since = view.changed.map_or(since, |changed| changed.max(since));
        if reached.duration_since(since) < SINCE {
            return None;
        }
        let node = seen.node();
        let reason = format!(
            "data packets for it reach {node}, last {}, though {heir} has it since {}",
            ago(reached, now),
            ago(since, now)
        );
        let cause = match lost {
            Some((former, _)) => {
                format!("{node} had it before: a client, router or switch still sends to {}", former.mac)
            }
            None => format!("nothing shows that {node} had it: a static entry or a route leads there"),
        };
        Some(found(&STALE_PATH, view, Some(node), reason).because(Some(cause)))
    })
}

const fn is_live(answerer: &Answerer) -> bool {
    matches!(answerer.state, State::Answering | State::Announced)
}

/// When the last packet came by any of its interfaces.
fn reached(seen: &Seen<'_>) -> Option<Timestamp> {
    seen.lb.interfaces.iter().filter_map(|on| on.traffic?.last).max()
}
