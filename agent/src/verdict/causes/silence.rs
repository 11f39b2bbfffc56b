//! Where a request was seen, and where it was lost.

use jiff::Timestamp;

use super::{
    owner::nobody_should,
    selection::{asked_elsewhere, no_selected},
    speaker::{confusion, trouble},
};
use crate::{
    evidence::{Counter, Interface, LinkLocal},
    verdict::{seen::Seen, text::few, unanswered::Unanswered, view::View},
};

/// Why the node that should have answered did not: from the wire inwards.
pub(in crate::verdict) fn silence(view: &View<'_>, asked: &Unanswered, now: Timestamp) -> Option<String> {
    let Some(owner) = view.owner() else { return by_bgp(view).or_else(|| nobody_should(view)) };
    let Some(seen) = view.seen_by(&owner.node) else {
        return Some(format!("{} should announce it, and its agent was not heard", owner.node));
    };
    let asked_on: Vec<_> =
        asked.by.iter().filter(|at| at.node == owner.node).map(|at| at.interface.as_str()).collect();
    no_carrier(view, seen)
        .or_else(|| trouble(seen))
        .or_else(|| selection(view, seen, &asked_on))
        .or_else(|| neighbor_discovery(view, seen, &asked_on))
        .or_else(|| unheard(seen, asked, &asked_on))
        .or_else(|| inside(view, seen, &asked_on))
        .or_else(|| confusion(seen))
        .or_else(|| unclaimed(view, seen, now))
}

/// Whether whoever says that it announces can't answer, however long one waits.
pub(in crate::verdict) fn is_certain(view: &View<'_>) -> bool {
    let Some(seen) = view.owner().filter(|owner| owner.is_said).and_then(|owner| view.seen_by(&owner.node))
    else {
        return false;
    };
    let selected = view.selected();
    no_carrier(view, seen).is_some()
        || selected.is_some_and(|selected| no_selected(&selected, seen).is_some())
}

fn no_carrier(view: &View<'_>, seen: Seen<'_>) -> Option<String> {
    let ways = view.ways(seen);
    if !ways.is_empty() && ways.iter().all(|interface| !interface.carrier) {
        return Some(format!("{} of {} has no carrier", names(&ways), seen.node()));
    }
    let dead =
        view.answerers.iter().find(|one| one.node == seen.node() && !one.carrier && one.replies > 0)?;
    Some(format!("{} of {}, where it answered, has no carrier", dead.interface, dead.node))
}

fn selection(view: &View<'_>, seen: Seen<'_>, asked_on: &[&str]) -> Option<String> {
    let selected = view.selected()?;
    no_selected(&selected, seen).or_else(|| asked_elsewhere(&selected, asked_on))
}

/// MetalLB's NDP responder needs a link-local address and the solicited-node group.
fn neighbor_discovery(view: &View<'_>, seen: Seen<'_>, asked_on: &[&str]) -> Option<String> {
    if view.ip.is_ipv4() {
        return None;
    }
    let ways = asked(view.ways(seen), asked_on);
    no_link_local(&ways).or_else(|| no_group(&ways, seen))
}

/// The interfaces that were asked, or all if none was.
pub(in crate::verdict) fn asked<'a>(ways: Vec<&'a Interface>, asked_on: &[&str]) -> Vec<&'a Interface> {
    let asked: Vec<_> = ways.iter().copied().filter(|way| asked_on.contains(&way.name.as_str())).collect();
    if asked.is_empty() { ways } else { asked }
}

/// Why none of these interfaces has a usable link-local address; `None` if one has, or that is not known.
pub(in crate::verdict) fn no_link_local(ways: &[&Interface]) -> Option<String> {
    let word = |interface: &&Interface| {
        let name = &interface.name;
        match interface.host.link_local? {
            LinkLocal::Usable => None,
            LinkLocal::Tentative => Some(format!("{name}'s link-local address is tentative")),
            LinkLocal::DadFailed => {
                Some(format!("{name}'s link-local address failed duplicate address detection"))
            }
            LinkLocal::Missing => Some(format!("{name} has no link-local address")),
        }
    };
    let words: Option<Vec<_>> = ways.iter().map(word).collect();
    words.filter(|words| !words.is_empty()).map(few)
}

/// None of these interfaces joined the group; `None` if one did, or that is not known.
pub(in crate::verdict) fn no_group(ways: &[&Interface], seen: Seen<'_>) -> Option<String> {
    let known = |way: &&Interface| way.host.link_local == Some(LinkLocal::Usable);
    let joined = |way: &&Interface| seen.lb.bound.groups.contains(&way.name);
    if ways.is_empty() || !ways.iter().all(known) || ways.iter().any(joined) {
        return None;
    }
    Some(format!(
        "{} of {} has not joined the solicited-node group of {}",
        names(ways),
        seen.node(),
        seen.lb.ip
    ))
}

/// Others heard the request and the owner did not.
fn unheard(seen: Seen<'_>, asked: &Unanswered, asked_on: &[&str]) -> Option<String> {
    if !asked_on.is_empty() || asked.by.is_empty() {
        return None;
    }
    let by = few(asked.by.iter().map(|at| format!("{} on {}", at.node, at.interface)));
    Some(format!(
        "the requests that {by} heard never came to {}: it is in another segment, or its NIC or switch port drops them",
        seen.node()
    ))
}

/// The owner's interface heard it: by the speaker's own counters, how far did it get?
fn inside(view: &View<'_>, seen: Seen<'_>, asked_on: &[&str]) -> Option<String> {
    let of = |counter| {
        let mut counted = view.said.counters.iter().filter(|counted| counted.node == seen.node());
        counted.find(|counted| counted.compared.counter == counter).map(|counted| &counted.compared)
    };
    let (requests, responses) = (of(Counter::RequestsReceived)?, of(Counter::ResponsesSent));
    let on = few(asked_on.iter().map(|name| (*name).to_owned()));
    if requests.difference < 0 {
        return Some(format!(
            "requests come in on {on} of {} and its speaker did not count {} of them: something takes them before \
             its socket, or it does not hold the address",
            seen.node(),
            requests.difference.unsigned_abs()
        ));
    }
    let responses = responses?;
    if responses.difference > 0 {
        return Some(format!(
            "the speaker of {} sent {} replies that did not come to the interface: something takes them before",
            seen.node(),
            responses.difference
        ));
    }
    (responses.speaker < requests.speaker).then(|| {
        format!(
            "the speaker of {} counted {} requests and sent {} replies",
            seen.node(),
            requests.speaker,
            responses.speaker
        )
    })
}

fn unclaimed(view: &View<'_>, seen: Seen<'_>, now: Timestamp) -> Option<String> {
    let predicted = view.said.predicted.iter().find_map(|one| one.node.as_deref());
    let node = seen.node();
    match (view.says(node, now)?, predicted) {
        (false, Some(other)) if other != node => {
            Some(format!("{node} does not announce it any more; the election gives {other} (predicted)"))
        }
        (false, _) => Some(format!("the speaker of {node} does not announce it")),
        (true, _) => None,
    }
    .or_else(|| by_bgp(view))
}

fn by_bgp(view: &View<'_>) -> Option<String> {
    let word = view.said.announced.iter().find(|word| !word.is_layer2())?;
    Some(format!("{} announces it by {}, not on layer 2", word.node, word.protocol))
}

fn names(ways: &[&Interface]) -> String {
    few(ways.iter().map(|way| way.name.clone()))
}
