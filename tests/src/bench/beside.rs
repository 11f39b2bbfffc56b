//! A flood of requests at three hosts: with nothing, with an agent, with tcpdump.

use std::fs;
use std::iter::repeat_n;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::addresses::{ASKER, request, v4};
use super::agent::start_with;
use super::sample::{median, paired, rounds};
use super::table::{Row, Section};
use crate::frames::MacAddr;
use crate::frames::ethernet::{self, Addresses};
use crate::lab::{Agent, Host, Lab, Process, until};
use crate::socket::PacketSocket;

/// Frames a round: few, and many rounds, because most short rounds are disturbed by nobody.
const FRAMES: usize = 4000;
/// Rounds for each one asked for.
const ROUNDS: usize = 5;
/// LB IPs the agent watches.
const WATCHED: u32 = 1000;
/// The `EtherType` for experiments (IEEE 802): nobody but us listens for the last frame of a round.
const MARKER: u16 = 0x88b5;
/// Between two cases: tcpdump may still be busy with what it captured.
const PAUSE: Duration = Duration::from_millis(15);
const LIMIT: Duration = Duration::from_secs(5);

/// A host, its cable and the two ends to use it.
struct Cable {
    host: Host,
    sender: PacketSocket,
    receiver: PacketSocket,
}

pub(super) fn measure(count: usize) -> Result<Section> {
    let count = count * ROUNDS;
    let lab = Lab::new()?;
    let mut cables =
        [Cable::plug(&lab, "bare")?, Cable::plug(&lab, "witness")?, Cable::plug(&lab, "tcpdump")?];
    let agent = start_with(&cables[1].host, WATCHED, &[])?;
    let mut tcpdump = tcpdump(&cables[2].host)?;
    let before = (cpu_time(agent.process())?, cpu_time(&tcpdump)?);
    let frame = request(v4(0).into());
    let marker = marker();
    let samples = rounds(count, &mut cables, |cable| {
        thread::sleep(PAUSE);
        Ok(cable.flood(&lab, &frame, &marker)?.as_nanos() as f64 / FRAMES as f64)
    })?;
    thread::sleep(PAUSE);
    let sent = (FRAMES * (count + 1)) as u64;
    let own = |after: Duration, before| after.saturating_sub(before).as_nanos() as f64 / sent as f64;
    let own = (own(cpu_time(agent.process())?, before.0), own(cpu_time(&tcpdump)?, before.1));
    let row = |case, at: usize| Row {
        ratio: Some(paired(&samples[at], &samples[0], |value, base| value / base)),
        difference: Some(paired(&samples[at], &samples[0], |value, base| value - base)),
        ..Row::new(case, median(samples[at].clone()), "ns")
    };
    let rows = vec![
        Row::new("nothing", median(samples[0].clone()), "ns"),
        row("l2witness agent", 1),
        row("tcpdump -n -i eth0 arp -w /dev/null", 2),
        Row::new("CPU time of the agent's process itself", own.0, "ns"),
        Row::new("CPU time of tcpdump's process itself", own.1, "ns"),
    ];
    let method = format!(
        "{count} rounds of {FRAMES} ARP requests for one LB IP, over a veth pair to each of three hosts in turn; from the\n\
         first frame until a last one is received behind them, so the receiving kernel's work is in it.\n\
         Of {sent} requests the agent counted {}; tcpdump says:\n\
         {}.",
        counted(&agent)?,
        captured(&mut tcpdump)?
    );
    Ok(Section { title: "A flood of ARP requests, per frame", method, rows })
}

impl Cable {
    fn plug(lab: &Lab, name: &str) -> Result<Self> {
        let host = lab.host(name)?;
        let sender = lab.switch().enter(|| PacketSocket::open(name, MARKER))?;
        let receiver = host.packet_socket(MARKER)?;
        Ok(Self { host, sender, receiver })
    }

    /// The time until all frames are through.
    fn flood(&self, lab: &Lab, frame: &[u8], marker: &[u8]) -> Result<Duration> {
        // In a thread of its own, which may be tied to a processor: the receiving half of a veth pair
        // runs where the sender does.
        lab.switch().enter(|| {
            stay_here()?;
            let start = Instant::now();
            let burst = self.sender.send_many(repeat_n(frame, FRAMES)).context("send")?;
            self.sender.send(marker).context("send")?;
            let last = self.receiver.recv(LIMIT)?.context("the last frame did not arrive")?;
            let took = start.elapsed();
            ensure!(burst.refused == 0 && last == marker, "{} frames were refused", burst.refused);
            Ok(took)
        })
    }
}

/// Ties this thread to the last of the processors it may use.
fn stay_here() -> Result<()> {
    let allowed = sched_getaffinity(Pid::from_raw(0)).context("sched_getaffinity")?;
    let last = (0..CpuSet::count()).rev().find(|cpu| allowed.is_set(*cpu).unwrap_or(false));
    let mut only = CpuSet::new();
    only.set(last.context("no processor")?).context("CPU_SET")?;
    sched_setaffinity(Pid::from_raw(0), &only).context("sched_setaffinity")
}

fn marker() -> Vec<u8> {
    let addresses = Addresses { destination: MacAddr::broadcast(), source: ASKER.mac };
    ethernet::frame(addresses, pnet::packet::ethernet::EtherType(MARKER), &[0; 46])
}

fn tcpdump(host: &Host) -> Result<Process> {
    let mut command = host.command("tcpdump");
    command.args(["-n", "-i", "eth0", "arp", "-w", "/dev/null"]);
    let mut process = host.spawn(command)?;
    until(LIMIT, || match process.ended()? {
        Some(status) => bail!("tcpdump ended: {status}\n{}", process.stderr()),
        None => Ok(process.stderr().contains("listening on").then_some(())),
    })?;
    Ok(process)
}

/// What tcpdump says at its end.
fn captured(tcpdump: &mut Process) -> Result<String> {
    tcpdump.signal(Signal::SIGINT)?;
    tcpdump.wait(LIMIT)?;
    let stderr = tcpdump.stderr();
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains(" packets ")).collect();
    Ok(lines.join(", "))
}

/// What the agent counted.
fn counted(agent: &Agent) -> Result<u64> {
    let report = agent.json("/api/v1/node")?;
    let lb_ips = report["lb_ips"].as_array().context("a report without LB IPs")?;
    let requests = lb_ips.iter().filter_map(|lb_ip| lb_ip["interfaces"][0]["requests"]["group"].as_u64());
    Ok(requests.sum())
}

/// The CPU time of a process's first thread, of which these have no other that matters.
fn cpu_time(process: &Process) -> Result<Duration> {
    let path = format!("/proc/{}/schedstat", process.pid());
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    nanoseconds.map(Duration::from_nanos).with_context(|| format!("{path}: {text}"))
}
