//! What the agents tell of an LB IP, or of a Service's.

use std::net::IpAddr;

use super::record::Record;
use crate::{
    cli::{
        client::ask_all,
        events::{self, Gathered, Place, Query},
        exit::Failure,
        fetch::Target,
        output,
        reach::Reach,
        who::{self, What},
    },
    evidence::{Event, NodeReport},
};

/// What was told, and by whom.
pub(in crate::cli) struct Told {
    pub(in crate::cli) record: Record,
    /// The addresses asked about.
    pub(in crate::cli) ips: Vec<IpAddr>,
    /// Everybody that was asked.
    pub(in crate::cli) targets: Vec<Target>,
    /// Where each one's events go on.
    pub(in crate::cli) places: Vec<Option<Place>>,
}

/// Asks everybody for their report and their events.
///
/// # Errors
/// [`Failure::Unreachable`] where nobody replied, or nobody watches what is asked about.
pub(in crate::cli) async fn ask(reach: &Reach<'_>, what: &What) -> Result<Told, Failure> {
    let everybody = reach.everybody().await?;
    let targets = everybody.targets.clone();
    let told = ask_all(everybody.targets, everybody.scope, everybody.missing, reach.timeout()).await;
    output::note(&told.notes);
    output::note(&everybody.notes);
    if let Some(failure) = told.nobody() {
        return Err(failure);
    }
    let ips = who::ips(what, &told).map_err(Failure::Unreachable)?;
    let watches = |ip: &IpAddr| told.reports.iter().any(|report| report.lb_ips.iter().any(|lb| lb.ip == *ip));
    if !ips.iter().any(watches) {
        return Err(Failure::Unreachable(ips.iter().map(|ip| who::not_watched(*ip, &told)).collect()));
    }
    let query = Query { ips: ips.iter().copied().collect(), ..Query::default() };
    let Gathered { events, places, failed } = events::gather(&targets, &query, reach.timeout()).await;
    let mut agents = told.coverage;
    for failed in failed {
        if !agents.failed.iter().any(|known| known.agent == failed.agent) {
            output::note(&[format!("{}: {}", failed.agent, failed.error)]);
            agents.replied = agents.replied.saturating_sub(1);
            agents.failed.push(failed);
        }
    }
    let record = record(events, told.reports, &ips);
    Ok(Told { record: Record { time: told.now, agents, ..record }, ips, targets, places })
}

/// With no more of the reports than what is about these addresses.
fn record(events: Vec<Event>, mut reports: Vec<NodeReport>, ips: &[IpAddr]) -> Record {
    for report in &mut reports {
        report.lb_ips.retain(|lb| ips.contains(&lb.ip));
    }
    Record { reports, events, ..Record::default() }
}
