//! `l2witness probe IP`: asks on the wire, where evidence alone can't tell because nobody else asks.

mod outcome;
mod place;
mod question;
mod text;
mod wire;

use std::{net::IpAddr, thread, time::Duration};

use anyhow::{Context as _, anyhow};
use clap::ValueEnum;

use super::{
    client::{self, AgentArgs, Told},
    exit::{Failure, Outcome},
    output,
    reach::Reach,
};
use crate::{
    evidence::MacAddr,
    verdict::{State, local_states},
    wire::{Links, may_ask},
};
use outcome::Probed;
use place::{NoPlace, Place, Sender, places};
use wire::{Answer, Plan};

/// How to print.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The LB IP
    ip: IpAddr,
    /// Ask on this interface; repeatable [default: those whose subnet has the IP, else those MetalLB would use]
    #[arg(short, long, value_name = "NAME")]
    interface: Vec<String>,
    /// How often to ask
    #[arg(short, long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    count: u32,
    /// Between two questions
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    interval: Duration,
    /// How long to wait for answers to the last question
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    wait: Duration,
    /// Ask for IPv4 with this host's own address, as any host does, instead of 0.0.0.0: nodes with `proxy_arp`
    /// answer only then; the asked hosts learn the address
    #[arg(long)]
    own_address: bool,
    /// Ask even if this node is the one that answers, which it can't hear
    #[arg(long)]
    force: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    agents: AgentArgs,
}

/// At least what an answer takes, at most a minute.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if (0.05..=60.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("not between 0.05 and 60".to_owned())
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    let Args { ip, interface, count, interval, wait, own_address, force, output: format, agents } = args;
    if ip.is_multicast() || ip.is_loopback() || ip.is_unspecified() {
        return Err(Failure::Usage(format!("{ip} can't be an LB IP")));
    }
    let runtime = client::runtime()?;
    let links =
        runtime.block_on(async { Links::follow().await?.list().await }).map_err(anyhow::Error::from)?;
    let sender = if *own_address { Sender::Own } else { Sender::Nobody };
    let places = places(*ip, interface, sender, &links).map_err(|error| refused(&error))?;
    if let Some(dead) = dead(&places, &links) {
        return Err(Failure::Unreachable(format!("{dead} has no carrier: nothing sent there gets anywhere")));
    }
    may_ask().map_err(anyhow::Error::from)?;

    let reach = runtime.block_on(Reach::open(agents))?;
    let before = runtime.block_on(agents_told(&reach));
    let here = here(&places, &before);
    if let (Some(node), false) = (here.filter(|node| answers_itself(*ip, node, &before)), force) {
        return Err(Failure::Usage(format!(
            "{node} itself answers for {ip}, and no host hears its own answers: ask from another one, or with --force"
        )));
    }
    let heard = ask(&places, *ip, Plan { count: *count, interval: *interval, wait: *wait })?;
    // Asked again, because the agents have now seen who answered; whom nobody could ask is not worth the wait.
    let told = if before.reports.is_empty() { before } else { runtime.block_on(agents_told(&reach)) };
    let probed = Probed::new(*ip, *count, &heard, &told);
    output::note(&notes(&told, &places));
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&probed).context("writing JSON")? + "\n",
        Format::Table => text::text(&probed, super::table::Table::for_stdout),
    };
    output::print(&text)?;
    Ok(probed.exit())
}

/// What the agents told, be it nothing: the wire answers without them.
async fn agents_told(reach: &Reach<'_>) -> Told {
    reach.ask().await.unwrap_or_else(|failure| Told::nothing("the API server", &failure.to_string()))
}

fn refused(error: &NoPlace) -> Failure {
    if error.is_usage() { Failure::Usage(error.to_string()) } else { Failure::Unreachable(error.to_string()) }
}

fn dead<'a>(places: &'a [Place], links: &[crate::wire::Link]) -> Option<&'a str> {
    let has_carrier =
        |place: &&Place| links.iter().any(|link| link.index == place.interface.index && link.carrier);
    places.iter().find(|place| !has_carrier(place)).map(|place| place.interface.name.as_str())
}

/// The node this runs on, if its agent was heard: the one that has the MAC we ask with.
fn here<'a>(places: &[Place], told: &'a Told) -> Option<&'a str> {
    let ours = |mac: MacAddr| places.iter().any(|place| place.mac.octets() == mac.0);
    let report = told.reports.iter().find(|report| report.interfaces.iter().any(|known| ours(known.mac)))?;
    Some(&report.node)
}

fn answers_itself(ip: IpAddr, node: &str, told: &Told) -> bool {
    told.reports.iter().filter(|report| report.node == node).any(|report| {
        let states = local_states(report, told.now);
        states
            .iter()
            .any(|known| known.ip == ip && matches!(known.state, State::Answering | State::Announced))
    })
}

/// Asks on all interfaces at once.
fn ask(places: &[Place], ip: IpAddr, plan: Plan) -> Result<Vec<(Place, Vec<Answer>)>, Failure> {
    thread::scope(|scope| {
        let asking: Vec<_> =
            places.iter().map(|place| (place, scope.spawn(move || wire::ask(place, ip, plan)))).collect();
        let heard = asking.into_iter().map(|(place, answers)| {
            let answers = answers.join().map_err(|_| anyhow!("asking on {} failed", place.interface.name))?;
            let answers = answers.with_context(|| format!("asking on {}", place.interface.name))?;
            Ok((place.clone(), answers))
        });
        heard.collect()
    })
}

fn notes(told: &Told, places: &[Place]) -> Vec<String> {
    let mut notes = Vec::new();
    match told.nobody() {
        Some(error) => notes.push(format!("whose MACs these are is not known: {error}")),
        None => notes.extend(told.notes.iter().cloned()),
    }
    if let Some(node) = here(places, told) {
        notes.push(format!("asked from {node}: what {node} itself answers is not heard there"));
    }
    notes
}
