//! What a drill would do, or why it must not. Pure.

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    election::Elections,
    label::NotSet,
    owner::{NoOwner, Owner, Proof, owner},
};
use crate::{
    cli::{
        api::Right,
        output::{Document, Judged},
    },
    evidence::Prediction,
    verdict::{Failed, Severity, few},
};

/// All that a plan is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// `namespace/name`.
    pub(super) service: &'a str,
    /// Its LB IPs.
    pub(super) ips: &'a [IpAddr],
    /// What the agents saw of every LB IP.
    pub(super) document: &'a Document,
    /// The nodes whose agents replied.
    pub(super) replied: &'a BTreeSet<&'a str>,
    /// Speakers that take no notice of the label, and why.
    pub(super) ignoring: &'a [String],
    /// Who is elected, and who would be.
    pub(super) elections: &'a Elections,
}

/// Why nothing may be done, whatever is forced.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("there is no LoadBalancer Service {0} with an address; there is {known}", known = few(.1.clone()))]
    NoService(String, Vec<String>),
    #[error("{0}: {1}: nothing can be moved")]
    NoOwner(IpAddr, NoOwner),
    #[error("the addresses of {0} are on several nodes: {1}")]
    Apart(String, String),
    #[error("{0} is not announced by layer 2: {1}")]
    Elsewhere(String, String),
    #[error("the drill would do nothing: {why}", why = few(.0.clone()))]
    Ignored(Vec<String>),
    #[error(transparent)]
    NotFree(#[from] NotSet),
    #[error("may not {0}: {remedy}", remedy = .0.remedy())]
    MayNot(Right),
}

/// What a drill does.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// `namespace/name`.
    pub(super) service: String,
    /// The node that gets the label.
    pub(super) owner: Owner,
    /// All LB IPs that move: those of the Service first.
    pub(super) moves: Vec<Move>,
    /// Why it should not be done; `--force` overrules them.
    pub(super) objections: Vec<String>,
    /// What else may go wrong.
    pub(super) risks: Vec<String>,
}

/// One LB IP that moves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Move {
    pub(super) ip: IpAddr,
    pub(super) services: Vec<String>,
    /// It is the Service's own.
    pub(super) drilled: bool,
    /// While the label is there.
    pub(super) heir: Heir,
    /// The node that has it once the label is gone.
    pub(super) back: Option<String>,
}

/// Who takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heir {
    Node(String),
    /// And why.
    Nobody(String),
    /// And why not.
    Unknown(String),
}

/// The node that has the Service's addresses.
pub(super) fn owner_of(service: &str, ips: &[IpAddr], document: &Document) -> Result<Owner, Refusal> {
    let of = |ip: &IpAddr| {
        let judged = document.lb_ips.iter().find(|judged| judged.ip == *ip);
        let found = judged.map_or(Err(NoOwner::Nobody), |judged| owner(judged, document.time));
        found.map(|owner| (*ip, owner)).map_err(|error| Refusal::NoOwner(*ip, error))
    };
    let owners = ips.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    let nodes: BTreeSet<_> = owners.iter().map(|(_, owner)| owner.node.as_str()).collect();
    if nodes.len() > 1 {
        let each = owners.iter().map(|(ip, owner)| format!("{ip} on {}", owner.node));
        return Err(Refusal::Apart(service.to_owned(), few(each)));
    }
    // Of two addresses the better proof counts for both: they are announced together.
    let best = owners.into_iter().map(|(_, owner)| owner).min_by_key(|owner| owner.proof);
    best.ok_or_else(|| Refusal::NoService(service.to_owned(), Vec::new()))
}

/// What a drill of this Service does to that node.
pub(super) fn plan(facts: &Facts<'_>, owner: Owner) -> Result<Plan, Refusal> {
    let Facts { service, ips, elections, ignoring, .. } = facts;
    let own = |predictions: Option<&Vec<Prediction>>| {
        predictions.into_iter().flatten().find(|one| one.service == *service).cloned()
    };
    for ip in *ips {
        if let Some(Prediction { elsewhere: true, nobody, .. }) = own(elections.before.get(ip)) {
            return Err(Refusal::Elsewhere((*service).to_owned(), nobody.unwrap_or_default()));
        }
    }
    if !ignoring.is_empty() {
        return Err(Refusal::Ignored(ignoring.to_vec()));
    }
    let moves = moves(facts, &owner);
    let mut plan =
        Plan { service: (*service).to_owned(), objections: Vec::new(), risks: Vec::new(), moves, owner };
    plan.objections = objections(facts, &plan);
    plan.risks = risks(facts, &plan);
    Ok(plan)
}

