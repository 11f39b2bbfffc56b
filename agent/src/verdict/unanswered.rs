//! Was it asked for, and did nobody answer?

use jiff::Timestamp;

use super::{
    claims::HeardAt,
    state::{SETTLE, TTL},
    time::MAX_SKEW,
    view::View,
};
use crate::evidence::OnInterface;

/// Requests that nobody answered.
#[derive(Debug, PartialEq)]
pub(super) struct Unanswered {
    /// The last of them.
    pub(super) at: Timestamp,
    /// Who heard such.
    pub(super) by: Vec<HeardAt>,
}

/// A request of late that nobody answered, and after which nobody began to announce.
pub(super) fn unanswered(view: &View<'_>, now: Timestamp) -> Option<Unanswered> {
    let proof = view.answerers.iter().map(|answerer| answerer.last).max();
    let open = |request: Timestamp| {
        (SETTLE..=TTL).contains(&now.duration_since(request))
            && proof.is_none_or(|proof| request.duration_since(proof) > SETTLE)
    };
    let lost = if view.answering().next().is_none() {
        // Not the last ones alone: where many ask, those are always too young to say anything.
        let waiting = |on: &OnInterface| {
            on.recent_requests.iter().copied().chain(on.last.request).filter(|request| open(*request)).max()
        };
        let on_all = view.seen.iter().flat_map(|seen| &seen.lb.interfaces);
        let at = on_all.filter_map(waiting).max()?;
        let by = places(view, |on| waiting(on).is_some());
        Unanswered { at, by }
    } else {
        unheard(view, now, proof?)?
    };
    Some(lost)
}

/// Who answered lately may not hear the requests any more, and so proves nothing: others in its segment hear
/// them, again and again, and it is silent.
fn unheard(view: &View<'_>, now: Timestamp, proof: Timestamp) -> Option<Unanswered> {
    const AGAIN: usize = 2;
    // By the clocks of two nodes.
    let open = |request: &&Timestamp| {
        (SETTLE..=TTL).contains(&now.duration_since(**request))
            && request.duration_since(proof) > SETTLE + MAX_SKEW
    };
    let mut all: Option<Unanswered> = None;
    for seen in &view.seen {
        if view.answering().any(|answerer| answerer.node == seen.node()) {
            continue;
        }
        for on in &seen.lb.interfaces {
            let shares = seen.lb.heard.iter().any(|heard| {
                heard.interface == on.interface && view.answering().any(|answerer| answerer.mac == heard.mac)
            });
            let requests: Vec<_> = on.recent_requests.iter().filter(open).collect();
            let Some(last) = requests.iter().copied().max().filter(|_| shares && requests.len() >= AGAIN)
            else {
                continue;
            };
            let all = all.get_or_insert(Unanswered { at: *last, by: Vec::new() });
            all.at = all.at.max(*last);
            all.by.push(HeardAt { node: seen.node().to_owned(), interface: on.interface.clone() });
        }
    }
    all
}

fn places(view: &View<'_>, heard: impl Fn(&OnInterface) -> bool) -> Vec<HeardAt> {
    let on_all = view.seen.iter().flat_map(|seen| seen.lb.interfaces.iter().map(move |on| (seen, on)));
    on_all
        .filter(|(_, on)| heard(on))
        .map(|(seen, on)| HeardAt { node: seen.node().to_owned(), interface: on.interface.clone() })
        .collect()
}
