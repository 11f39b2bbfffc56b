//! 3xx: the answer takes a wrong way: interface, MAC or carrier.

use jiff::Timestamp;

use super::{claimed, found, told};
use crate::{
    evidence::{Interface, MacAddr, OnInterface, Origin},
    verdict::{
        catalogue::{NO_CARRIER, SENDER_MISMATCH, STALE_MAC, WRONG_INTERFACE},
        causes,
        finding::Finding,
        seen::Seen,
        state::{SETTLE, State, TTL},
        text::{few, listed},
        time::within,
        view::{Answerer, View, is_current},
    },
};

fn is_live(answerer: &Answerer) -> bool {
    matches!(answerer.state, State::Answering | State::Announced)
}

/// MetalLB announces on every interface that is up, carrier or not: only that does no harm while another one works.
pub(super) fn no_carrier(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let live = || view.answerers.iter().filter(|answerer| is_live(answerer));
    let works = live().any(|answerer| answerer.carrier);
    let dead: Vec<_> = live()
        .filter(|answerer| !answerer.carrier && (answerer.state == State::Answering || !works))
        .collect();
    let Some(first) = dead.first() else { return cut_off(view, now) };
    let who = few(dead.iter().map(|answerer| format!("{} on {}", answerer.interface, answerer.node)));
    let reason = format!("the {} sends through {who}, without carrier", first.origin);
    Some(found(&NO_CARRIER, view, Some(&first.node), reason))
}

/// A speaker that announces and has no way out at all.
fn cut_off(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    view.announcing(now).find_map(|word| {
        let ways = view.ways(view.seen_by(&word.node)?);
        if ways.is_empty() || ways.iter().any(|interface| interface.carrier) {
            return None;
        }
        let names = few(ways.iter().map(|interface| interface.name.clone()));
        let reason = format!("{} announces it, and has no carrier on {names}", word.node);
        Some(found(&NO_CARRIER, view, Some(&word.node), reason))
    })
}

pub(super) fn sender_mismatch(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let odd = |flags: &[String]| flags.iter().any(|flag| flag == "hardware-mismatch");
    let ours = view.answerers.iter().find(|answerer| odd(&answerer.flags) && is_live(answerer));
    let theirs =
        view.foreign.iter().chain(&view.heard).find(|claim| odd(&claim.flags) && is_current(claim, now));
    let who = match (ours, theirs) {
        (Some(answerer), _) => told(answerer, now),
        (None, Some(claim)) => claimed(claim, now),
        (None, None) => return None,
    };
    let node = ours.map(|answerer| answerer.node.as_str());
    Some(found(&SENDER_MISMATCH, view, node, format!("{who}: its frames have another Ethernet source")))
}

pub(super) fn wrong_interface(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    no_such_way(view, now).or_else(|| deaf_side(view, now)).or_else(|| by_a_port(view, now))
}

/// The speaker announces it and has a socket on none of the interfaces that are selected. The gauge says 1 all
/// the same.
fn no_such_way(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let selected = view.selected()?;
    view.announcing(now).find_map(|word| {
        let seen = view.seen_by(&word.node)?;
        let cause = causes::no_selected(&selected, seen)?;
        let reason = format!(
            "{} announces it ({}) on {} only, where it has no socket",
            word.node,
            word.service,
            listed(&selected)
        );
        Some(found(&WRONG_INTERFACE, view, Some(&word.node), reason).because(Some(cause)))
    })
}

/// Asked on one interface, again and again, and answered on others alone.
fn deaf_side(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    const AGAIN: usize = 3;
    view.programs().find_map(|answerer| {
        let seen = view.seen_by(&answerer.node)?;
        let ignored = |on: &&OnInterface| {
            let asked = on.recent_requests.iter().filter(|at| within(**at, TTL, now)).count();
            let last = on.last.request.is_some_and(|at| now.duration_since(at) >= SETTLE);
            asked >= AGAIN && last && on.replies_sent.socket == 0 && on.last.reply_sent.is_none()
        };
        let is_way =
            |on: &&OnInterface| view.ways(seen).iter().any(|way| way.name == on.interface && way.carrier);
        let on = seen.lb.interfaces.iter().filter(ignored).find(is_way)?;
        let reason = format!(
            "{} is asked on {} and answers on {} only",
            answerer.node,
            on.interface,
            few(answerer.interfaces.iter().cloned())
        );
        let cause = format!(
            "the speaker has no socket on {}, or something takes the requests before it",
            on.interface
        );
        Some(found(&WRONG_INTERFACE, view, Some(&answerer.node), reason).because(Some(cause)))
    })
}

/// Others hear it from a port of a bond or bridge, with the port's own MAC.
fn by_a_port(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    view.heard.iter().filter(|claim| is_current(claim, now)).find_map(|claim| {
        let seen = view.seen_by(claim.node.as_deref()?)?;
        let port = port_with(seen, claim.mac)?;
        let master = port.host.master.as_ref()?;
        let cause =
            format!("{} of {} is a port of {master} and has a MAC of its own", port.name, seen.node());
        Some(found(&WRONG_INTERFACE, view, Some(seen.node()), claimed(claim, now)).because(Some(cause)))
    })
}

/// The port that has this MAC, if nothing else of its node has it.
fn port_with(seen: Seen<'_>, mac: MacAddr) -> Option<&Interface> {
    let mut with = seen.report.interfaces.iter().filter(|interface| interface.mac == mac);
    let first = with.next()?;
    let ports_only = first.host.master.is_some() && with.all(|interface| interface.host.master.is_some());
    ports_only.then_some(first)
}

pub(super) fn stale_mac(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    view.answerers.iter().filter(|one| is_live(one) && one.origin != Origin::Kernel).find_map(|answerer| {
        let seen = view.seen_by(&answerer.node)?;
        let present = seen.interface(&answerer.interface)?.mac;
        let any = seen.report.interfaces.iter().any(|interface| interface.mac == answerer.mac);
        if any || is_virtual_router(answerer.mac) || !within(answerer.last, TTL, now) {
            return None;
        }
        let cause = format!("{} has {present} now", answerer.interface);
        Some(found(&STALE_MAC, view, Some(&answerer.node), told(answerer, now)).because(Some(cause)))
    })
}

/// RFC 9568, 7.3: VRRP answers with a MAC of its own, which no interface need have.
fn is_virtual_router(mac: MacAddr) -> bool {
    matches!(mac.0, [0, 0, 0x5e, 0, 1 | 2, _])
}
