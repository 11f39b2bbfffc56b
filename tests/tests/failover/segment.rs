//! A router that asks and writes down what it sees, three nodes with agents and speakers, and the command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Output;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use l2witness::timeline::{Handover, Party, Timeline};
use l2witness_tests::e2e::asker::{Diary, Seen};
use l2witness_tests::frames::MacAddr;
use l2witness_tests::lab::{Agent, Host, Lab, binary, until, until_every};
use l2witness_tests::speaker::{Speaker, burst};
use serde::Deserialize;

/// How long a change may take to be answered for, and to be told.
const LIMIT: Duration = Duration::from_secs(15);

/// Between two requests: the router's own measure of a gap is no finer.
const PERIOD: Duration = Duration::from_millis(2);

/// What may lie between the router's measure and the agents': both are the kernel's, one where a frame leaves a node and
/// one where it comes in elsewhere, on a machine of two cores that does other things, too.
pub(crate) const APART: Duration = Duration::from_millis(5);

/// Everything in one segment. Dropped in this order: who asks before who answers.
pub(crate) struct Segment {
    diary: Diary,
    pub(crate) nodes: [Node; 3],
    pub(crate) router: Host,
    pub(crate) ip: IpAddr,
    pub(crate) lab: Lab,
}

/// One node.
pub(crate) struct Node {
    speaker: Option<Speaker>,
    _agent: Agent,
    pub(crate) host: Host,
}

/// What `failover -o json` prints, and `replay --failover` as well; the part that matters here.
#[derive(Deserialize)]
struct Document {
    timelines: Vec<Timeline>,
}

impl Segment {
    /// The first node announces `ip`, and the router hears nobody else. `ahead` are the seconds by which the nodes' clocks are.
    pub(crate) fn start(lab: Lab, ip: IpAddr, ahead: [i64; 3]) -> Result<Self> {
        let router = lab.host("rt")?;
        let node = |name: &str, ahead: i64| -> Result<Node> {
            let host = lab.host(name)?;
            let args = ["--lb-ip", &ip.to_string(), "--speaker", "lab-speaker"];
            let agent = Agent::start_skewed(&host, &args, ahead)?;
            Ok(Node { speaker: Some(Speaker::start(&host)?), _agent: agent, host })
        };
        let nodes = [node("n1", ahead[0])?, node("n2", ahead[1])?, node("n3", ahead[2])?];
        nodes[0].speaker()?.announce(ip)?;
        let diary = Diary::start(&router, "eth0", (router.v4(), router.v6()), ip, PERIOD)?;
        let segment = Self { diary, nodes, router, ip, lab };
        segment.answered_by(0)?;
        // The first announcements are not to be part of what comes.
        thread::sleep(burst::LENGTH);
        Ok(segment)
    }

    /// Waits until the router hears that node.
    pub(crate) fn answered_by(&self, node: usize) -> Result<()> {
        self.answered_anew_by(node, Timestamp::MIN)
    }

    /// Waits until the router hears that node again.
    pub(crate) fn answered_anew_by(&self, node: usize, since: Timestamp) -> Result<()> {
        let mac = self.nodes[node].host.mac();
        let anew = |(by, at): (MacAddr, Timestamp)| by == mac && at > since;
        until(LIMIT, || Ok(self.diary.last().is_some_and(anew).then_some(())))
            .with_context(|| format!("the router hears {:?}, not {mac}", self.diary.last()))
    }

    /// What the router saw of a change after `since`.
    pub(crate) fn seen(&self, from: usize, to: usize, since: Timestamp) -> Result<Seen> {
        let [from, to] = [from, to].map(|node| self.nodes[node].host.mac());
        self.diary.change(from, to, since).context("one of the two did not answer")
    }

    /// The longest time without an answer that the router saw after `since`.
    pub(crate) fn silence(&self, since: Timestamp) -> Result<Seen> {
        self.diary.silence(since).context("nobody answered")
    }

