//! The group `l2witness-agents`: is everybody there who sees what happens?

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Facts,
    cluster::{Cluster, SPEAKERS},
    line::{Detail, Line, Status, by_code, of_nodes},
};
use crate::{
    cli::api::{ApiError, Roster},
    evidence::NodeReport,
    verdict::{Failed, Scope, catalogue::CLAIMS_UNREAD, few},
    wire::Skipped,
};

pub(super) fn lines(facts: &Facts) -> Vec<Line> {
    let mut lines = Vec::new();
    match &facts.roster {
        Some(Ok(roster)) => lines.extend(listed(roster)),
        Some(Err(error)) => return vec![unlisted(error)],
        None => {}
    }
    lines.push(replied(facts));
    let cluster = facts.cluster.as_ref().and_then(|cluster| cluster.as_ref().ok());
    lines.extend(cluster.map(|cluster| beside_speakers(cluster, facts)));
    let reports = &facts.told.reports;
    if !reports.is_empty() {
        lines.extend([one_version(reports), attached(reports), events(reports)]);
        lines.extend(fresh(facts));
    }
    lines
}

fn unlisted(error: &ApiError) -> Line {
    let status = if matches!(error, ApiError::NotFound(_)) { Status::Problem } else { Status::Unknown };
    Line::by("agents-listed", "the agents' pods can be listed", status, vec![Detail::new(error.to_string())])
}

fn listed(roster: &Roster) -> Vec<Line> {
    let Roster { agents, missing, left_out, notes: _ } = roster;
    let unready = agents.iter().filter(|agent| !agent.ready).map(|agent| {
        let next = format!("kubectl -n {} describe pod {}", agent.namespace, agent.name);
        Detail::on(&agent.node, format!("{} runs, but is not ready", agent.name)).next(next)
    });
    let absent = missing.iter().map(|Failed { agent, error }| Detail::on(agent, error.clone()));
    let details: Vec<_> = absent.chain(unready).collect();
    let total = agents.len() + missing.len();
    let text = format!("{} of {total} agents' pods are ready", total - details.len());
    let ready = Line::by("agents-ready", text, Status::Unknown, details);
    let everywhere = match left_out {
        None => {
            Line::skipped("agents-everywhere", "whether every node has an agent: nodes may not be listed")
        }
        Some(nodes) => {
            let text = format!("{total} of {} nodes are to have an agent", total + nodes.len());
            let details = nodes.iter().map(|node| {
                let next =
                    "compare the DaemonSet's node selector and tolerations with the node's labels and taints";
                Detail::on(node, "no agent: what is answered there is not known").next(next)
            });
            Line::by("agents-everywhere", text, Status::Info, details.collect())
        }
    };
    vec![ready, everywhere]
}

fn replied(facts: &Facts) -> Line {
    let coverage = &facts.told.coverage;
    // Those without a pod to ask were told of with the pods.
    let missing = facts.roster.as_ref().and_then(|roster| roster.as_ref().ok()).map(|roster| &roster.missing);
    let failed =
        coverage.failed.iter().filter(|failed| missing.is_none_or(|missing| !missing.contains(failed)));
    let failed = failed.map(|Failed { agent, error }| Detail::on(agent, error.clone()));
    let text = match coverage.scope {
        Scope::Node => "this node's agent replies; no other was asked".to_owned(),
        Scope::Agents => format!("{} of {} agents reply", coverage.replied, coverage.asked),
    };
    Line::by("agents-reply", text, Status::Unknown, failed.collect())
}

/// Where a speaker runs, answers may come from: the first node to be missed is such a one.
fn beside_speakers(cluster: &Cluster, facts: &Facts) -> Line {
    let unread = cluster.unread(&SPEAKERS);
    if !unread.is_empty() {
        return Line::by(
            "agents-beside-speakers",
            "MetalLB's speakers can be listed",
            Status::Unknown,
            unread,
        );
    }
    let nodes: BTreeSet<_> = cluster.speakers().filter_map(|pod| pod.node.as_deref()).collect();
    let heard = |node: &&&str| facts.told.reports.iter().any(|report| report.node == **node);
    let next = "give the agents the speakers' node selector and tolerations, or look at their pods there";
    let details = nodes
        .iter()
        .filter(|node| !heard(node))
        .map(|node| Detail::on(node, "a speaker, but no agent").next(next));
    let details: Vec<_> = details.collect();
    let text = format!(
        "an agent replies on {} of {} nodes with a speaker",
        nodes.len() - details.len(),
        nodes.len()
    );
    Line::by("agents-beside-speakers", text, Status::Unknown, details)
}

fn one_version(reports: &[NodeReport]) -> Line {
    let mut nodes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for NodeReport { version, node, .. } in reports {
        nodes.entry(version).or_default().push(node.clone());
    }
    let versions: Vec<_> = nodes.keys().copied().collect();
    let text = format!("all agents have one version: {}", versions.join(", "));
    let next = "wait for the rollout, or look why it is stuck: kubectl rollout status daemonset";
    let details = nodes
        .iter()
        .filter(|_| nodes.len() > 1)
        .map(|(version, nodes)| Detail::new(format!("{version} on {}", few(nodes.clone()))).next(next));
    Line::by("agents-version", text, Status::Warning, details.collect())
}

/// An interface that the rules leave out is as it should be; one that could not be attached to is not.
fn attached(reports: &[NodeReport]) -> Line {
    let mut details = Vec::new();
    let mut observed = 0;
    for report in reports {
        observed += report.interfaces.iter().filter(|interface| interface.hook.is_some()).count();
        for interface in &report.interfaces {
            if let Some(why) = interface.skipped.as_ref().filter(|why| !Skipped::is_rule(why)) {
                let next = format!("l2witness doctor, on {}", report.node);
                details.push(Detail::on(&report.node, format!("{}: {why}", interface.name)).next(next));
            }
        }
        if report.interfaces.iter().all(|interface| interface.hook.is_none()) {
            let next = "name its interface with --interface, or see why it is left out: l2witness doctor";
            details.push(Detail::on(&report.node, "observes no interface").next(next));
        }
    }
    let text = format!("programs are attached to every selected interface: {observed}");
    Line::by("agents-attached", text, Status::Problem, details)
}

/// Where the LB IPs and what is said of them come from.
fn fresh(facts: &Facts) -> Vec<Line> {
    let found = of_nodes(&facts.document, |finding| finding.verdict != &CLAIMS_UNREAD);
    if found.is_empty() {
        return vec![Line::ok("agents-sources", "every agent has fresh LB IPs")];
    }
    by_code(found)
}

/// Events only tell of changes at once; what they are about is counted all the same.
fn events(reports: &[NodeReport]) -> Line {
    let lost = reports.iter().filter_map(|report| {
        let lost: BTreeSet<_> = report.events_lost.iter().filter(|(_, count)| **count > 0).collect();
        let lost: Vec<_> = lost.into_iter().map(|(reason, count)| format!("{count} by {reason}")).collect();
        (!lost.is_empty()).then(|| {
            let since = report.since;
            Detail::on(&report.node, format!("{} since {since:.0}; counters have them", lost.join(", ")))
        })
    });
    Line::by("agents-events", "no change event was lost", Status::Info, lost.collect())
}
