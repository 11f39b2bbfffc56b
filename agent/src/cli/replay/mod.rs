//! `l2witness replay [NODE=]FILE… --lb-ip IP|CIDR`

mod vantage;

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write as _},
};

use anyhow::Context as _;
use jiff::Timestamp;

use super::{
    client::Told,
    exit::{Exit, Failure, Outcome},
    failover,
    output::{self, Document, Format, OutputArgs},
    status,
    table::Table,
    who_text,
};
use crate::{
    evidence::{Event, Named, NodeReport, Origin},
    replay::{Capture, NoCapture, Replay, Watched},
    timeline::timeline,
    verdict::{Coverage, Scope},
};
use vantage::{OwnMac, Vantage};

/// What an interface is called that a capture does not name.
const INTERFACE: &str = "capture";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "A reply by unicast is seen on its own node alone: give the captures of all nodes, \
    and the router's. NODE is the file's name without its extension unless it is given; INTERFACE is for files \
    that don't say. FILE may be `-`. docs/replay.md says what can and cannot be told from a capture.")]
pub(super) struct Args {
    /// pcap or pcapng files, each taken on a node or wherever frames pass
    #[arg(value_name = "[NODE[/INTERFACE]=]FILE", required = true)]
    files: Vec<Vantage>,
    /// LB IP or CIDR to look for; repeatable
    #[arg(long, value_delimiter = ',', value_name = "IP|CIDR", required = true)]
    lb_ip: Vec<String>,
    /// A node's own MAC, where its capture does not tell; repeatable
    #[arg(long, value_name = "NODE=MAC")]
    mac: Vec<OwnMac>,
    /// Judge as of this time, such as 2026-01-31T14:03:00Z, and read no further [default: the end of the captures]
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print what happened, one JSON line an event, instead of what it came to
    #[arg(long, conflicts_with = "output")]
    events: bool,
    /// Print the handovers of each address, step by step, instead of who answers in the end
    #[arg(long, conflicts_with = "events")]
    failover: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &Args) -> Outcome {
    let Args { files, lb_ip, mac, at, events, failover, output: OutputArgs { output: format } } = args;
    vantage::distinct(files).map_err(Failure::Usage)?;
    vantage::known(mac, files).map_err(Failure::Usage)?;
    let mut watched = Watched::new(lb_ip).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut captures = Vec::new();
    for vantage in files {
        let capture = read(vantage, &mut watched, *at)?;
        output::note(&notes(vantage, &capture));
        captures.push((vantage.node.clone(), capture));
    }
    let macs: Vec<_> = mac.iter().map(|OwnMac { node, mac }| (node.clone(), *mac)).collect();
    let mut replay = Replay::new(watched, captures, &macs);
    output::note(&replay.unowned().iter().map(ToString::to_string).collect::<Vec<_>>());
    let Some(now) = at.or(replay.end()) else {
        return Err(Failure::Unreachable("there is no frame in these captures".to_owned()));
    };
    if *events {
        return print_events(&mut replay);
    }
    if *failover {
        return print_timelines(&mut replay, now, *format);
    }
    replay.run(None);
    show(replay.reports(now), now, *format)
}

fn read(vantage: &Vantage, watched: &mut Watched, at: Option<Timestamp>) -> Result<Capture, Failure> {
    let path = vantage.path.display();
    let input: Box<dyn Read> = if vantage.path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        let file = File::open(&vantage.path);
        Box::new(file.map_err(|error| Failure::Usage(format!("{path}: can't be opened: {error}")))?)
    };
    let interface = vantage.interface.as_deref().unwrap_or(INTERFACE);
    Capture::read(input, interface, watched, at)
        .map_err(|error: NoCapture| Failure::Usage(format!("{path} {error}")))
}

/// What has to be said about a file that was read.
fn notes(vantage: &Vantage, capture: &Capture) -> Vec<String> {
    let path = vantage.path.display();
    let Capture { damage, frames, untimed, unread, .. } = capture;
    let mut notes = Vec::new();
    if let Some(damage) = damage {
        let frames = if *frames == 1 { "the 1 frame".to_owned() } else { format!("the {frames} frames") };
        notes.push(format!("{path} is {damage}; what is used: {frames} before that"));
    }
    if *untimed > 0 {
        notes.push(format!("{path}: {untimed} frames have no time and are not used"));
    }
    if !unread.is_empty() {
        let types: Vec<_> = unread.iter().map(ToString::to_string).collect();
        notes.push(format!("{path}: frames of link type {} can't be read", types.join(", ")));
    }
    notes
}

fn print_events(replay: &mut Replay) -> Outcome {
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let mut tell = |event: Event| {
        if written.is_ok() {
            written = serde_json::to_writer(&mut stdout, &event)
                .map_err(io::Error::from)
                .and_then(|()| stdout.write_all(b"\n"));
        }
    };
    replay.run(Some(&mut tell));
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("writing to stdout")?,
        _ => Ok(Exit::Fine),
    }
}

fn print_timelines(replay: &mut Replay, now: Timestamp, format: Format) -> Outcome {
    let timelines: Vec<_> = replay.accounts().iter().map(timeline).collect();
    if timelines.is_empty() {
        return Err(Failure::Unreachable("no frame is about these addresses".to_owned()));
    }
    let document = failover::Document::of_captures(timelines, now);
    match output::machine(&document, format)? {
        Some(text) => output::print(&text)?,
        None => failover::print(&document, failover::Format::Table)?,
    }
    Ok(document.exit())
}

fn show(reports: Vec<NodeReport>, now: Timestamp, format: Format) -> Outcome {
    let asked = reports.len();
    // As with agents: one alone is a node whose neighbours nobody asked, several are all.
    let scope = if asked == 1 { Scope::Node } else { Scope::Agents };
    let coverage = Coverage { scope, asked, replied: asked, failed: Vec::new() };
    let told = Told { reports, coverage, notes: Vec::new(), now };
    let document = Document::new(&told, &[]).with_evidence(&told);
    let text = match (output::machine(&document, format)?, document.lb_ips.as_slice()) {
        (Some(text), _) => text,
        (None, []) => "No frame is about these addresses.\n".to_owned() + &rests_on(&told),
        (None, [only]) if format == Format::Table => {
            who_text::page(only, now, Table::for_stdout) + &rests_on(&told)
        }
        (None, _) => status::rows(&document, format, Table::for_stdout) + &rests_on(&told),
    };
    output::print(&text)?;
    Ok(document.exit())
}

fn rests_on(told: &Told) -> String {
    let nodes: Vec<_> = told.reports.iter().map(|report| report.node.as_str()).collect();
    let origins =
        if by_length(&told.reports) { " Program or kernel: told by the length of their frames." } else { "" };
    format!("\nRests on the captures of {}, as of {}.{origins}\n", nodes.join(", "), told.now)
}

/// Whether an origin was told by a frame's length.
fn by_length(reports: &[NodeReport]) -> bool {
    let mut locals = reports.iter().flat_map(|report| &report.lb_ips).flat_map(|lb_ip| &lb_ip.local);
    locals.any(|local| {
        let sender = local.sender.as_ref();
        local.origin == Origin::Kernel || sender.is_some_and(|sender| sender.by == Named::Length)
    })
}

#[cfg(test)]
mod tests;