    /// What `l2witness failover` tells about the address, when it is as it must be.
    pub(crate) fn told(
        &self,
        last: usize,
        mut holds: impl FnMut(&Timeline) -> Result<()>,
    ) -> Result<Timeline> {
        let mut wrong = None;
        let told = until_every(Duration::from_millis(300), LIMIT, || {
            let told = self.failover(last)?;
            wrong = holds(&told).err().map(|error| error.context(format!("{told:#?}")));
            Ok(wrong.is_none().then_some(told))
        });
        match (told, wrong) {
            (Err(_), Some(wrong)) => {
                let kinds = ["reply", "last_reply", "reply_again", "announcement", "lost"];
                Err(wrong.context(self.observed(&kinds)?))
            }
            (told, _) => told,
        }
    }

    fn failover(&self, last: usize) -> Result<Timeline> {
        let (ip, last) = (self.ip.to_string(), last.to_string());
        let output = self.l2witness(&["failover", &ip, "-o", "json", "--last", &last])?;
        self.printed(&output)
    }

    /// The address's timeline in what `l2witness` printed.
    pub(crate) fn printed(&self, output: &Output) -> Result<Timeline> {
        let text = String::from_utf8_lossy(&output.stdout);
        let document: Document = serde_json::from_str(&text)
            .with_context(|| format!("{text}{}", String::from_utf8_lossy(&output.stderr)))?;
        document.timelines.into_iter().find(|timeline| timeline.ip == self.ip).context("no timeline")
    }

    /// Whatever the agents noted of these kinds, a line each.
    pub(crate) fn observed(&self, kinds: &[&str]) -> Result<String> {
        let kinds: Vec<_> = kinds.iter().map(|kind| format!("--kind={kind}")).collect();
        let mut args = vec!["observe"];
        args.extend(kinds.iter().map(String::as_str));
        self.said(&args)
    }

    /// What `l2witness status` tells now, as JSON.
    pub(crate) fn status(&self) -> Result<String> {
        self.said(&["status", "-o", "json"])
    }

    fn said(&self, args: &[&str]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.l2witness(args)?.stdout).into_owned())
    }

    /// Runs the command line on the router.
    fn l2witness(&self, args: &[&str]) -> Result<Output> {
        let program: PathBuf = binary("l2witness")?;
        let mut command = self.router.command(&program.to_string_lossy());
        command.args(args);
        for node in &self.nodes {
            command.arg(format!("--agent=http://{}:9472", node.host.v4().ip));
        }
        command.output().context("run l2witness")
    }
}

impl Node {
    /// Its speaker.
    pub(crate) fn speaker(&self) -> Result<&Speaker> {
        self.speaker.as_ref().context("the speaker was killed")
    }

    /// Starts a speaker where the last one was killed.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.speaker = Some(Speaker::start(&self.host)?);
        Ok(())
    }

    /// Ends its speaker at once (SIGKILL).
    pub(crate) fn kill(&mut self) {
        self.speaker = None;
    }
}

/// From whom to whom, by the nodes' names.
pub(crate) fn parties(handover: &Handover) -> (Option<&str>, Option<&str>) {
    (name(handover.from.as_ref()), name(handover.to.as_ref()))
}

fn name(party: Option<&Party>) -> Option<&str> {
    party?.node.as_deref()
}

/// The gap that was told is the router's own, within what lies between them.
pub(crate) fn same_gap(handover: &Handover, seen: &Seen) -> Result<()> {
    let gap = handover.gap_ns.context("no gap is told")?;
    let error = handover.error_ns.context("the error of the gap is not known")?;
    let apart = (i128::from(gap) - seen.gap.as_nanos()).unsigned_abs();
    let most = APART.as_nanos() + u128::from(error);
    ensure!(apart <= most, "told {gap} ns ± {error}, seen {} ns", seen.gap.as_nanos());
    Ok(())
}
