//! 1xx: more than one answers, or the answerer changes.

use jiff::Timestamp;

use super::{
    claimed, found,
    nobody::is_too_early,
    overlap::{changes_hands, overlapping},
    told,
};
use crate::{
    evidence::{Named, Origin},
    verdict::{
        catalogue::{FOREIGN, HANDOVER, SHADOW, SPLIT},
        causes,
        finding::Finding,
        program::same_program,
        state::{State, TTL},
        text::{ago, few},
        time::GRACE,
        unanswered::unanswered,
        view::{Answerer, Scope, View},
    },
};

pub(super) fn split(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let programs: Vec<_> = view.programs().collect();
    let first = programs.first()?;
    if are_several(&programs) {
        if changes_hands(view, now).is_some() {
            return None;
        }
        let who = few(programs.iter().map(|answerer| told(answerer, now)));
        let reason = format!("{} answer: {who}", programs.len());
        return Some(found(&SPLIT, view, Some(&first.node), reason).because(causes::split(view, now)));
    }
    let twins: Vec<_> = programs.iter().filter(|answerer| answerer.same_segment).collect();
    if twins.len() < 2 {
        return None;
    }
    let macs = few(twins.iter().map(|answerer| format!("{} on {}", answerer.mac, answerer.interface)));
    let reason = format!("{} answers with {} MACs on one segment: {macs}", first.node, twins.len());
    let names = few(twins.iter().map(|answerer| answerer.interface.clone()));
    let cause = format!("{names} of {} are in one segment, and it answers on each of them", first.node);
    Some(found(&SPLIT, view, Some(&first.node), reason).because(Some(cause)))
}

fn are_several(programs: &[&Answerer]) -> bool {
    let Some((first, rest)) = programs.split_first() else { return false };
    rest.iter().any(|other| !is_one_program(first, other))
}

/// MetalLB has a socket on each interface: two of one node that nothing names may well be one program's.
fn is_one_program(one: &Answerer, other: &Answerer) -> bool {
    let unnamed =
        |answerer: &Answerer| answerer.sender.as_ref().is_none_or(|sender| sender.by == Named::Cookie);
    let apart = one.interfaces.iter().all(|interface| !other.interfaces.contains(interface));
    one.node == other.node
        && (same_program(one.sender.as_ref(), other.sender.as_ref())
            || (unnamed(one) && unnamed(other) && apart))
}

pub(super) fn shadow(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let (kernels, programs): (Vec<_>, Vec<_>) =
        view.answering().partition(|answerer| answerer.origin == Origin::Kernel);
    let first = kernels.first()?;
    let who = few(kernels.iter().map(|answerer| told(answerer, now)));
    let beside = match view.agents.scope {
        _ if !programs.is_empty() => {
            format!("beside: {}", few(programs.iter().map(|answerer| told(answerer, now))))
        }
        Scope::Agents => "no program answers".to_owned(),
        // What others answer is hidden from it.
        Scope::Node => "no program of this node does".to_owned(),
    };
    let cause = kernels.iter().find_map(|answerer| causes::shadow(view, answerer));
    let reason = format!("answered by a kernel: {who}; {beside}");
    Some(found(&SHADOW, view, Some(&first.node), reason).because(cause))
}

pub(super) fn foreign(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    if !view.is_whole(now) {
        return None;
    }
    let first = view.strangers(now).next()?;
    let who = few(view.strangers(now).map(|claim| claimed(claim, now)));
    Some(found(&FOREIGN, view, None, who).because(causes::kind_of(first.mac)))
}

pub(super) fn handover(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let beside = || {
        let programs: Vec<_> = view.programs().collect();
        overlapping(view, &programs, now).filter(|_| are_several(&programs))
    };
    taken_over(view, now).or_else(beside).or_else(|| under_way(view, now))
}

fn taken_over(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let recent = |at: Timestamp| now >= at && now.duration_since(at) <= GRACE;
    let heir_of = |node: &str| {
        let live = |heir: &&Answerer| matches!(heir.state, State::Answering | State::Announced);
        view.answerers.iter().filter(live).find(|heir| heir.node == node)
    };
    let (former, successor, heir) = view
        .answerers
        .iter()
        .filter(|former| former.replies > 0 && now.duration_since(former.last) <= TTL)
        .filter_map(|former| Some((former, former.successor.as_ref()?)))
        .filter(|(former, successor)| former.state == State::Superseded && recent(successor.at))
        .filter_map(|(former, successor)| Some((former, successor, heir_of(&successor.node)?)))
        // A speaker that was restarted: clients notice nothing.
        .filter(|(former, _, heir)| (&heir.node, heir.mac) != (&former.node, former.mac))
        .max_by_key(|(_, successor, _)| successor.at)?;
    // It began before the former one's last frame: then it has only announced once more.
    let began = if heir.first > former.last { heir.first } else { successor.at };
    if !recent(began) {
        return None;
    }
    let reason = format!("{} took over from {} {}", heir.node, former.node, ago(began, now));
    Some(found(&HANDOVER, view, Some(&heir.node), reason))
}

/// Nobody answers yet, and it is too early to call that silence.
fn under_way(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let asked = unanswered(view, now)?;
    let changed = view.changed.filter(|_| is_too_early(view, now))?;
    let reason = format!(
        "asked {}, no answer yet; its announcer changed or began {}",
        ago(asked.at, now),
        ago(changed, now)
    );
    Some(found(&HANDOVER, view, None, reason))
}