/// Everything that is on the owner.
fn moves(facts: &Facts<'_>, from: &Owner) -> Vec<Move> {
    let Facts { ips, document, elections, .. } = facts;
    let is_there = |judged: &&Judged| {
        ips.contains(&judged.ip) || owner(judged, document.time).is_ok_and(|owner| owner.node == from.node)
    };
    let of = |judged: &Judged| Move {
        ip: judged.ip,
        services: judged.services.iter().cloned().collect(),
        drilled: ips.contains(&judged.ip),
        heir: heir(judged.ip, elections),
        back: elections.before.get(&judged.ip).and_then(|before| elected(before).ok()),
    };
    let mut moves: Vec<_> = document.lb_ips.iter().filter(is_there).map(of).collect();
    moves.sort_by_key(|one| (!one.drilled, one.ip));
    moves
}

fn heir(ip: IpAddr, elections: &Elections) -> Heir {
    let after = elections.after.get(&ip).map_or(&[][..], Vec::as_slice);
    match elected(after) {
        Ok(node) => Heir::Node(node),
        Err(Some(nobody)) => Heir::Nobody(nobody),
        Err(None) => Heir::Unknown(
            elections.unknown.clone().unwrap_or_else(|| "no election is known for it".to_owned()),
        ),
    }
}

/// The one node that all Services of an address elect, or why nobody is; `None` if that is not known.
fn elected(predictions: &[Prediction]) -> Result<String, Option<String>> {
    let [first, rest @ ..] = predictions else { return Err(None) };
    if rest.iter().any(|other| other.node != first.node) {
        return Err(None);
    }
    first.node.clone().ok_or_else(|| first.nobody.clone())
}

fn objections(facts: &Facts<'_>, plan: &Plan) -> Vec<String> {
    let Facts { ips, document, replied, .. } = facts;
    let node = plan.owner.node.as_str();
    let mut objections = Vec::new();
    for judged in document.lb_ips.iter().filter(|judged| ips.contains(&judged.ip)) {
        for finding in judged.findings.iter().filter(|one| one.verdict.severity == Severity::Problem) {
            let (code, name) = (finding.verdict.code, finding.verdict.name);
            objections.push(format!("{} has {code} {name} already: {}", judged.ip, finding.reason));
        }
    }
    for Move { ip, drilled, heir, back, .. } in &plan.moves {
        match heir {
            Heir::Node(heir) if heir == node => {
                objections.push(format!("{ip} would stay on {node}: the label decides nothing for it"));
            }
            Heir::Node(heir) if !replied.contains(heir.as_str()) => {
                objections
                    .push(format!("{ip} would go to {heir}, whose agent did not reply: nobody could see it"));
            }
            Heir::Node(_) => {}
            Heir::Nobody(why) => objections.push(format!("nobody would answer {ip}: {why}")),
            Heir::Unknown(why) => objections.push(format!("who would answer {ip} is not known: {why}")),
        }
        if let Some(back) = back.as_ref().filter(|back| *drilled && *back != node) {
            objections
                .push(format!("{ip} is on {node}, though {back} is elected: the label may move nothing"));
        }
    }
    objections
}

fn risks(facts: &Facts<'_>, plan: &Plan) -> Vec<String> {
    let node = &plan.owner.node;
    let mut risks = Vec::new();
    if plan.owner.proof == Proof::Said {
        risks.push(
            "nobody has asked for it lately: without anybody who asks, no answer of a new owner is seen"
                .to_owned(),
        );
    }
    let all_back = plan.moves.iter().all(|one| one.back.as_ref() == Some(node));
    risks.push(if all_back {
        format!("two interruptions: all of it comes back to {node} when the label is taken away")
    } else {
        "two interruptions: MetalLB elects anew when the label is taken away".to_owned()
    });
    let local =
        facts.document.lb_ips.iter().filter(|judged| plan.moves.iter().any(|one| one.ip == judged.ip));
    let local: BTreeSet<_> = local
        .flat_map(|judged| &judged.said.services)
        .filter(|service| service.local_policy)
        .map(|service| service.name.clone())
        .collect();
    if !local.is_empty() {
        risks.push(format!(
            "externalTrafficPolicy Local: only nodes with a ready endpoint stand for {}",
            few(local)
        ));
    }
    risks.push(format!("connections through {node} may break, for they are tracked there"));
    risks.push(format!(
        "whatever else heeds the label leaves {node}, too: MetalLB's BGP announcements, and cloud providers' load balancers"
    ));
    let failed = &facts.document.agents.failed;
    if !failed.is_empty() {
        let names = failed.iter().map(|Failed { agent, .. }| agent.clone());
        risks.push(format!(
            "these agents did not reply, and what is answered there is not seen: {}",
            few(names)
        ));
    }
    risks
}

#[cfg(test)]
mod tests;
