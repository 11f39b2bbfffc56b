//! The rules, one file a hundred of codes: each is a function of a view and the time that finds its verdict or
//! does not. They stand on their own: none knows what another one finds.

mod claims;
mod counters;
mod flap;
mod ipv6;
mod nobody;
mod overlap;
mod path;
mod several;
mod stale;
mod unheard;
mod view;

use jiff::Timestamp;

use super::{
    catalogue::Verdict,
    claims::Claim,
    finding::Finding,
    text::{ago, few},
    view::{Answerer, Scope, View},
};

/// A rule.
pub(super) type Rule = fn(&View<'_>, Timestamp) -> Option<Finding>;

/// All rules, in the order of their codes.
pub(super) const ALL: [Rule; 26] = [
    several::split,
    several::shadow,
    several::foreign,
    flap::flap,
    several::handover,
    nobody::silent,
    nobody::no_owner,
    nobody::idle,
    path::no_carrier,
    path::sender_mismatch,
    path::wrong_interface,
    path::stale_mac,
    unheard::unheard,
    stale::stale_path,
    claims::mismatch,
    claims::stale_claim,
    claims::disagree,
    claims::unannounced,
    counters::differ,
    claims::unshared,
    ipv6::no_source_link_layer,
    ipv6::unicast_solicitation,
    ipv6::group_lost,
    ipv6::no_link_local,
    view::partial,
    view::overflow,
];

fn found(verdict: &'static Verdict, view: &View<'_>, node: Option<&str>, reason: String) -> Finding {
    let next = verdict.next_for(view.ip, node);
    Finding { verdict, node: node.map(str::to_owned), reason, cause: None, next }
}

fn told(answerer: &Answerer, now: Timestamp) -> String {
    let Answerer { node, mac, last, last_reply, .. } = answerer;
    format!("{node} ({}, {mac}, {})", answerer.who(), ago(last_reply.unwrap_or(*last), now))
}

fn claimed(claim: &Claim, now: Timestamp) -> String {
    let by = few(claim.heard_by.iter().map(|at| format!("{} on {}", at.node, at.interface)));
    let times = if claim.count == 1 { "once".to_owned() } else { format!("{} times", claim.count) };
    let of = claim.node.as_ref().map_or_else(String::new, |node| format!(" of {node}"));
    format!("{}{of} claimed it {times}, last {}, heard by {by}", claim.mac, ago(claim.last, now))
}

fn agents(view: &View<'_>) -> String {
    match (view.agents.scope, view.agents.replied) {
        (Scope::Node, _) => "this node, the only one asked".to_owned(),
        (Scope::Agents, 1) => "the 1 node that was heard".to_owned(),
        (Scope::Agents, heard) => format!("the {heard} nodes that were heard"),
    }
}
