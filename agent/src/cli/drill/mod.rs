//! `l2witness drill NAMESPACE/SERVICE`: a failover on purpose, and what it took.

mod election;
mod guard;
mod label;
#[cfg(test)]
mod node_server;
mod note;
mod owner;
mod plan;
mod prepare;
mod restore;
mod run;
mod text;
mod watch;

use std::{path::PathBuf, time::Duration};

use jiff::Timestamp;

use self::{
    plan::Refusal,
    prepare::{Prepared, Unprepared, prepare},
    run::Drill,
    text::text,
};
use super::{
    client::{self, AgentArgs},
    exit::{Exit, Failure, Outcome},
    failover::Recording,
    output,
    reach::Reach,
    table::Table,
};

pub(super) use label::left;
pub(super) use note::Left;
#[cfg(test)]
pub(super) use note::sample;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The Service whose LB IPs are to move
    #[arg(value_name = "NAMESPACE/SERVICE", value_parser = service, required_unless_present = "restore")]
    service: Option<String>,
    /// Do it: without this nothing is changed, only told
    #[arg(long)]
    yes: bool,
    /// Do it though something speaks against it
    #[arg(long, requires = "yes")]
    force: bool,
    /// How long to wait for somebody to take over, and again for the way back
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    wait: u64,
    /// Also write all it takes to show the timeline again: `l2witness failover --input-file FILE`
    #[arg(long, value_name = "FILE", requires = "yes")]
    record: Option<PathBuf>,
    /// Take away what a drill that died has left on Nodes, and nothing else
    #[arg(long, conflicts_with_all = ["service", "yes", "force", "record"])]
    restore: bool,
    #[command(flatten)]
    agents: AgentArgs,
}

fn service(text: &str) -> Result<String, &'static str> {
    let is_part = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [namespace, name] if is_part(namespace) && is_part(name) => Ok(text.to_owned()),
        _ => Err("write NAMESPACE/SERVICE"),
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    client::runtime()?.block_on(drill(args))
}

async fn drill(args: &Args) -> Outcome {
    let Args { service, yes, force, wait, record, restore, agents } = args;
    let recording = record.as_deref().map(Recording::create).transpose()?;
    let reach = Reach::open(agents).await?;
    let Some(api) = &reach.api else {
        let how = "a drill wants the API server: give --kubeconfig FILE or --context NAME";
        return Err(Failure::Usage(how.to_owned()));
    };
    let Some(service) = service.as_deref().filter(|_| !restore) else {
        return restore::run(api).await;
    };
    let Prepared { plan, listed, notes } = match prepare(&reach, api, service).await {
        Ok(prepared) => prepared,
        Err(Unprepared::Failed(failure)) => return Err(failure),
        Err(Unprepared::Refused(refusal)) => return Ok(refused(&refusal.to_string())),
    };
    output::note(&notes);
    output::print(&text(&plan, Timestamp::now(), Table::for_stdout))?;
    if !yes {
        output::print(&format!("\nNothing was changed. To do it: l2witness drill {service} --yes\n"))?;
        return Ok(if plan.objections.is_empty() { Exit::Fine } else { Exit::Warning });
    }
    if !plan.objections.is_empty() && !force {
        return Ok(refused("see what speaks against it; --force overrules that"));
    }
    output::print("\n")?;
    let patience = Duration::from_secs(*wait);
    let drill = Drill { reach: &reach, api, listed: listed.as_ref(), plan: &plan, patience };
    drill.run(recording).await
}

/// Nothing was touched.
fn refused(why: &str) -> Exit {
    eprintln!("l2witness: refused: {why}");
    Exit::Problem
}

impl From<Refusal> for Unprepared {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[cfg(test)]
mod tests;
