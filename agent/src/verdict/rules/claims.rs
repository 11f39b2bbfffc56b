//! 4xx: what is said against what was seen. Nothing here is told while anything changes (see [`GRACE`]), and
//! predictions alone never lead to a verdict: they are recomputed, not said by anybody.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{claimed, found};
use crate::{
    evidence::Origin,
    verdict::{
        catalogue::{CLAIMS_DISAGREE, MISMATCH, STALE_CLAIM, UNANNOUNCED, UNSHARED},
        causes,
        finding::Finding,
        seen::Seen,
        state::{SETTLE, TTL},
        text::{ago, few, span},
        time::{GRACE, MAX_SKEW, within},
        unanswered::unanswered,
        view::{Answerer, Scope, View},
    },
};

/// The one node that answers, by a program, for longer than the grace.
fn sole<'v>(view: &'v View<'_>, now: Timestamp) -> Option<&'v Answerer> {
    let mut programs = view.programs();
    let first = programs.next()?;
    let alone = programs.all(|other| other.node == first.node);
    (alone && view.is_settled(now)).then_some(first)
}

pub(super) fn mismatch(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    // Who answered before that may have stopped, as its speaker says.
    let lately = |one: &&Answerer| one.last_reply.is_some_and(|reply| within(reply, GRACE, now));
    let one = sole(view, now).filter(lately)?;
    let elsewhere =
        few(view.announcing(now).filter(|word| word.node != one.node).map(|word| word.node.clone()));
    let said_of_itself = view.says(&one.node, now)?;
    let (reason, cause) = if said_of_itself {
        // Its node's speaker announces, and another program answers.
        let speaker = view.seen_by(&one.node)?.report.speaker.as_ref()?.pod.clone()?;
        let other = one.sender.as_ref().and_then(|sender| sender.pod.clone()).filter(|pod| *pod != speaker);
        let other = other.or_else(|| (one.is_named() && one.origin == Origin::Socket).then(|| one.who()))?;
        let beside = view.programs().any(|program| program.origin == Origin::Speaker);
        if beside {
            return None;
        }
        (format!("{other} answers on {}; said to announce: {speaker}", one.node), None)
    } else if !elsewhere.is_empty() {
        let cause = format!("the speaker of {} does not announce it", one.node);
        (format!("{} on {} answers; said to announce: {elsewhere}", one.who(), one.node), Some(cause))
    } else if one.origin == Origin::Speaker {
        let cause = "it did not stop when it withdrew the address, or its metrics are wrong".to_owned();
        (format!("{} on {} answers and does not say that it announces", one.who(), one.node), Some(cause))
    } else {
        return None;
    };
    Some(found(&MISMATCH, view, Some(&one.node), reason).because(cause))
}

pub(super) fn stale_claim(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    match view.agents.scope {
        Scope::Node => not_taken_back(view, now),
        Scope::Agents if view.is_whole(now) => disproven(view, now),
        Scope::Agents => None,
    }
}

fn disproven(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let one = sole(view, now)?;
    // Then the answerer is the odd one.
    if view.says(&one.node, now) == Some(false) {
        return None;
    }
    let words = view.announcing(now).filter(|word| word.node != one.node);
    let words =
        words.map(|word| (word.node.as_str(), format!("the speaker of {} ({})", word.node, word.service)));
    let statuses: Vec<_> = view.said.statuses.iter().filter(|status| status.node != one.node).collect();
    let objects = statuses.iter().map(|status| {
        (status.node.as_str(), format!("ServiceL2Status of {} ({})", status.service, status.node))
    });
    let stale: Vec<_> = words.chain(objects).collect();
    let (node, _) = stale.first()?;
    let who = few(stale.iter().map(|(_, what)| what.clone()));
    let reason = format!("{} alone answers, {}; claimed also by {who}", one.node, last_answer(one, now));
    let found = found(&STALE_CLAIM, view, Some(node), reason);
    // Restarting a speaker would not help where nothing else is wrong.
    Some(match causes::stuck(&statuses).filter(|_| stale.len() == statuses.len()) {
        Some((cause, next)) => found.because(Some(cause)).then(format!("no outage: {next}")),
        None => found,
    })
}

/// This node's speaker says it announces; another node was heard to take over, and this one is asked and is silent.
fn not_taken_back(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let [here] = view.seen.as_slice() else { return None };
    let word = view.announcing(now).next().filter(|_| view.is_settled(now))?;
    let asked = unanswered(view, now)?;
    let over = |time: Timestamp| time > word.since && time < asked.at && !within(time, GRACE, now);
    let heir =
        view.heard.iter().chain(&view.foreign).filter(|claim| over(claim.last)).max_by_key(|c| c.last)?;
    let reason = format!(
        "{}'s speaker announces it ({}) and did not answer {} ago; {}",
        here.node(),
        word.service,
        span(now.duration_since(asked.at)),
        claimed(heir, now)
    );
    Some(found(&STALE_CLAIM, view, Some(here.node()), reason))
}

