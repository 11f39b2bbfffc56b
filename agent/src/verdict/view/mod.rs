//! What several nodes know about one LB IP, merged.

mod answerers;
mod coverage;
mod facts;

use std::{collections::BTreeMap, net::IpAddr};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    claims::{Claim, claims},
    figures::Figures,
    owners::Owners,
    said::{Sayings, sayings},
    seen::Seen,
    time::{MAX_SKEW, within},
};
use crate::evidence::{LbIp, NodeReport};

pub use answerers::{Answerer, Successor};
pub use coverage::{Coverage, Failed, Scope};
pub(super) use facts::is_current;

/// Everything known about one LB IP.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View<'a> {
    /// The address.
    pub ip: IpAddr,
    /// On whom this rests.
    pub agents: Coverage,
    /// Who answers, answered or announced: by state, then by node.
    pub answerers: Vec<Answerer>,
    /// Claims of MACs that belong to no node, as far as the asked ones know.
    pub foreign: Vec<Claim>,
    /// Claims of nodes, as others heard them.
    pub heard: Vec<Claim>,
    /// Requests.
    pub requests: Figures,
    /// Frames of claimants that had no place.
    pub overflow: u64,
    /// What is said about it.
    pub said: Sayings,
    /// The last sign that its announcer or its Services changed.
    #[serde(skip)]
    pub(super) changed: Option<Timestamp>,
    /// What it was made of: host facts are looked up here.
    #[serde(skip)]
    pub(super) seen: Vec<Seen<'a>>,
}

/// Merges reports into one view per LB IP, ordered by IP.
pub fn views<'a>(reports: &'a [NodeReport], coverage: &Coverage, now: Timestamp) -> Vec<View<'a>> {
    each_view(reports, coverage, now).collect()
}

/// The same, one at a time.
pub(super) fn each_view<'a>(
    reports: &'a [NodeReport],
    coverage: &Coverage,
    now: Timestamp,
) -> impl Iterator<Item = View<'a>> {
    let owners = Owners::new(reports);
    let mut by_ip: BTreeMap<IpAddr, Vec<Seen<'a>>> = BTreeMap::new();
    for report in reports {
        for lb in &report.lb_ips {
            by_ip.entry(lb.ip).or_default().push(Seen { report, lb });
        }
    }
    by_ip.into_iter().map(move |(ip, seen)| view(ip, seen, &owners, reports, coverage, now))
}

fn view<'a>(
    ip: IpAddr,
    seen: Vec<Seen<'a>>,
    owners: &Owners<'_>,
    reports: &[NodeReport],
    coverage: &Coverage,
    now: Timestamp,
) -> View<'a> {
    let agents = rests_on(&seen, reports, coverage, now);
    let seen: Vec<_> = seen.into_iter().filter(|seen| is_possible(seen)).collect();
    let (heard, foreign) = claims(&seen, owners).into_iter().partition(|claim| claim.node.is_some());
    let mut view = View {
        ip,
        agents,
        answerers: answerers::answerers(&seen, now),
        foreign,
        heard,
        requests: Figures::new(&seen),
        overflow: seen.iter().fold(0, |sum: u64, Seen { lb, .. }| {
            sum.saturating_add(lb.local_overflow).saturating_add(lb.heard_overflow)
        }),
        said: sayings(&seen),
        changed: None,
        seen,
    };
    view.changed = view.last_change(now);
    view
}

/// Agents that replied and yet can't know about this IP count with those that failed.
fn rests_on(seen: &[Seen<'_>], reports: &[NodeReport], coverage: &Coverage, now: Timestamp) -> Coverage {
    const NEW: SignedDuration = SignedDuration::from_secs(10);
    let mut agents = coverage.clone();
    // In the order of the reports.
    let mut watching = seen.iter().peekable();
    // Agents hear one after the other of a Service that comes or goes.
    let is_new = seen.iter().filter_map(|seen| seen.lb.since).any(|since| within(since, NEW, now));
    let is_gone =
        |report: &NodeReport| report.source_state.changed.is_some_and(|changed| within(changed, NEW, now));
    for report in reports {
        let mut here = None;
        while let Some(seen) = watching.next_if(|seen| seen.node() == report.node) {
            here = Some(seen);
        }
        let error = if report.interfaces.iter().all(|interface| interface.hook.is_none()) {
            "observes no interface"
        } else {
            match here {
                None if is_new || is_gone(report) => continue,
                None => "does not watch this address",
                Some(seen) if !is_possible(seen) => "has evidence from the future: its clock was set back",
                Some(_) => continue,
            }
        };
        agents.failed.push(Failed { agent: report.node.clone(), error: error.to_owned() });
    }
    agents.replied = agents.asked.saturating_sub(agents.failed.len());
    agents
}

/// Nothing can have been seen after the report was made. Where it was, no time in it says anything.
fn is_possible(seen: &Seen<'_>) -> bool {
    let LbIp { interfaces, local, heard, .. } = seen.lb;
    let senders = local.iter().map(|local| local.last).chain(heard.iter().map(|heard| heard.last));
    let requests = interfaces.iter().filter_map(|on| on.last.request);
    senders.chain(requests).all(|time| time.duration_since(seen.report.time) <= MAX_SKEW)
}
