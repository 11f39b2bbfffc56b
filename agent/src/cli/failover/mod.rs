//! `l2witness failover IP|NAMESPACE/SERVICE`

mod account;
mod ask;
mod document;
mod html;
mod record;
#[cfg(test)]
mod sample;
mod text;
mod watch;
pub(super) mod words;

use std::{net::IpAddr, path::PathBuf};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use super::{
    client::{self, AgentArgs},
    events::{Since, duration},
    exit::{Failure, Outcome},
    output,
    reach::Reach,
    table::Table,
    who::What,
};
pub(super) use document::Document;
use document::Wanted;
use record::Record;
pub(super) use record::Recording;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 it went well, or there was none; 1 requests went unanswered, or several answered; \
    2 nobody answers, or several do, still; 3 something is not known; 64 bad usage. docs/failover.md says how to read it."
)]
pub(super) struct Args {
    /// The LB IP, or the Service that has it; with --input-file it may be left out
    #[arg(value_name = "IP|NAMESPACE/SERVICE", required_unless_present = "input_file")]
    what: Option<What>,
    /// The last so many handovers [default: 1, with --since all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    last: Option<u16>,
    /// Only those that were not over by then: a time such as 2026-01-31T14:03:00Z, or how long ago, such as 10m
    #[arg(long, value_name = "TIME|DURATION")]
    since: Option<Since>,
    /// Wait for the next one and tell each step as it happens, until it is over
    #[arg(long, conflicts_with_all = ["last", "since", "input_file"])]
    watch: bool,
    /// Give up watching after that time, such as 10m [default: never]
    #[arg(long, value_name = "DURATION", requires = "watch", value_parser = duration)]
    wait: Option<SignedDuration>,
    /// Also write all it takes to show it again elsewhere
    #[arg(long, value_name = "FILE", conflicts_with = "input_file")]
    record: Option<PathBuf>,
    /// Take what --record or `observe -o json` wrote instead of asking agents; repeatable, `-` is standard input
    #[arg(long, value_name = "FILE")]
    input_file: Vec<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    agents: AgentArgs,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For programs
    Yaml,
    /// One file with pictures, for a browser or for print
    Html,
}

pub(super) fn run(args: &Args) -> Outcome {
    if args.input_file.is_empty() { client::runtime()?.block_on(from_agents(args)) } else { from_files(args) }
}

fn from_files(args: &Args) -> Outcome {
    let record = Record::read(&args.input_file)?;
    let ips = match &args.what {
        None => record.ips(),
        Some(What::Ip(ip)) if record.ips().contains(ip) => vec![*ip],
        Some(What::Ip(ip)) => {
            return Err(Failure::Unreachable(format!("nothing is told of {ip}; {}", has(&record))));
        }
        Some(what @ What::Service(_)) => of_service(what, &record)?,
    };
    if ips.is_empty() {
        return Err(Failure::Unreachable("no LB IP is in there".to_owned()));
    }
    let document = args.document(&record, &ips);
    print(&document, args.output)?;
    Ok(document.exit())
}

async fn from_agents(args: &Args) -> Outcome {
    let Some(what) = &args.what else {
        return Err(Failure::Usage("name an LB IP or a Service".to_owned()));
    };
    let recording = args.record.as_deref().map(Recording::create).transpose()?;
    let reach = Reach::open(&args.agents).await?;
    let mut told = ask::ask(&reach, what).await?;
    let document = if args.watch {
        let began = Timestamp::now();
        watch::watch(&reach, &mut told, args.wait, args.output).await?;
        let wanted = Wanted { last: None, since: Some(began) };
        document(&told.record, &told.ips, wanted)
    } else {
        args.document(&told.record, &told.ips)
    };
    print(&document, args.output)?;
    if let Some(recording) = recording {
        recording.finish(&told.record)?;
    }
    Ok(document.exit())
}

/// Tells, for people, what has happened since then, and records it where that is wanted.
///
/// # Errors
/// As asking the agents; the record can't be written.
pub(super) async fn tell(
    reach: &Reach<'_>,
    what: &What,
    since: Timestamp,
    recording: Option<Recording>,
) -> Result<(), Failure> {
    let told = ask::ask(reach, what).await?;
    let wanted = Wanted { last: None, since: Some(since) };
    print(&document(&told.record, &told.ips, wanted), Format::Table)?;
    if let Some(recording) = recording {
        recording.finish(&told.record)?;
    }
    Ok(())
}

impl Args {
    fn document(&self, record: &Record, ips: &[IpAddr]) -> Document {
        let last = self.last.map(usize::from);
        let since = self.since.map(|since| since.before(record.time));
        document(record, ips, Wanted { last, since })
    }
}

fn document(record: &Record, ips: &[IpAddr], wanted: Wanted) -> Document {
    Document::new(account::timelines(record, ips), record.agents.clone(), record.time, wanted)
}

/// The addresses of a Service, by the reports in the record.
fn of_service(what: &What, record: &Record) -> Result<Vec<IpAddr>, Failure> {
    let told = client::Told {
        reports: record.reports.clone(),
        coverage: record.agents.clone(),
        notes: Vec::new(),
        now: record.time,
    };
    super::who::ips(what, &told).map_err(Failure::Unreachable)
}

fn has(record: &Record) -> String {
    let ips = record.ips().into_iter().map(|ip| ip.to_string());
    format!("there is {}", crate::verdict::few(ips))
}

/// To stdout, in the form that is wanted.
pub(super) fn print(document: &Document, format: Format) -> anyhow::Result<()> {
    let text = match format {
        Format::Table => text::text(document, Table::for_stdout),
        Format::Json => serde_json::to_string_pretty(document).context("writing JSON")? + "\n",
        Format::Yaml => serde_norway::to_string(document).context("writing YAML")?,
        Format::Html => html::page(document),
    };
    output::print(&text)
}

#[cfg(test)]
mod tests;
