//! L2W305: announced, and not heard by those who would.

use jiff::Timestamp;

use super::found;
use crate::{
    evidence::{OnInterface, Origin},
    verdict::{
        catalogue::UNHEARD,
        finding::Finding,
        seen::Seen,
        state::{State, TTL},
        text::{ago, few},
        time::{MAX_SKEW, within},
        view::{Answerer, View},
    },
};

/// An announcement is broadcast: who hears the same requests as its sender hears it, too, unless something in
/// between takes offence at it.
pub(super) fn unheard(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let live = |one: &&Answerer| {
        one.origin != Origin::Kernel
            && one.carrier
            && matches!(one.state, State::Answering | State::Announced)
    };
    view.answerers.iter().filter(live).find_map(|one| {
        let here = view.seen_by(&one.node)?;
        let on = here.lb.interfaces.iter().find(|on| on.interface == one.interface)?;
        let at = on.last.announcement_sent.filter(|at| within(*at, TTL, now))?;
        let peers: Vec<_> = view
            .seen
            .iter()
            .filter(|there| there.node() != one.node && counted_before(there, at))
            .filter_map(|there| Some((there, there.lb.interfaces.iter().find(|other| shares(on, other))?)))
            .collect();
        let heard = |there: &Seen<'_>| {
            there
                .lb
                .heard
                .iter()
                .any(|heard| heard.mac == one.mac && heard.last.duration_since(at) >= -MAX_SKEW)
        };
        if peers.is_empty() || peers.iter().any(|(there, _)| heard(there)) {
            return None;
        }
        let who = few(peers.iter().map(|(there, other)| format!("{} on {}", there.node(), other.interface)));
        let reason = format!(
            "{} announced it on {} {}, and {who} did not hear it, though requests are heard by all of them",
            one.node,
            one.interface,
            ago(at, now)
        );
        Some(found(&UNHEARD, view, Some(&one.node), reason))
    })
}

/// Whether it would have heard it, and has a place for whom it heard.
fn counted_before(there: &Seen<'_>, at: Timestamp) -> bool {
    there.counted_at(at) && there.lb.heard_overflow == 0
}

/// Whether two interfaces heard the same requests, again and again: the clocks are those of two nodes.
fn shares(one: &OnInterface, other: &OnInterface) -> bool {
    const AGAIN: usize = 2;
    let near = |request: &&Timestamp| {
        other.recent_requests.iter().any(|there| there.duration_since(**request).abs() <= MAX_SKEW)
    };
    one.recent_requests.iter().filter(near).count() >= AGAIN
}
