//! Why several answer.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    evidence::Origin,
    verdict::{
        text::few,
        view::{Answerer, View},
    },
};

/// Why several programs answer for it.
pub(in crate::verdict) fn split(view: &View<'_>, now: Timestamp) -> Option<String> {
    let programs: Vec<_> = view.programs().collect();
    let (speakers, others): (Vec<&Answerer>, Vec<&Answerer>) =
        programs.iter().partition(|answerer| answerer.origin == Origin::Speaker);
    if let (Some(other), false) = (others.iter().find(|other| other.is_named()), speakers.is_empty()) {
        return Some(format!("{} on {} answers beside MetalLB's speaker", other.who(), other.node));
    }
    let nodes: BTreeSet<_> = programs.iter().map(|answerer| answerer.node.as_str()).collect();
    contest(view, &nodes, now).or_else(|| two_programs(&programs))
}

/// Why several nodes want it.
pub(in crate::verdict) fn contest(view: &View<'_>, nodes: &BTreeSet<&str>, now: Timestamp) -> Option<String> {
    if nodes.len() < 2 {
        return None;
    }
    by_service(view, nodes).or_else(|| by_isolation(view, nodes)).or_else(|| unclaimed(view, nodes, now))
}

/// Up to 0.10 the election's hash is over the Service's name: Services that share an address may get two nodes.
fn by_service(view: &View<'_>, nodes: &BTreeSet<&str>) -> Option<String> {
    let mut of: BTreeMap<&str, &str> = BTreeMap::new();
    let predicted =
        view.said.predicted.iter().filter_map(|one| Some((one.service.as_str(), one.node.as_deref()?)));
    let announced = view.layer2().map(|word| (word.service.as_str(), word.node.as_str()));
    // Where both speak of a Service, its speaker's word stands.
    for (service, node) in predicted.chain(announced).filter(|(_, node)| nodes.contains(node)) {
        of.insert(service, node);
    }
    let mut announcers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for word in view.layer2().filter(|word| nodes.contains(word.node.as_str())) {
        announcers.entry(&word.service).or_default().insert(&word.node);
    }
    let contested = announcers.values().any(|of_one| of_one.len() > 1);
    if contested || of.values().collect::<BTreeSet<_>>().len() < 2 {
        return None;
    }
    let list = few(of.iter().map(|(service, node)| format!("{service} to {node}")));
    Some(format!("Services share the address and were given to different nodes: {list}"))
}

fn by_isolation(view: &View<'_>, nodes: &BTreeSet<&str>) -> Option<String> {
    let wanting: BTreeSet<_> =
        view.layer2().map(|word| word.node.as_str()).filter(|node| nodes.contains(node)).collect();
    if wanting.len() < 2 {
        return None;
    }
    let list = few(wanting.iter().map(|node| (*node).to_owned()));
    let old = view.said.predicted.iter().any(|one| one.rules.starts_with("0.8"));
    Some(if old {
        format!("the speakers of {list} each announce it: they were told different things by the API server")
    } else {
        format!("the speakers of {list} each announce it: they do not see each other (memberlist, port 7946)")
    })
}

fn unclaimed(view: &View<'_>, nodes: &BTreeSet<&str>, now: Timestamp) -> Option<String> {
    let silent = nodes.iter().find(|node| view.says(node, now) == Some(false))?;
    Some(format!("{silent} answers, though its speaker does not announce it"))
}

fn two_programs(programs: &[&Answerer]) -> Option<String> {
    let names: BTreeSet<_> = programs.iter().filter(|one| one.is_named()).map(|one| one.who()).collect();
    (names.len() > 1).then(|| format!("{} each manage the address", few(names)))
}
