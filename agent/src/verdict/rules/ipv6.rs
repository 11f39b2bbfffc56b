//! 5xx: what Neighbor Discovery needs and ARP does not (RFC 4861; MetalLB `internal/layer2/ndp.go`).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::found;
use crate::{
    evidence::{Interface, LinkLocal, OnInterface, Origin},
    verdict::{
        catalogue::{GROUP_LOST, NO_LINK_LOCAL, NO_SOURCE_LINK_LAYER, UNICAST_SOLICITATION},
        causes,
        finding::Finding,
        seen::Seen,
        state::{State, TTL},
        time::within,
        view::View,
    },
};

/// Nodes that should answer: their speakers say so, or they did and fell silent.
fn owners<'a>(view: &View<'a>, now: Timestamp) -> Vec<Seen<'a>> {
    let said = view.announcing(now).map(|word| word.node.as_str());
    let silent =
        view.answerers.iter().filter(|one| one.state == State::Silent && one.origin == Origin::Speaker);
    let nodes: BTreeSet<_> = said.chain(silent.map(|one| one.node.as_str())).collect();
    nodes.into_iter().filter_map(|node| view.seen_by(node)).collect()
}

/// The interfaces on which an owner should answer and does not: those that were asked, or else all.
fn quiet<'a>(view: &View<'a>, seen: Seen<'a>, now: Timestamp) -> Vec<&'a Interface> {
    let asked = |on: &&OnInterface| on.last.request.is_some_and(|at| within(at, TTL, now));
    let asked: Vec<_> = seen.lb.interfaces.iter().filter(asked).map(|on| on.interface.as_str()).collect();
    let answers = |name: &str| {
        view.answering().any(|one| one.node == seen.node() && one.interfaces.iter().any(|on| on == name))
    };
    causes::asked(view.ways(seen), &asked)
        .into_iter()
        .filter(|way| way.carrier && !answers(&way.name))
        .collect()
}

pub(super) fn group_lost(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    if view.ip.is_ipv4() || !view.is_settled(now) {
        return None;
    }
    owners(view, now).into_iter().find_map(|seen| {
        let cause = causes::no_group(&quiet(view, seen, now), seen)?;
        let reason = format!("{} announces it and can't be asked", seen.node());
        Some(found(&GROUP_LOST, view, Some(seen.node()), reason).because(Some(cause)))
    })
}

pub(super) fn no_link_local(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    if view.ip.is_ipv4() || !view.is_settled(now) {
        return None;
    }
    owners(view, now).into_iter().find_map(|seen| {
        let quiet = quiet(view, seen, now);
        // Tentative passes by itself.
        if quiet.iter().any(|way| way.host.link_local == Some(LinkLocal::Tentative)) {
            return None;
        }
        let cause = causes::no_link_local(&quiet)?;
        let reason = format!("{} announces it and has no address to answer from", seen.node());
        Some(found(&NO_LINK_LOCAL, view, Some(seen.node()), reason).because(Some(cause)))
    })
}

/// The interface with most of what is counted, of nodes that do or should answer.
fn asked_most<'a>(
    view: &View<'a>,
    now: Timestamp,
    count: fn(&OnInterface) -> u64,
) -> Option<(Seen<'a>, &'a OnInterface)> {
    if view.ip.is_ipv4() {
        return None;
    }
    let answers = |node: &str| view.programs().any(|answerer| answerer.node == node);
    let says = |node: &str| view.announcing(now).any(|word| word.node == node);
    let there = view.seen.iter().copied().filter(|seen| answers(seen.node()) || says(seen.node()));
    there.flat_map(|seen| seen.lb.interfaces.iter().map(move |on| (seen, on))).max_by_key(|(_, on)| count(on))
}

pub(super) fn no_source_link_layer(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    const SOME: u64 = 3;
    let (seen, on) = asked_most(view, now, |on| on.requests.no_link_layer)?;
    let requests = on.requests;
    let (without, all) = (requests.no_link_layer, requests.answerable().saturating_add(requests.other_host));
    // A host that checks its entry now and then may leave it out; one that never says it is never answered.
    if without < SOME || without.saturating_mul(2) < all {
        return None;
    }
    let reason =
        format!("{without} of {all} solicitations on {} of {} carry none", on.interface, seen.node());
    Some(found(&NO_SOURCE_LINK_LAYER, view, Some(seen.node()), reason))
}

pub(super) fn unicast_solicitation(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    const SOME: u64 = 6;
    let (seen, on) = asked_most(view, now, |on| on.requests.unicast)?;
    let (unicast, group) = (on.requests.unicast, on.requests.group);
    // A check that fails is three solicitations by unicast, then one by multicast (RFC 4861, 7.3.3).
    if unicast < SOME || unicast < group.saturating_mul(2) {
        return None;
    }
    let reason =
        format!("{unicast} by unicast and {group} by multicast on {} of {}", on.interface, seen.node());
    Some(found(&UNICAST_SOLICITATION, view, Some(seen.node()), reason))
}
