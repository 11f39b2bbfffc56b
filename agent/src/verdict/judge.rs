//! A view in, findings out.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::{
    catalogue::{
        FOREIGN, HANDOVER, IDLE, NO_CARRIER, OVERFLOW, PARTIAL_VIEW, SENDER_MISMATCH, SHADOW, SILENT, SPLIT,
        Severity, Verdict,
    },
    claims::Claim,
    program::same_program,
    state::{SETTLE, State, TTL},
    text::{ago, few},
    view::{Answerer, Scope, View},
};
use crate::evidence::{Named, Origin};

/// A change of answerer is told for this long, seconds.
const GRACE: i64 = 60;

/// A verdict on one LB IP, with what led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its entry in the catalogue.
    pub verdict: &'static Verdict,
    /// The numbers that led to it.
    pub reason: String,
    /// What to do next.
    pub next: String,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Finding", 5)?;
        map.serialize_field("code", self.verdict.code)?;
        map.serialize_field("name", self.verdict.name)?;
        map.serialize_field("severity", &self.verdict.severity)?;
        map.serialize_field("reason", &self.reason)?;
        map.serialize_field("next", &self.next)?;
        map.end()
    }
}

/// All findings, worst first; none means that exactly one answerer is proven and nothing speaks against it.
pub fn judge(view: &View, now: Timestamp) -> Vec<Finding> {
    let rules = [split, shadow, foreign, handover, silent, idle, no_carrier, mismatch, partial, overflow];
    let mut findings: Vec<_> = rules.into_iter().filter_map(|rule| rule(view, now)).collect();
    findings.sort_by_key(|finding| (Reverse(finding.verdict.severity), finding.verdict.code));
    findings
}

/// The worst severity, `ok` where there is no finding.
pub fn worst(findings: &[Finding]) -> Severity {
    findings.iter().map(|finding| finding.verdict.severity).max().unwrap_or(Severity::Ok)
}

