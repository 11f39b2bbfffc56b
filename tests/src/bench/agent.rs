//! The agent as a whole: how soon it is ready, how long a scrape takes, and its memory.

use std::fs;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::addresses::{request, watched};
use super::memory;
use super::sample::repeated;
use super::table::{Row, Section};
use crate::lab::{Agent, Host, Lab};
use crate::socket::{ARP, PacketSocket};

/// A usual cluster, and a large one.
const USUAL: u32 = 1000;
const LARGE: u32 = 10_000;

/// Starts an agent that watches `count` LB IPs, listed in a file.
pub(super) fn start_with(host: &Host, count: u32, args: &[&str]) -> Result<Agent> {
    let path = host.scratch().join(format!("{}-{count}.txt", host.name()));
    let list: Vec<_> = watched(count).map(|ip| ip.to_string()).collect();
    fs::write(&path, list.join("\n")).with_context(|| path.display().to_string())?;
    let path = path.to_string_lossy();
    let capacity = count.max(4096).to_string();
    Agent::start(host, &[&["--lb-ip-file", &path, "--max-ips", &capacity], args].concat())
}

pub(super) fn measure(count: usize) -> Result<Section> {
    let lab = Lab::new()?;
    let host = lab.host("n1")?;
    let ready = repeated(count, || {
        let start = Instant::now();
        let agent = start_with(&host, USUAL, &[])?;
        let took = start.elapsed();
        agent.stop()?;
        Ok(took.as_secs_f64() * 1e3)
    })?;
    let mut rows = vec![Row::new(format!("start to ready, {USUAL} LB IPs"), ready, "ms").at_most(300.0)];
    rows.extend(at_work(&lab, &host, count, USUAL)?);
    rows.extend(at_work(&lab, &host, count, LARGE)?);
    rows.extend(on_four_interfaces(&host)?);
    let method = "From the start of the process until /readyz answers 200 on the unix socket, asked every 2 ms. Then each \
                  LB IP\nis asked for once; after that come three scrapes, then memory from /proc/<pid>/smaps_rollup, \
                  then the time of a\nscrape over the unix socket. Kernel memory is what the kernel charges for the \
                  agent's maps and programs\n(memlock in /proc/<pid>/fdinfo, each once)."
        .to_owned();
    Ok(Section { title: "The agent", method, rows })
}

/// One interface, every LB IP asked for once.
fn at_work(lab: &Lab, host: &Host, count: usize, ips: u32) -> Result<Vec<Row>> {
    let agent = start_with(host, ips, &[])?;
    let sender = lab.switch().enter(|| PacketSocket::open(host.name(), ARP))?;
    let frames: Vec<_> = watched(ips).map(request).collect();
    sender.send_many(frames.iter().map(Vec::as_slice)).context("send")?;
    let mut lines = 0;
    for _ in 0..3 {
        lines = agent.get("/metrics")?.lines().filter(|line| is_counted(line)).count();
    }
    ensure!(lines >= ips as usize, "only {lines} of {ips} requests were counted");
    let memory = memory::of_process(agent.process().pid())?;
    let scrape = repeated(count, || {
        let start = Instant::now();
        agent.get("/metrics")?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    })?;
    let bytes = agent.get("/metrics")?.len();
    agent.stop()?;
    let rss = Row::new(format!("resident memory (VmRSS), {ips} LB IPs"), memory.resident, "MiB");
    Ok(vec![
        if ips == USUAL { rss.at_most(12.0) } else { rss },
        Row::new("  of it private to the process", memory.private, "MiB"),
        Row::new("  proportional (Pss)", memory.proportional, "MiB"),
        Row::new(format!("scrape of /metrics, {ips} LB IPs"), scrape, "ms"),
        Row::new("  its size", bytes as f64 / f64::from(1 << 20), "MiB"),
    ])
}

fn is_counted(line: &str) -> bool {
    line.starts_with("l2witness_requests_received_total{") && line.ends_with(" 1")
}

/// The largest node the budget is made for.
fn on_four_interfaces(host: &Host) -> Result<Vec<Row>> {
    for number in 1..4 {
        let (here, there) = (format!("eth{number}"), format!("x{number}"));
        host.ip(["link", "add", &here, "type", "veth", "peer", "name", &there])?;
        host.ip(["link", "set", &here, "up"])?;
        host.ip(["link", "set", &there, "up"])?;
    }
    let agent = start_with(host, LARGE, &["--interface", "eth[0-3]"])?;
    let kernel = memory::of_kernel(agent.process().pid())?;
    let process = memory::of_process(agent.process().pid())?;
    agent.stop()?;
    Ok(vec![
        Row::new(format!("kernel memory of the maps, {LARGE} LB IPs on 4 interfaces"), kernel.maps, "MiB")
            .at_most(16.0),
        Row::new("  of the programs", kernel.programs, "MiB"),
        Row::new("  resident memory of the process then", process.resident, "MiB"),
    ])
}
