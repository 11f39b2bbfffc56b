//! `l2witness` with the cluster's kubeconfig, as an operator runs it.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::lab::binary;

/// The highest exit code that is a verdict: 0 fine, 1 warning, 2 problem, 3 cannot tell.
const VERDICTS: std::ops::RangeInclusive<i32> = 0..=3;

/// How long an agent or the API server may take, which have other things to do here.
const PATIENCE: &str = "--timeout=10";

/// The command line.
#[derive(Debug)]
pub struct Witness {
    program: PathBuf,
    kubeconfig: PathBuf,
}

/// What `status -o json` tells, the part that scenarios look at.
#[derive(Clone, Debug, Deserialize)]
pub struct Document {
    /// On whom it rests.
    pub agents: Coverage,
    /// Every LB IP.
    pub lb_ips: Vec<Judged>,
    /// Nodes with findings of their own.
    #[serde(default)]
    pub nodes: Vec<OnNode>,
}

/// What is to be said about a node rather than an LB IP.
#[derive(Clone, Debug, Deserialize)]
pub struct OnNode {
    /// The node.
    pub node: String,
    /// What is to be said about it.
    pub findings: Vec<Finding>,
}

/// On whom an answer rests.
#[derive(Clone, Debug, Deserialize)]
pub struct Coverage {
    /// Agents asked.
    pub asked: usize,
    /// Agents that replied.
    pub replied: usize,
}

/// One LB IP.
#[derive(Clone, Debug, Deserialize)]
pub struct Judged {
    /// The address.
    pub ip: IpAddr,
    /// Who answers, or did.
    pub answerers: Vec<Answerer>,
    /// What is to be said about it.
    pub findings: Vec<Finding>,
}

/// Who answers, or did.
#[derive(Clone, Debug, Deserialize)]
pub struct Answerer {
    /// The node.
    pub node: String,
    /// `speaker`, `socket`, `kernel`.
    pub origin: String,
    /// `answering`, `announced`, ….
    pub state: String,
    /// Replies sent.
    pub replies: u64,
    /// The program.
    pub sender: Option<Sender>,
}

/// The program behind a socket.
#[derive(Clone, Debug, Deserialize)]
pub struct Sender {
    /// `namespace/name` of its pod.
    pub pod: Option<String>,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Finding {
    /// `L2W101`.
    pub code: String,
    /// `SPLIT`.
    pub name: String,
    /// `info`, `warning`, `unknown`, `problem`.
    pub severity: String,
    /// The numbers that led to it.
    pub reason: String,
    /// Why, where that is known.
    pub cause: Option<String>,
    /// What to do next.
    pub next: String,
}

impl Finding {
    /// Whether somebody has to look at it: a handover, or that nobody asks, is no complaint.
    pub fn is_complaint(&self) -> bool {
        self.severity != "info"
    }

    /// Whether its reason or its cause has this word.
    pub fn says(&self, word: &str) -> bool {
        self.reason.contains(word) || self.cause.as_ref().is_some_and(|cause| cause.contains(word))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, name, reason, cause, .. } = self;
        write!(f, "{code} {name}: {reason}")?;
        cause.as_ref().map_or(Ok(()), |cause| write!(f, "; cause: {cause}"))
    }
}

impl Document {
    /// What is said about `ip`; nothing if no agent watches it.
    pub fn of(&self, ip: IpAddr) -> Option<&Judged> {
        self.lb_ips.iter().find(|judged| judged.ip == ip)
    }

    /// All findings about `ip`, or all there are.
    pub fn about(&self, ip: Option<IpAddr>) -> impl Iterator<Item = &Finding> {
        let of_ips = self.lb_ips.iter().filter(move |judged| ip.is_none_or(|ip| judged.ip == ip));
        let of_nodes = self.nodes.iter().filter(move |_| ip.is_none());
        of_ips.flat_map(|judged| &judged.findings).chain(of_nodes.flat_map(|on| &on.findings))
    }

    /// Every complaint, and the LB IP or the node it is about.
    pub fn complaints(&self) -> impl Iterator<Item = (String, &Finding)> {
        let of_ips = self.lb_ips.iter().map(|judged| (judged.ip.to_string(), &judged.findings));
        let of_nodes = self.nodes.iter().map(|on| (on.node.clone(), &on.findings));
        of_ips.chain(of_nodes).flat_map(|(about, findings)| {
            let complaints = findings.iter().filter(|finding| finding.is_complaint());
            complaints.map(move |finding| (about.clone(), finding))
        })
    }
}

impl Judged {
    /// Who answers now.
    pub fn answering(&self) -> impl Iterator<Item = &Answerer> {
        self.answerers.iter().filter(|answerer| answerer.state == "answering")
    }
}

impl Witness {
    /// The program of this build.
    ///
    /// # Errors
    ///
    /// It is not built.
    pub fn new(kubeconfig: &Path) -> Result<Self> {
        Ok(Self { program: binary("l2witness")?, kubeconfig: kubeconfig.to_owned() })
    }

    /// What `l2witness status` tells now.
    ///
    /// # Errors
    ///
    /// No agent was heard; or as [`Witness::run`].
    pub fn status(&self) -> Result<Document> {
        self.json(&["status", PATIENCE])
    }

    /// What a subcommand tells with `-o json`.
    ///
    /// # Errors
    ///
    /// As [`Witness::run`], or it is not JSON of this shape.
    pub fn json<T: DeserializeOwned>(&self, args: &[&str]) -> Result<T> {
        let output = self.run(&[args, &["-o", "json"]].concat())?;
        serde_json::from_slice(&output.stdout).with_context(|| {
            let said = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat())
                .into_owned();
            format!("l2witness {}: {said}", args.join(" "))
        })
    }

    /// The same, of any shape.
    ///
    /// # Errors
    ///
    /// As [`Witness::json`].
    pub fn value(&self, args: &[&str]) -> Result<Value> {
        self.json(args)
    }

    /// Runs a subcommand to its end.
    ///
    /// # Errors
    ///
    /// Its exit code is no verdict.
    pub fn run(&self, args: &[&str]) -> Result<Output> {
        let mut command = self.command(args);
        command.arg("--kubeconfig").arg(&self.kubeconfig);
        finish(command, args)
    }

    /// `l2witness` with these arguments, without the kubeconfig: for `--agent`.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args);
        command
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// Runs it to its end.
///
/// # Errors
///
/// Its exit code is no verdict.
pub(super) fn finish(mut command: Command, args: &[&str]) -> Result<Output> {
    let output = command.output().context("run l2witness")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let is_verdict = output.status.code().is_some_and(|code| VERDICTS.contains(&code));
    ensure!(is_verdict, "l2witness {}: {}: {}", args.join(" "), output.status, said.trim());
    Ok(output)
}
