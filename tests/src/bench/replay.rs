//! `l2witness replay` from memory, on one core.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use l2witness::replay::{Capture, Replay, Watched};

use super::addresses::{ASKER, ASKER6, request, v4, v6, watched};
use super::sample::{cpu_time, median, rounds};
use super::table::{Row, Section};
use crate::frames::{Station, arp, documentation_mac, ndp, pcap, traffic};

/// LB IPs, as many as in the kernel's section.
const WATCHED: u32 = 1000;
/// Frames of a capture.
const FRAMES: usize = 200_000;
/// Two million frames a second.
const TARGET: f64 = 500.0;
/// Between two frames.
const APART: Duration = Duration::from_micros(50);
/// When the captures begin, seconds since the epoch.
const BEGIN: Duration = Duration::from_secs(1_700_000_000);

/// One capture, and how it is replayed.
struct Case {
    name: &'static str,
    file: Vec<u8>,
    ips: Vec<String>,
    events: bool,
    /// Frames about LB IPs.
    evidence: u64,
}

pub(super) fn measure(count: usize) -> Result<Section> {
    let mut cases = cases();
    for case in &cases {
        check(case).with_context(|| case.name)?;
    }
    // Rounds are long here.
    let samples = rounds(count.min(11), &mut cases, |case| {
        let before = cpu_time()?;
        replay(case)?;
        Ok(cpu_time()?.saturating_sub(before).as_nanos() as f64 / FRAMES as f64)
    })?;
    let rows = cases
        .iter()
        .zip(samples)
        .map(|(case, sample)| Row::new(case.name, median(sample), "ns").at_most(TARGET))
        .collect();
    Ok(Section { title: "A replay, per frame", method: method(), rows })
}

fn method() -> String {
    format!(
        "Captures of {FRAMES} frames in memory, read, counted and reported on one thread: its CPU time, divided by\n\
         the frames. {WATCHED} LB IPs. {TARGET} ns a frame are two million frames a second."
    )
}

fn cases() -> Vec<Case> {
    let ips: Vec<String> = watched(WATCHED).map(|ip| ip.to_string()).collect();
    let about = about();
    let others = others();
    let mixed: Vec<_> = (0..10)
        .flat_map(|n| if n == 0 { about.clone() } else { others.clone() }.into_iter().take(20))
        .collect();
    let case = |name, frames: &[Vec<u8>], evidence, events| {
        let times = (0_u32..).map(|number| BEGIN + APART * number);
        let frames = frames.iter().cycle().take(FRAMES).map(Vec::as_slice);
        Case { name, file: pcap::capture(times.zip(frames)), ips: ips.clone(), events, evidence }
    };
    let all = FRAMES as u64;
    vec![
        case("requests and replies about LB IPs", &about, all, false),
        case("  with all their events", &about, all, true),
        case("one frame in ten about an LB IP, the others UDP and other ARP", &mixed, all / 10, false),
    ]
}

/// A request for each LB IP and the reply to it, of a node that is the only one to be asked.
fn about() -> Vec<Vec<u8>> {
    let node = documentation_mac(2);
    let reply = |ip| match ip {
        IpAddr::V4(ip) => arp::reply(Station::new(node, ip), ASKER).padded().bytes(),
        IpAddr::V6(ip) => {
            let own = Station::new(node, [0xfe80, 0, 0, 0, 0, 0, 0, 2].into());
            ndp::advertise(own, ip, ASKER6).bytes()
        }
    };
    watched(WATCHED).flat_map(|ip| [request(ip), reply(ip)]).collect()
}

fn others() -> Vec<Vec<u8>> {
    let node = documentation_mac(2);
    let other = arp::request(ASKER, ASKER.ip).padded().bytes();
    let (four, six) = (Station::new(node, v4(0)), Station::new(node, v6(0)));
    vec![traffic::udp4(ASKER, four, 400), traffic::udp6(ASKER6, six, 400), other]
        .into_iter()
        .cycle()
        .take(20)
        .collect()
}

/// Whether all that is evidence is counted.
fn check(case: &Case) -> Result<()> {
    let (counted, told) = replay(case)?;
    ensure!(counted == case.evidence, "{counted} frames are counted, not {}", case.evidence);
    ensure!((told > 0) == case.events, "{told} events");
    Ok(())
}

/// From the file's bytes to the reports; returns the frames counted, and the events told.
fn replay(case: &Case) -> Result<(u64, u64)> {
    let mut watched = Watched::new(&case.ips)?;
    let capture = Capture::read(case.file.as_slice(), "eth0", &mut watched, None)?;
    ensure!(capture.frames == FRAMES as u64 && capture.damage.is_none(), "the file is not read whole");
    let node = documentation_mac(2);
    let mac = l2witness::evidence::MacAddr([node.0, node.1, node.2, node.3, node.4, node.5]);
    let mut replay = Replay::new(watched, vec![("node".to_owned(), capture)], &[("node".to_owned(), mac)]);
    let mut told = 0;
    if case.events {
        replay.run(Some(&mut |_| told += 1));
    } else {
        replay.run(None);
    }
    let reports = replay.reports(replay.end().unwrap_or(Timestamp::UNIX_EPOCH));
    let on = reports.iter().flat_map(|report| &report.lb_ips).flat_map(|lb_ip| &lb_ip.interfaces);
    let counted = on.map(|on| on.requests.group + on.replies_sent.socket + on.replies_sent.kernel).sum();
    Ok((counted, told))
}
