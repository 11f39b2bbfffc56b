//! `l2witness check`: everything that can be looked at, in groups, with what to do.

mod addresses;
mod agents;
mod answers;
mod cluster;
mod controller;
mod drills;
mod kubernetes;
mod line;
mod metallb;
mod text;

use anyhow::Context as _;
use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;

use self::{
    cluster::Cluster,
    kubernetes::Facts as ApiFacts,
    line::{Group, Line},
    text::{Style, text},
};
use super::{
    api::{ApiError, Roster},
    client::{self, AgentArgs, Told},
    drill,
    exit::{Exit, Outcome},
    output::{self, Document},
    reach::Reach,
};
use crate::{
    cluster::kubernetes::Fault,
    verdict::{Coverage, Severity},
};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
    /// For people, without what is as it should be
    Short,
}

/// From which severity on the exit code tells.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Threshold {
    /// Anything to look at
    Warning,
    /// What can't be told, and problems
    Unknown,
    /// Problems alone
    Problem,
}

impl Threshold {
    const fn severity(self) -> Severity {
        match self {
            Self::Warning => Severity::Warning,
            Self::Unknown => Severity::Unknown,
            Self::Problem => Severity::Problem,
        }
    }
}

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How to print
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Format,
    /// What is milder than this does not count for the exit code
    #[arg(long, value_enum, default_value = "warning", value_name = "SEVERITY")]
    failure_threshold: Threshold,
    #[command(flatten)]
    agents: AgentArgs,
}

/// All that was looked at; docs/api.md describes it.
#[derive(Debug, Serialize)]
struct Checked {
    schema: u32,
    time: Timestamp,
    severity: Severity,
    agents: Coverage,
    groups: Vec<Group>,
}

impl Checked {
    const SCHEMA: u32 = 1;

    fn new(told: &Told, groups: Vec<Group>) -> Self {
        let severities = groups.iter().flat_map(|group| &group.checks).map(|line| line.status.severity());
        let severity = severities.max().unwrap_or(Severity::Ok);
        Self { schema: Self::SCHEMA, time: told.now, severity, agents: told.coverage.clone(), groups }
    }

    fn exit(&self, threshold: Threshold) -> Exit {
        if self.severity < threshold.severity() { Exit::Fine } else { Exit::of(self.severity) }
    }
}

/// What was found out, before any of it is judged.
struct Facts {
    told: Told,
    document: Document,
    /// The agents there should be; `None` where the API server was not asked.
    roster: Option<Result<Roster, ApiError>>,
    api: Option<ApiFacts>,
    cluster: Option<Result<Cluster, Fault>>,
    /// Nodes with a drill's note.
    drills: Option<Result<Vec<drill::Left>, ApiError>>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let Args { output: format, failure_threshold, agents } = args;
    let facts = client::runtime()?.block_on(async {
        let reach = Reach::open(agents).await?;
        Ok::<_, super::exit::Failure>(gather(&reach).await)
    })?;
    let checked = Checked::new(&facts.told, groups(&facts));
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&checked).context("writing JSON")? + "\n",
        Format::Table => text(&checked, Style::for_stdout(false)),
        Format::Short => text(&checked, Style::for_stdout(true)),
    };
    output::print(&text)?;
    Ok(checked.exit(*failure_threshold))
}

async fn gather(reach: &Reach<'_>) -> Facts {
    let roster = reach.roster().await.transpose();
    let told = reach.ask_those(roster.as_ref()).await;
    let document = Document::new(&told, &[]);
    let (mut api, mut cluster, mut drills) = (None, None, None);
    if let Some(server) = &reach.api {
        let facts = ApiFacts::read(server).await;
        if facts.is_reachable() {
            cluster = Some(addresses::settled(server).await);
            drills = Some(drill::left(server).await);
        }
        api = Some(facts);
    }
    Facts { told, document, roster, api, cluster, drills }
}

fn groups(facts: &Facts) -> Vec<Group> {
    let group = |name, checks: Vec<Line>| Group { name, checks };
    let mut metallb = metallb::lines(facts);
    metallb.push(drills::line(facts.drills.as_ref(), facts.told.now));
    vec![
        group("kubernetes-api", kubernetes::lines(facts.api.as_ref())),
        group("l2witness-agents", agents::lines(facts)),
        group("metallb", metallb),
        group("addresses", addresses::lines(facts.cluster.as_ref())),
        answers::claims(facts),
        answers::answers(facts),
    ]
}

#[cfg(test)]
mod tests;
