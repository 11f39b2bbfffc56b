//! 2xx: nobody answers, or nobody asks.

use jiff::Timestamp;

use super::{agents, found};
use crate::{
    evidence::Origin,
    verdict::{
        catalogue::{IDLE, NO_OWNER, SILENT},
        causes,
        claims::HeardAt,
        finding::Finding,
        state::{State, TTL},
        text::{ago, few, span},
        time::{GRACE, within},
        unanswered::{Unanswered, unanswered},
        view::{Scope, View},
    },
};

pub(super) fn silent(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let asked = unanswered(view, now)?;
    if is_too_early(view, now) || is_unowned(view, now) {
        return None;
    }
    match view.agents.scope {
        Scope::Agents if view.is_whole(now) => Some(silent_cluster(view, &asked, now)),
        Scope::Agents => None,
        Scope::Node => silent_node(view, &asked, now),
    }
}

/// Where claims are known, what changed a moment ago has time to settle; unless it was answered for since, or can't
/// be.
pub(super) fn is_too_early(view: &View<'_>, now: Timestamp) -> bool {
    view.is_told() && !view.is_settled(now) && !view.is_proven_since() && !causes::is_certain(view)
}

fn silent_cluster(view: &View<'_>, asked: &Unanswered, now: Timestamp) -> Finding {
    let last = view
        .answerers
        .iter()
        .filter_map(|answerer| Some((answerer.last_reply?, answerer)))
        .max_by_key(|last| last.0);
    let before = last.map_or_else(
        || "it never saw an answer".to_owned(),
        |(reply, answerer)| format!("the last answer was {}'s {}", answerer.node, ago(reply, now)),
    );
    let owner = view.owner();
    let said = match &owner {
        Some(owner) if owner.is_said => format!("; {} says that it announces it", owner.node),
        _ => String::new(),
    };
    let reason = format!(
        "asked {} ({}), no answer from {}; {before}{said}",
        ago(asked.at, now),
        heard_by(&asked.by),
        agents(view)
    );
    let node = owner.as_ref().map(|owner| owner.node.as_str());
    found(&SILENT, view, node, reason).because(causes::silence(view, asked, now))
}

/// One node knows of itself that it does not do what its speaker says; what others do is hidden from it.
fn silent_node(view: &View<'_>, asked: &Unanswered, now: Timestamp) -> Option<Finding> {
    let [here] = view.seen.as_slice() else { return None };
    let word = view.layer2().find(|word| now.duration_since(word.since) > GRACE)?;
    // Somebody else took over, and the word is not taken back yet.
    let others = view.heard.iter().chain(&view.foreign);
    if others.into_iter().any(|claim| claim.last > word.since && within(claim.last, TTL, now)) {
        return None;
    }
    let reason = format!(
        "asked {} ({}), and {} did not answer, though its speaker announces it ({}, for {})",
        ago(asked.at, now),
        heard_by(&asked.by),
        here.node(),
        word.service,
        span(now.duration_since(word.since))
    );
    Some(found(&SILENT, view, Some(here.node()), reason).because(causes::silence(view, asked, now)))
}

fn heard_by(by: &[HeardAt]) -> String {
    match few(by.iter().map(|at| format!("{} on {}", at.node, at.interface))) {
        nobody if nobody.is_empty() => "on an interface that is gone".to_owned(),
        heard => format!("heard by {heard}"),
    }
}

pub(super) fn no_owner(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    if !is_unowned(view, now) {
        return None;
    }
    let services = few(view.said.services.iter().map(|service| service.name.clone()));
    let of = if services.is_empty() { String::new() } else { format!(" of {services}") };
    let asked = unanswered(view, now)
        .map_or_else(String::new, |asked| format!("; asked {}, no answer", ago(asked.at, now)));
    let who = match view.agents.scope {
        Scope::Node => {
            "this node's speaker does not announce it, and by the API's objects none should".to_owned()
        }
        Scope::Agents => format!("none of the speakers of {} announces it", agents(view)),
    };
    let node = view.said.predicted.iter().find_map(|prediction| prediction.node.as_deref());
    let reason = format!("the address{of} has no announcer: {who}{asked}");
    Some(found(&NO_OWNER, view, node, reason).because(causes::no_owner(view, now)))
}

/// Whether all who would announce it say that they don't, and have had time to.
///
/// One node alone can't know what other speakers say: it takes the election's word for it, where that says
/// "nobody" and no other claim contradicts, and only where clients ask.
fn is_unowned(view: &View<'_>, now: Timestamp) -> bool {
    // MetalLB may not be the one who should.
    let others = view.programs().any(|answerer| answerer.origin != Origin::Speaker);
    let proven = view.answering().filter_map(|answerer| answerer.last_reply);
    let elsewhere = view.said.predicted.iter().any(|one| one.elsewhere);
    if !view.is_settled(now)
        || others
        || elsewhere
        || proven.into_iter().any(|reply| within(reply, GRACE, now))
        || !view.nobody_claims(now)
    {
        return false;
    }
    let asked = || unanswered(view, now).is_some();
    match view.agents.scope {
        Scope::Agents => view.is_whole(now) && (!view.said.predicted.is_empty() || asked()),
        Scope::Node => {
            let predicted = &view.said.predicted;
            let nobody = !predicted.is_empty() && predicted.iter().all(|one| one.node.is_none());
            let quiet = view.heard.iter().chain(&view.foreign).all(|claim| !within(claim.last, TTL, now));
            nobody && view.said.statuses.is_empty() && quiet && asked()
        }
    }
}

pub(super) fn idle(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let proven = view.answering().next().is_some() || view.strangers(now).next().is_some();
    if proven || !view.agents.failed.is_empty() || unanswered(view, now).is_some() {
        return None;
    }
    let asked = view.requests.last.map_or_else(
        || "no request since counting began".to_owned(),
        |request| format!("last request {}", ago(request, now)),
    );
    let heir = view.answerers.iter().find(|answerer| answerer.state == State::Announced);
    let told = heir.map_or_else(String::new, |answerer| {
        format!("; {} announced it {}", answerer.node, ago(answerer.last, now))
    });
    let node = heir.map(|answerer| answerer.node.as_str());
    Some(found(&IDLE, view, node, format!("{asked}{told}")))
}
