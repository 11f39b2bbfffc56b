//! Which agents to ask, and asking them all at once.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use jiff::Timestamp;
use reqwest::Url;
use tokio::{runtime::Runtime, sync::Semaphore, task::JoinSet};

use super::{
    api::ApiArgs,
    exit::Failure,
    fetch::{self, Target},
};
use crate::{
    evidence::NodeReport,
    verdict::{Coverage, Failed, Scope, corrected, few, span},
};

const DEFAULT_PORT: u16 = 9472;
pub(super) const AT_ONCE: usize = 32;

/// Whom to ask.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Agents")]
pub(super) struct AgentArgs {
    /// Agent to ask, `host[:port]` or `http://host[:port]`; give every node that may answer [port: 9472]
    #[arg(long, env = "L2WITNESS_AGENTS", value_name = "URL", value_delimiter = ',', value_parser = agent_url)]
    pub(super) agent: Vec<Url>,
    /// Socket of this node's agent, asked alone [default: /run/l2witness/agent.sock, where there is one and
    /// neither an agent nor a kubeconfig is given]
    #[arg(long, env = "L2WITNESS_SOCKET", value_name = "PATH")]
    pub(super) socket: Option<PathBuf>,
    /// How long to wait for an agent, and for the API server
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) timeout: u64,
    #[command(flatten)]
    pub(super) api: ApiArgs,
}

/// What the agents told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) reports: Vec<NodeReport>,
    pub(super) coverage: Coverage,
    /// For stderr.
    pub(super) notes: Vec<String>,
    pub(super) now: Timestamp,
}

impl Told {
    /// Nothing, because whoever knows the agents could not be asked.
    pub(super) fn nothing(agent: &str, error: &str) -> Self {
        let failed = vec![Failed { agent: agent.to_owned(), error: error.to_owned() }];
        let coverage = Coverage { scope: Scope::Agents, asked: 0, replied: 0, failed };
        Self { reports: Vec::new(), coverage, notes: Vec::new(), now: Timestamp::now() }
    }

    /// The one line for nobody having replied.
    pub(super) fn nobody(&self) -> Option<Failure> {
        let [first, rest @ ..] = self.coverage.failed.as_slice() else { return None };
        if !self.reports.is_empty() {
            return None;
        }
        Some(Failure::Unreachable(match self.coverage.scope {
            Scope::Node => format!(
                "{}: {}; is the agent running on this node? Else point to it with --socket PATH or --agent URL, or to all of them with --kubeconfig FILE",
                first.agent, first.error
            ),
            Scope::Agents if rest.is_empty() => format!("{}: {}", first.agent, first.error),
            Scope::Agents => {
                let same = rest.iter().all(|failed| failed.error == first.error);
                let why = if same { format!(": {}", first.error) } else { String::new() };
                format!("none of {} agents replied{why}", self.coverage.asked)
            }
        }))
    }
}

/// For everything that waits: the command line needs one thread.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting tokio")?)
}

/// Asks these agents; `known` are those that can't be asked.
pub(super) async fn ask_all(
    targets: Vec<Target>,
    scope: Scope,
    known: Vec<Failed>,
    timeout: Duration,
) -> Told {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (place, target) in targets.iter().cloned().enumerate() {
        let permits = Arc::clone(&permits);
        tasks.spawn(async move {
            // The semaphore is never closed.
            let _permit = permits.acquire_owned().await;
            let asked = Timestamp::now();
            let answer = fetch::report(&target, timeout).await;
            (place, answer.map(|report| corrected(report, asked, Timestamp::now())))
        });
    }
    let mut answers: Vec<_> = tasks.join_all().await;
    answers.sort_by_key(|(place, _)| *place);

    let asked = targets.len() + known.len();
    let mut told = Told {
        reports: Vec::new(),
        coverage: Coverage { scope, asked, replied: 0, failed: known },
        notes: Vec::new(),
        now: Timestamp::now(),
    };
    for ((_, answer), target) in answers.into_iter().zip(&targets) {
        match answer {
            Ok((report, ahead)) => told.add(report, ahead, target),
            Err(error) => {
                told.coverage.failed.push(Failed { agent: target.to_string(), error: error.to_string() });
            }
        }
    }
    told.conclude();
    told
}

impl Told {
    fn add(&mut self, report: NodeReport, ahead: jiff::SignedDuration, target: &Target) {
        if self.reports.iter().any(|known| known.node == report.node) {
            self.coverage.asked -= 1;
            self.notes.push(format!("{target} is {} again; counted once", report.node));
            return;
        }
        if ahead.as_secs() != 0 {
            let way = if ahead.is_negative() { "behind" } else { "ahead" };
            let by = span(ahead.abs());
            self.notes.push(format!("the clock of {} is {by} {way}; its times are corrected", report.node));
        }
        self.reports.push(report);
    }

    fn conclude(&mut self) {
        self.coverage.replied = self.reports.len();
        let Coverage { scope, asked, replied, failed } = &self.coverage;
        if !failed.is_empty() && *asked > 1 {
            let list = by_error(failed);
            self.notes.push(format!("asked {asked} agents, {replied} replied: {list}"));
        } else if *scope == Scope::Node && *replied == 1 {
            self.notes.push(format!(
                "only {} was asked: whether another node answers, too, is not known (--agent or --kubeconfig asks more)",
                self.reports[0].node
            ));
        }
    }
}

/// Who failed, by why: a missing permission fails everywhere.
fn by_error(failed: &[Failed]) -> String {
    let mut errors: Vec<(&str, Vec<String>)> = Vec::new();
    for Failed { agent, error } in failed {
        match errors.iter_mut().find(|(known, _)| known == error) {
            Some((_, agents)) => agents.push(agent.clone()),
            None => errors.push((error, vec![agent.clone()])),
        }
    }
    let told = errors.into_iter().map(|(error, agents)| format!("{}: {error}", few(agents)));
    told.collect::<Vec<_>>().join("; ")
}

/// `host`, `host:port`, an IPv6 address with or without brackets, or an http URL.
fn agent_url(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let full = if text.contains("://") {
        text.to_owned()
    } else if text.parse::<std::net::Ipv6Addr>().is_ok() {
        format!("http://[{text}]")
    } else {
        format!("http://{text}")
    };
    let mut url = Url::parse(&full).map_err(|error| error.to_string())?;
    if url.scheme() != "http" {
        return Err(format!("agents speak http, not {}", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("no host".to_owned());
    }
    // 80 is http's own port, which `port()` does not show.
    let authority = full.trim_start_matches("http://").split('/').next().unwrap_or_default();
    if url.port().is_none() && !authority.ends_with(":80") {
        url.set_port(Some(DEFAULT_PORT)).map_err(|()| "no port can be set".to_owned())?;
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
