//! `l2witness status`, `who` and `failover`, run on the router against all agents.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, Result, ensure};
use l2witness::timeline::{self, StepKind, Timeline};
use serde::Deserialize;
use serde_json::Value;

use crate::lab::{Host, binary};

/// The highest exit code that is a verdict: 0 fine, 1 warning, 2 problem, 3 cannot tell.
const VERDICTS: std::ops::RangeInclusive<i32> = 0..=3;

/// The command line, with the namespace it runs in and the agents it asks.
pub(super) struct Witness {
    program: PathBuf,
    namespace: PathBuf,
    flags: Vec<String>,
}

/// What `status -o json` tells: as it came, and the part the demo looks at.
#[derive(Clone, Debug)]
pub(super) struct Document {
    raw: Value,
    lb_ips: Vec<LbIp>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct LbIp {
    ip: IpAddr,
    answerers: Vec<Answerer>,
    foreign: Vec<Foreign>,
}

/// Who answers, or did.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Answerer {
    pub(super) node: String,
    pub(super) origin: String,
    pub(super) state: String,
    replies: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Foreign {
    mac: String,
}

/// What was told of a handover.
#[derive(Clone, Debug)]
pub(super) struct Handover(timeline::Handover);

impl Witness {
    pub(super) fn new(router: &Host, agents: &[Ipv4Addr]) -> Result<Self> {
        let flags = agents.iter().map(|ip| format!("--agent=http://{ip}:9472")).collect();
        Ok(Self { program: binary("l2witness")?, namespace: router.path(), flags })
    }

    /// The flags that name all agents.
    pub(super) fn flags(&self) -> &[String] {
        &self.flags
    }

    /// The words of a shell command that does the same as [`Self::show`].
    pub(super) fn shell(&self, args: &str) -> String {
        let Self { program, namespace, flags } = self;
        let (namespace, program) = (namespace.display(), program.display());
        format!("nsenter --net={namespace} {program} {args} {}", flags.join(" "))
    }

    /// Prints the command and what it prints.
    pub(super) fn show(&self, args: &[&str]) -> Result<()> {
        writeln!(io::stdout(), "\n$ l2witness {}", args.join(" "))?;
        let status = self.command(args).status().context("run l2witness")?;
        verdict(status)
    }

    /// What `status -o json` tells now.
    pub(super) fn status(&self) -> Result<Document> {
        let output = self.command(&["status", "-o", "json"]).output().context("run l2witness")?;
        verdict(output.status).with_context(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())?;
        Document::parse(&output.stdout)
    }

    /// What `failover` tells of the last handover of `ip`; nothing while there was none.
    pub(super) fn failover(&self, ip: IpAddr) -> Result<Option<Handover>> {
        let args = ["failover", &ip.to_string(), "-o", "json"];
        let output = self.command(&args).output().context("run l2witness")?;
        verdict(output.status).with_context(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())?;
        let mut told: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("l2witness failover: {}", String::from_utf8_lossy(&output.stdout)))?;
        let timelines =
            Vec::<Timeline>::deserialize(told["timelines"].take()).context("l2witness failover")?;
        let last = timelines.into_iter().flat_map(|timeline| timeline.handovers).next_back();
        Ok(last.map(Handover))
    }

    /// Writes the picture of the last handover of `ip` into a file.
    pub(super) fn picture(&self, ip: IpAddr, file: &Path) -> Result<()> {
        let output = File::create(file).with_context(|| format!("create {}", file.display()))?;
        let status = self.command(&["failover", &ip.to_string(), "-o", "html"]).stdout(output).status();
        verdict(status.context("run l2witness")?)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.namespace.display())).arg("--").arg(&self.program);
        command.args(args).args(&self.flags);
        command
    }
}

impl Handover {
    /// Whether it went from the one to the other, both ends were seen, and so were all rounds of announcements.
    pub(super) fn is_whole(&self, from: &str, to: &str, rounds: usize) -> bool {
        let timeline::Handover { from: former, to: heir, gap_ns, steps, .. } = &self.0;
        let is = |party: &Option<timeline::Party>, name: &str| {
            party.as_ref().is_some_and(|party| party.node.as_deref() == Some(name))
        };
        let announced = steps.iter().filter(|step| step.kind == StepKind::Announcement).count();
        is(former, from) && is(heir, to) && gap_ns.is_some() && announced >= rounds
    }
}

fn verdict(status: ExitStatus) -> Result<()> {
    ensure!(status.code().is_some_and(|code| VERDICTS.contains(&code)), "l2witness: {status}");
    Ok(())
}

impl Document {
    fn parse(json: &[u8]) -> Result<Self> {
        let mut whole: Value = serde_json::from_slice(json)
            .with_context(|| format!("l2witness status: {}", String::from_utf8_lossy(json)))?;
        let raw = whole["lb_ips"].take();
        let lb_ips = Vec::deserialize(&raw).with_context(|| format!("l2witness status: {raw}"))?;
        Ok(Self { raw, lb_ips })
    }

    /// All it says about the LB IPs.
    pub(super) fn raw(&self) -> &Value {
        &self.raw
    }

    /// Who answers for `ip` now.
    pub(super) fn answering(&self, ip: IpAddr) -> Vec<&Answerer> {
        let lb_ip = self.lb_ips.iter().find(|lb_ip| lb_ip.ip == ip);
        let answerers = lb_ip.into_iter().flat_map(|lb_ip| &lb_ip.answerers);
        answerers.filter(|answerer| answerer.state == "answering").collect()
    }

    /// How often `node` replied for `ip`.
    pub(super) fn replies(&self, ip: IpAddr, node: &str) -> u64 {
        let lb_ips = self.lb_ips.iter().filter(|lb_ip| lb_ip.ip == ip);
        let answerers = lb_ips.flat_map(|lb_ip| &lb_ip.answerers).filter(|answerer| answerer.node == node);
        answerers.map(|answerer| answerer.replies).sum()
    }

    /// Whether a host that is no node claims `ip` with this hardware address.
    pub(super) fn claimed_by(&self, ip: IpAddr, mac: &str) -> bool {
        self.lb_ips
            .iter()
            .any(|lb_ip| lb_ip.ip == ip && lb_ip.foreign.iter().any(|foreign| foreign.mac == mac))
    }
}
