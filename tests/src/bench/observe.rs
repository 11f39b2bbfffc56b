//! From a frame on the wire to a line of `l2witness observe -f`.

use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use l2witness::evidence::{Event, What};

use super::addresses::{v4, watched};
use super::agent::start_with;
use super::table::{Row, Section};
use crate::demo::interrupt;
use crate::frames::{Station, arp, documentation_mac};
use crate::lab::{Agent, Lab, binary};
use crate::socket::{ARP, PacketSocket};

/// LB IPs: the kernel tells of each no more than four times a second without end.
const WATCHED: u32 = 1000;
/// Events a second.
const RATE: u32 = 1000;
/// How many are measured, ten seconds of them.
const EVENTS: u32 = 10 * RATE;
/// Milliseconds from the frame to the line, of all but one in a hundred.
const TARGET: f64 = 2.0;

/// Killed and reaped with the value.
struct Observe(Child);

impl Drop for Observe {
    fn drop(&mut self) {
        // An error means it has ended already.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

pub(super) fn measure(_: usize) -> Result<Section> {
    let lab = Lab::new()?;
    let host = lab.host("n1")?;
    let agent = start_with(&host, WATCHED, &[])?;
    let sender = lab.switch().enter(|| PacketSocket::open(host.name(), ARP))?;
    let mut observe = follow(&agent)?;
    let stdout = observe.0.stdout.take().context("its output")?;
    let reader = thread::spawn(move || latencies(BufReader::new(stdout)));
    // Whether it has connected is not to be seen; what was told before that it prints at the beginning.
    thread::sleep(Duration::from_secs(1));
    let start = Instant::now();
    for number in 0..EVENTS {
        interrupt::check()?;
        sender.send(&announcement(number))?;
        thread::sleep(
            (start + number * (Duration::from_secs(1) / RATE)).saturating_duration_since(Instant::now()),
        );
    }
    let took = start.elapsed();
    thread::sleep(Duration::from_secs(1));
    drop(observe);
    let mut told = reader.join().ok().context("the reader panicked")??;
    ensure!(told.len() >= EVENTS as usize, "{} of {EVENTS} events were printed", told.len());
    told.sort_by(f64::total_cmp);
    let quantile = |share: f64| told[((told.len() - 1) as f64 * share) as usize];
    let method = format!(
        "{EVENTS} gratuitous ARP frames for {WATCHED} LB IPs, one each millisecond ({:.1} s in all); each is an event. From \
         the\nkernel's time of the frame until its line, printed by `observe -f -o json` in another process, is read \
         from a\npipe: {} lines.",
        took.as_secs_f64(),
        told.len()
    );
    let rows = vec![
        Row::new("frame to line, median", quantile(0.5), "ms"),
        Row::new("frame to line, 99 of 100", quantile(0.99), "ms").at_most(TARGET),
        Row::new("frame to line, the slowest", quantile(1.0), "ms"),
    ];
    Ok(Section { title: "Events as they happen", method, rows })
}

fn follow(agent: &Agent) -> Result<Observe> {
    let mut command = Command::new(binary("l2witness")?);
    command.args(["observe", "-f", "-o", "json", "--socket"]).arg(agent.socket());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    child.map(Observe).context("start l2witness observe")
}

/// Milliseconds of each announcement, until the output ends.
fn latencies(lines: impl BufRead) -> Result<Vec<f64>> {
    let mut all = Vec::new();
    for line in lines.lines() {
        let line = line.context("read a line")?;
        let read = Timestamp::now();
        let Ok(event) = serde_json::from_str::<Event>(&line) else { continue };
        if matches!(event.what, What::Announcement(_)) {
            all.push(read.duration_since(event.at).as_secs_f64() * 1e3);
        }
    }
    Ok(all)
}

/// A gratuitous ARP frame of a host for one of the IPv4 addresses in turn.
fn announcement(number: u32) -> Vec<u8> {
    let ips = watched(WATCHED).filter(IpAddr::is_ipv4).count() as u32;
    arp::gratuitous_reply(Station::new(documentation_mac(9), v4(number % ips))).padded().bytes()
}
