//! `l2witness observe`: what all agents see and are told, as it comes.

mod line;

use std::{
    io::{self, Write as _},
    net::IpAddr,
};

use anyhow::Context as _;
use jiff::Timestamp;

use super::{
    client::{self, AgentArgs},
    events::{self, Following, Gathered, Kind, News, Query, Since},
    exit::{Exit, Failure, Outcome},
    output,
    reach::Reach,
};
use crate::{evidence::Event, serve::Signals, verdict::few};
pub(super) use line::compact;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What is kept comes in the order of time, by each node's own clock; what happens then comes as it \
    happens. `-o json` can be read again by `failover --input-file`."
)]
pub(super) struct Args {
    /// Go on with what happens from now on
    #[arg(short, long)]
    follow: bool,
    /// Only what is about this LB IP, and about nodes as a whole; repeatable
    #[arg(long, value_name = "IP", value_delimiter = ',')]
    ip: Vec<IpAddr>,
    /// Only events of this kind; repeatable
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<Kind>,
    /// Nothing older: a time such as 2026-01-31T14:03:00Z, or how long ago, such as 10m
    #[arg(long, value_name = "TIME|DURATION")]
    since: Option<Since>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    agents: AgentArgs,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line an event, for people
    #[default]
    Compact,
    /// One JSON document an event
    Json,
}

pub(super) fn run(args: &Args) -> Outcome {
    client::runtime()?.block_on(observe(args))
}

async fn observe(args: &Args) -> Outcome {
    let query = Query {
        ips: args.ip.iter().copied().collect(),
        kinds: args.kind.iter().copied().collect(),
        since: args.since.map(|since| since.before(Timestamp::now())),
    };
    let reach = Reach::open(&args.agents).await?;
    let everybody = reach.everybody().await?;
    output::note(&everybody.notes);
    let Gathered { events, places, failed } =
        events::gather(&everybody.targets, &query, reach.timeout()).await;
    let missing = everybody.missing.iter().chain(&failed);
    let missing: Vec<_> = missing.map(|failed| format!("{}: {}", failed.agent, failed.error)).collect();
    if failed.len() == everybody.targets.len() {
        return Err(Failure::Unreachable(match missing.as_slice() {
            [] => "there is no agent".to_owned(),
            [only] => only.clone(),
            several => format!("none of {} agents replied: {}", several.len(), few(several.iter().cloned())),
        }));
    }
    output::note(&missing);
    for event in &events {
        if !line(event, args.output)? {
            return Ok(Exit::Fine);
        }
    }
    if args.follow {
        follow(Following::new(&everybody.targets, &places, &query, reach.timeout()), args.output).await?;
    }
    Ok(if missing.is_empty() { Exit::Fine } else { Exit::Unknown })
}

async fn follow(mut following: Following, format: Format) -> anyhow::Result<()> {
    let mut signals = Signals::catch().context("catching signals")?;
    loop {
        let news = tokio::select! {
            news = following.next() => news,
            () = signals.end() => return Ok(()),
        };
        match news {
            Some(News::Event(event)) => {
                if !line(&event, format)? {
                    return Ok(());
                }
            }
            Some(News::Away { agent, error }) => output::note(&[format!("{agent} is not heard: {error}")]),
            Some(News::Back { agent }) => output::note(&[format!("{agent} is heard again")]),
            None => return Ok(()),
        }
    }
}

/// One line, at once and whole; says whether anybody still reads.
fn line(event: &Event, format: Format) -> anyhow::Result<bool> {
    let mut text = match format {
        Format::Compact => compact(event),
        Format::Json => serde_json::to_string(event).context("writing JSON")?,
    };
    text.push('\n');
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("writing to stdout"),
    }
}