/// Where the wire proves one to be right, the other claim is stale: that is told instead.
pub(super) fn disagree(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let proven = match view.agents.scope {
        Scope::Agents => view.programs().next().is_some(),
        // Who else answers is hidden; that somebody else took over is not.
        Scope::Node => view.heard.iter().chain(&view.foreign).any(|claim| within(claim.last, TTL, now)),
    };
    if proven || !view.is_settled(now) {
        return None;
    }
    let speakers: BTreeSet<_> = view.announcing(now).map(|word| word.node.as_str()).collect();
    let first = speakers.first()?;
    let statuses: Vec<_> =
        view.said.statuses.iter().filter(|status| !speakers.contains(status.node.as_str())).collect();
    if speakers.len() < 2 && statuses.is_empty() {
        return None;
    }
    let said = few(speakers.iter().map(|node| format!("the speaker of {node}")));
    let also =
        few(statuses.iter().map(|status| format!("ServiceL2Status of {}: {}", status.service, status.node)));
    let and = if statuses.is_empty() { String::new() } else { format!("; {also}") };
    let found = found(&CLAIMS_DISAGREE, view, Some(first), format!("announced by {said}{and}"));
    let cause = causes::contest(view, &speakers, now);
    Some(found.because(cause.or_else(|| causes::stuck(&statuses).map(|(cause, _)| cause))))
}

/// Clients believe the last announcement. This compares with what its own node heard and, from the union, with
/// what other nodes sent.
pub(super) fn unannounced(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    const LATELY: SignedDuration = SignedDuration::from_hours(1);
    let one = sole(view, now)?;
    let here = view.seen_by(&one.node)?;
    let replied = one.last_reply?;
    let later = |at: Timestamp, margin: SignedDuration| {
        within(at, LATELY, now)
            && replied.duration_since(at) > GRACE + margin
            && !announced_after(here, one, at)
    };
    let strangers = (view.agents.scope == Scope::Node).then_some(&view.foreign);
    let heard = view.heard.iter().chain(strangers.into_iter().flatten());
    let heard = heard.filter(|claim| claim.heard_by.iter().any(|at| at.node == one.node));
    let heard = heard.filter(|claim| later(claim.last, SETTLE)).map(|claim| (claim.last, claim.whose()));
    let sent = view.answerers.iter().filter(|other| other.node != one.node && other.origin != Origin::Kernel);
    let sent = sent.filter(|other| later(other.last, MAX_SKEW)).map(|other| (other.last, other.node.clone()));
    let (at, other) = heard.chain(sent).max_by_key(|(at, _)| *at)?;
    let reason = format!(
        "{} answers, {}; {other} claimed it {}, and {} has not announced it since",
        one.node,
        last_answer(one, now),
        ago(at, now),
        one.node
    );
    Some(found(&UNANNOUNCED, view, Some(&one.node), reason))
}

/// Whether it may have announced itself after `at`. An interface's times may be younger than its senders'
/// places, and its agent may have been started since: what is not known counts as announced.
fn announced_after(here: Seen<'_>, one: &Answerer, at: Timestamp) -> bool {
    if one.announcements == 0 {
        return !here.counted_at(at);
    }
    let of_sender = here.lb.interfaces.iter().filter(|on| one.interfaces.contains(&on.interface));
    of_sender.map(|on| on.last.announcement_sent).max().flatten().is_none_or(|last| last >= at)
}

fn last_answer(one: &Answerer, now: Timestamp) -> String {
    format!("last {}", ago(one.last_reply.unwrap_or(one.last), now))
}

/// MetalLB gives one address to several Services only where they agree on a key.
pub(super) fn unshared(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let [first, rest @ ..] = view.said.services.as_slice() else { return None };
    let is_metallb = !view.said.predicted.is_empty() || view.layer2().next().is_some();
    let agree = first.shared.is_some() && rest.iter().all(|other| other.shared == first.shared);
    if rest.is_empty() || agree || !is_metallb || !view.is_settled(now) {
        return None;
    }
    let key = |key: &Option<String>| {
        key.as_deref().map_or_else(|| "no key".to_owned(), |key| format!("key {key:?}"))
    };
    let names = few(view.said.services.iter().map(|one| format!("{} ({})", one.name, key(&one.shared))));
    Some(found(&UNSHARED, view, None, names))
}