fn split(view: &View, now: Timestamp) -> Option<Finding> {
    let programs: Vec<_> = answering(view).filter(|answerer| answerer.origin != Origin::Kernel).collect();
    let (first, rest) = programs.split_first()?;
    if rest.iter().any(|other| !is_one_program(first, other)) {
        let who = few(programs.iter().map(|answerer| told(answerer, now)));
        return Some(found(&SPLIT, view, Some(first), format!("{} answer: {who}", programs.len())));
    }
    let twins: Vec<_> = programs.iter().filter(|answerer| answerer.same_segment).collect();
    if twins.len() < 2 {
        return None;
    }
    let macs = few(twins.iter().map(|answerer| format!("{} on {}", answerer.mac, answerer.interface)));
    let reason = format!("{} answers with {} MACs on one segment: {macs}", first.node, twins.len());
    Some(found(&SPLIT, view, Some(first), reason))
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

fn shadow(view: &View, now: Timestamp) -> Option<Finding> {
    let (kernels, programs): (Vec<_>, Vec<_>) =
        answering(view).partition(|answerer| answerer.origin == Origin::Kernel);
    let first = kernels.first()?;
    let who = few(kernels.iter().map(|answerer| told(answerer, now)));
    let beside = if programs.is_empty() {
        "no program answers".to_owned()
    } else {
        format!("beside: {}", few(programs.iter().map(|answerer| told(answerer, now))))
    };
    Some(found(&SHADOW, view, Some(first), format!("answered by a kernel: {who}; {beside}")))
}

fn foreign(view: &View, now: Timestamp) -> Option<Finding> {
    if !is_whole(view) {
        return None;
    }
    let who = few(current(view, now).map(|claim| claimed(claim, now)));
    if who.is_empty() { None } else { Some(found(&FOREIGN, view, None, who)) }
}

fn handover(view: &View, now: Timestamp) -> Option<Finding> {
    let recent = |at: Timestamp| (0..=GRACE).contains(&now.duration_since(at).as_secs());
    let (former, successor) = view
        .answerers
        .iter()
        .filter(|former| former.replies > 0 && now.duration_since(former.last) <= TTL)
        .filter_map(|former| Some((former, former.successor.as_ref()?)))
        .filter(|(former, successor)| former.state == State::Superseded && recent(successor.at))
        .max_by_key(|(_, successor)| successor.at)?;
    let heir = view.answerers.iter().find(|heir| {
        heir.node == successor.node && matches!(heir.state, State::Answering | State::Announced)
    })?;
    // It began before the former one's last frame: then it has only announced once more.
    let began = if heir.first > former.last { heir.first } else { successor.at };
    if !recent(began) {
        return None;
    }
    let reason = format!("{} took over from {} {}", heir.node, former.node, ago(began, now));
    Some(found(&HANDOVER, view, Some(heir), reason))
}

fn silent(view: &View, now: Timestamp) -> Option<Finding> {
    if !is_whole(view) {
        return None;
    }
    let asked = unanswered_request(view, now)?;
    let last = view
        .answerers
        .iter()
        .filter_map(|answerer| Some((answerer.last_reply?, answerer)))
        .max_by_key(|l| l.0);
    let before = last.map_or_else(
        || "it never saw an answer".to_owned(),
        |(reply, answerer)| format!("the last answer was {}'s {}", answerer.node, ago(reply, now)),
    );
    let reason = format!("asked {}, no answer from {}; {before}", ago(asked, now), agents(view));
    Some(found(&SILENT, view, last.map(|(_, answerer)| answerer), reason))
}

fn idle(view: &View, now: Timestamp) -> Option<Finding> {
    let proven = answering(view).next().is_some() || current(view, now).next().is_some();
    if proven || !view.agents.failed.is_empty() || unanswered_request(view, now).is_some() {
        return None;
    }
    let asked = view.requests.last.map_or_else(
        || "no request since counting began".to_owned(),
        |request| format!("last request {}", ago(request, now)),
    );
    let announced = view
        .answerers
        .iter()
        .find(|answerer| answerer.state == State::Announced)
        .map_or_else(String::new, |answerer| {
            format!("; {} announced it {}", answerer.node, ago(answerer.last, now))
        });
    Some(found(&IDLE, view, None, format!("{asked}{announced}")))
}

/// MetalLB announces on every interface that is up, carrier or not: only that does no harm while another one works.
fn no_carrier(view: &View, _: Timestamp) -> Option<Finding> {
    let live = |answerer: &&Answerer| matches!(answerer.state, State::Answering | State::Announced);
    let works = view.answerers.iter().filter(live).any(|answerer| answerer.carrier);
    let dead: Vec<_> = view
        .answerers
        .iter()
        .filter(live)
        .filter(|answerer| !answerer.carrier && (answerer.state == State::Answering || !works))
        .collect();
    let first = dead.first()?;
    let who = few(dead.iter().map(|answerer| format!("{} on {}", answerer.interface, answerer.node)));
    let reason = format!("the {} sends through {who}, without carrier", first.origin);
    Some(found(&NO_CARRIER, view, Some(first), reason))
}

fn mismatch(view: &View, now: Timestamp) -> Option<Finding> {
    let odd = |flags: &[String]| flags.iter().any(|flag| flag == "hardware-mismatch");
    let ours = view.answerers.iter().find(|answerer| {
        odd(&answerer.flags) && matches!(answerer.state, State::Answering | State::Announced)
    });
    let theirs =
        view.foreign.iter().chain(&view.heard).find(|claim| odd(&claim.flags) && is_current(claim, now));
    let who = match (ours, theirs) {
        (Some(answerer), _) => told(answerer, now),
        (None, Some(claim)) => claimed(claim, now),
        (None, None) => return None,
    };
    Some(found(&SENDER_MISMATCH, view, ours, format!("{who}: its frames have another Ethernet source")))
}

fn partial(view: &View, now: Timestamp) -> Option<Finding> {
    if is_whole(view) {
        return None;
    }
    let mut reasons = Vec::new();
    if !view.agents.failed.is_empty() {
        let missing =
            few(view.agents.failed.iter().map(|failed| format!("{}: {}", failed.agent, failed.error)));
        reasons.push(format!("asked {}, {} told: {missing}", view.agents.asked, view.agents.replied));
    }
    let others = few(current(view, now).map(|claim| claimed(claim, now)));
    if !others.is_empty() {
        reasons.push(format!("{others}: a node that was not heard, or a foreign host"));
    }
    if let Some(asked) = unanswered_request(view, now).filter(|_| others.is_empty()) {
        reasons.push(format!(
            "asked {}, no answer from {}, another node may have answered",
            ago(asked, now),
            agents(view)
        ));
    }
    if reasons.is_empty() { None } else { Some(found(&PARTIAL_VIEW, view, None, reasons.join("; "))) }
}

fn overflow(view: &View, _: Timestamp) -> Option<Finding> {
    if view.overflow == 0 {
        return None;
    }
    let named = view.answerers.len() + view.foreign.len() + view.heard.len();
    Some(found(
        &OVERFLOW,
        view,
        None,
        format!("{} frames of claimants beyond the {named} named", view.overflow),
    ))
}

/// Whether silence and strangers mean something: everybody was asked and everybody told.
fn is_whole(view: &View) -> bool {
    view.agents.scope == Scope::Agents && view.agents.failed.is_empty()
}

fn answering(view: &View) -> impl Iterator<Item = &Answerer> {
    view.answerers.iter().filter(|answerer| answerer.state == State::Answering)
}

fn current(view: &View, now: Timestamp) -> impl Iterator<Item = &Claim> {
    view.foreign.iter().filter(move |claim| is_current(claim, now))
}

fn is_current(claim: &Claim, now: Timestamp) -> bool {
    now.duration_since(claim.last) <= TTL
}

/// A request of late that nobody answered, and after which nobody began to announce.
fn unanswered_request(view: &View, now: Timestamp) -> Option<Timestamp> {
    if answering(view).next().is_some() {
        return None;
    }
    let proof = view.answerers.iter().map(|answerer| answerer.last).max();
    view.requests.last.filter(|request| {
        let age = now.duration_since(*request);
        (SETTLE..=TTL).contains(&age) && proof.is_none_or(|proof| request.duration_since(proof) > SETTLE)
    })
}

fn found(verdict: &'static Verdict, view: &View, about: Option<&Answerer>, reason: String) -> Finding {
    let next = verdict.next_for(view.ip, about.map(|answerer| answerer.node.as_str()));
    Finding { verdict, reason, next }
}

fn told(answerer: &Answerer, now: Timestamp) -> String {
    let Answerer { node, mac, origin, last, last_reply, .. } = answerer;
    format!("{node} ({origin}, {mac}, {})", ago(last_reply.unwrap_or(*last), now))
}

fn claimed(claim: &Claim, now: Timestamp) -> String {
    let by = few(claim.heard_by.iter().map(|at| format!("{} on {}", at.node, at.interface)));
    let times = if claim.count == 1 { "once".to_owned() } else { format!("{} times", claim.count) };
    format!("{} claimed it {times}, last {}, heard by {by}", claim.mac, ago(claim.last, now))
}

fn agents(view: &View) -> String {
    match (view.agents.scope, view.agents.replied) {
        (Scope::Node, _) => "this node, the only one asked".to_owned(),
        (Scope::Agents, 1) => "the 1 node that was heard".to_owned(),
        (Scope::Agents, heard) => format!("the {heard} nodes that were heard"),
    }
}
