//! What `status` and `who` give out: one document, as a table, JSON or YAML.

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    net::IpAddr,
};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;

use super::{client::Told, exit::Exit};
use crate::{
    evidence::{Bound, Heard, LbIp, Local, NodeReport, OnInterface, Said},
    verdict::{
        Answerer, Claim, Coverage, Figures, Finding, Sayings, Severity, View, judge, node_findings, views,
        worst,
    },
};

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Table,
    /// For people with wide terminals
    Wide,
    /// For programs
    Json,
    /// For programs
    Yaml,
}

/// How to print.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct OutputArgs {
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) output: Format,
}

/// Everything said about the asked LB IPs; docs/api.md describes it.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) schema: u32,
    pub(super) time: Timestamp,
    pub(super) severity: Severity,
    pub(super) agents: Coverage,
    pub(super) lb_ips: Vec<Judged>,
    /// What is wrong with agents' own sources, by node; nodes with nothing to tell are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) nodes: Vec<OfNode>,
}

/// Findings about one agent's sources.
#[derive(Debug, Serialize)]
pub(super) struct OfNode {
    pub(super) node: String,
    pub(super) findings: Vec<Finding>,
}

/// One LB IP, judged.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    pub(super) ip: IpAddr,
    /// `namespace/name` of the Services that have it, by the agents.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) services: BTreeSet<String>,
    pub(super) severity: Severity,
    pub(super) answerers: Vec<Answerer>,
    pub(super) foreign: Vec<Claim>,
    pub(super) heard: Vec<Claim>,
    pub(super) requests: Figures,
    pub(super) said: Sayings,
    pub(super) findings: Vec<Finding>,
    pub(super) agents: Coverage,
    /// The evidence it rests on, with `who` only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) nodes: Vec<OnNode>,
}

/// One node's evidence, as in its report.
#[derive(Debug, Serialize)]
pub(super) struct OnNode {
    pub(super) node: String,
    pub(super) interfaces: Vec<OnInterface>,
    pub(super) local: Vec<Local>,
    pub(super) heard: Vec<Heard>,
    pub(super) bound: Bound,
    pub(super) said: Said,
}

impl Document {
    const SCHEMA: u32 = 1;

    /// Merges and judges; of the given IPs only, or of all if none is given.
    pub(super) fn new(told: &Told, ips: &[IpAddr]) -> Self {
        let Told { reports, coverage, notes: _, now } = told;
        let judged = |view: View<'_>| {
            let findings = judge(&view, *now);
            let View { ip, agents, answerers, foreign, heard, requests, said, .. } = view;
            let severity = worst(&findings);
            let services = said.services.iter().map(|service| service.name.clone()).collect();
            let nodes = Vec::new();
            Judged {
                ip,
                services,
                severity,
                answerers,
                foreign,
                heard,
                requests,
                said,
                findings,
                agents,
                nodes,
            }
        };
        let lb_ips: Vec<_> = views(reports, coverage, *now)
            .into_iter()
            .filter(|view| ips.is_empty() || ips.contains(&view.ip))
            .map(judged)
            .collect();
        // An IP that nobody knows, or an agent that nobody reached, leaves something untold.
        let untold = lb_ips.len() < ips.len() || !coverage.failed.is_empty();
        let floor = if untold { Severity::Unknown } else { Severity::Ok };
        let of_node =
            |report: &NodeReport| OfNode { node: report.node.clone(), findings: node_findings(report, *now) };
        let mut nodes: Vec<_> = reports.iter().map(of_node).collect();
        nodes.retain(|of_node| !of_node.findings.is_empty());
        let of_ips = lb_ips.iter().map(|judged| judged.severity);
        let of_nodes = nodes.iter().map(|of_node| worst(&of_node.findings));
        let severity = of_ips.chain(of_nodes).max().unwrap_or(floor).max(floor);
        Self { schema: Self::SCHEMA, time: *now, severity, agents: coverage.clone(), lb_ips, nodes }
    }

    /// Adds what each node saw.
    pub(super) fn with_evidence(mut self, told: &Told) -> Self {
        for judged in &mut self.lb_ips {
            for report in &told.reports {
                let of_ip = report.lb_ips.iter().filter(|lb| lb.ip == judged.ip);
                judged.nodes.extend(of_ip.map(|lb| {
                    let LbIp { ip: _, interfaces, local, heard, said, bound, .. } = lb.clone();
                    OnNode { node: report.node.clone(), interfaces, local, heard, said, bound }
                }));
            }
        }
        self
    }

    pub(super) const fn exit(&self) -> Exit {
        Exit::of(self.severity)
    }
}

/// The document for programs, or `None` where people read.
pub(super) fn machine(document: &impl Serialize, format: Format) -> anyhow::Result<Option<String>> {
    Ok(match format {
        Format::Json => Some(serde_json::to_string_pretty(document).context("writing JSON")? + "\n"),
        Format::Yaml => Some(serde_norway::to_string(document).context("writing YAML")?),
        Format::Table | Format::Wide => None,
    })
}

/// Data, to stdout; a reader that goes away early (`| head`) is no error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("writing to stdout"),
        _ => Ok(()),
    }
}

/// Notes, to stderr.
pub(super) fn note(notes: &[String]) {
    for note in notes {
        eprintln!("note: {note}");
    }
}
