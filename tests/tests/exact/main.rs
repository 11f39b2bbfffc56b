//! To the frame: what was sent is what both agents counted, the sender's and the receiver's.

mod metrics;
mod mix;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use l2witness::evidence::{Latency, NodeReport, OnInterface, Times};
use l2witness_tests::lab::{Agent, Host, Lab, lb_ipv4, lb_ipv6, until};
use l2witness_tests::socket;
use l2witness_tests::speaker::Speaker;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use mix::{Line, table};

const FRAMES: usize = 200_000;
const THREADS: usize = 4;
const PER_THREAD: usize = FRAMES / THREADS;

#[test]
fn two_hundred_thousand_frames_are_counted_to_the_frame_going_out_and_coming_in() -> Result<()> {
    exactly("auto")
}

#[test]
fn the_same_by_clsact() -> Result<()> {
    exactly("clsact")
}

fn exactly(hook: &str) -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let watched = mix::ips().map(|ip| ip.to_string());
    let args: Vec<&str> = watched.iter().flat_map(|ip| ["--lb-ip", ip]).chain(["--hook", hook]).collect();
    let sender = Agent::start(&router, &args)?;
    let receiver = Agent::start(&node, &args)?;
    let table = table(&router, &node);

    let start = Instant::now();
    let sent = send(&router, &table)?;
    let took = start.elapsed();
    assert_eq!(sent.iter().sum::<u64>(), FRAMES as u64);

    let expected = Expected::of(&table, &sent, |line| line.effect.sent, |line| line.effect.ignored_sent);
    expected.compare(&sender, "going out");
    let expected =
        Expected::of(&table, &sent, |line| line.effect.received, |line| line.effect.ignored_received);
    expected.compare(&receiver, "coming in");
    claims(&sender, &receiver, &table, &sent)?;
    eprintln!("{FRAMES} frames in {took:?}, {:.0} a second", FRAMES as f64 / took.as_secs_f64());
    Ok(())
}

/// Every frame in which somebody claims an IP is in some claim, or counted as without a place.
fn claims(sender: &Agent, receiver: &Agent, table: &[Line], sent: &[u64]) -> Result<()> {
    let (out, come) = (report(sender)?, report(receiver)?);
    for ip in mix::ips() {
        let claims: u64 = table
            .iter()
            .zip(sent)
            .filter(|(line, _)| line.claims && line.ip == Some(ip))
            .map(|(_, sent)| sent)
            .sum();
        let of = |report: &NodeReport| {
            report.lb_ips.iter().find(|lb_ip| lb_ip.ip == ip).cloned().context("no such IP")
        };
        let (out, come) = (of(&out)?, of(&come)?);
        let local: u64 = out.local.iter().map(|local| local.replies + local.announcements).sum();
        let heard: u64 = come.heard.iter().map(|heard| heard.count).sum();
        assert_eq!(local + out.local_overflow, claims, "{ip}: {:?}", out.local);
        assert_eq!(heard + come.heard_overflow, claims, "{ip}: {:?}", come.heard);
    }
    Ok(())
}

/// Sends the mix from several threads, each with a socket of its own, on all cores in turn; returns how many
/// of each line of the table were sent.
fn send(from: &Host, table: &[Line]) -> Result<Vec<u64>> {
    let cores = thread::available_parallelism()?.get();
    let mut total = vec![0; table.len()];
    let sockets = (0..THREADS).map(|_| from.packet_socket(socket::ALL)).collect::<Result<Vec<_>>>()?;
    // One after the other at first: two newcomers at the same instant may take the same place among the claims.
    for socket in &sockets {
        for (line, total) in table.iter().zip(&mut total) {
            socket.send(&line.frame)?;
            *total += 1;
        }
    }
    let parts: Vec<Result<Vec<u64>>> = thread::scope(|scope| {
        let workers = sockets.iter().zip(0_usize..).map(|(socket, number)| {
            scope.spawn(move || {
                let mut core = CpuSet::new();
                core.set(number % cores)?;
                sched_setaffinity(Pid::from_raw(0), &core)?;
                let picks = mix::picks(number, table.len(), PER_THREAD - table.len());
                let burst = socket.send_many(picks.iter().map(|pick| table[*pick].frame.as_slice()))?;
                ensure!((burst.sent, burst.refused) == (picks.len() as u64, 0), "{burst:?}");
                let mut counts = vec![0; table.len()];
                for pick in picks {
                    counts[pick] += 1;
                }
                Ok(counts)
            })
        });
        let workers: Vec<_> = workers.collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    for part in parts {
        for (total, part) in total.iter_mut().zip(part?) {
            *total += part;
        }
    }
    Ok(total)
}

/// What one agent should say.
struct Expected {
    ips: BTreeMap<IpAddr, OnInterface>,
    ignored: BTreeMap<String, u64>,
}

impl Expected {
    fn of(
        table: &[Line],
        sent: &[u64],
        effect: impl Fn(&Line) -> mix::Count,
        ignored: impl Fn(&Line) -> Option<&'static str>,
    ) -> Self {
        let empty = OnInterface { interface: "eth0".to_owned(), ..OnInterface::default() };
        let mut expected = Self {
            ips: mix::ips().into_iter().map(|ip| (ip, empty.clone())).collect(),
            ignored: BTreeMap::new(),
        };
        for (line, sent) in table.iter().zip(sent) {
            if let Some(on) = line.ip.and_then(|ip| expected.ips.get_mut(&ip)) {
                effect(line)(on, *sent);
            }
            if let Some(reason) = ignored(line) {
                *expected.ignored.entry(reason.to_owned()).or_default() += sent;
            }
        }
        expected
    }

    fn compare(&self, agent: &Agent, which: &str) {
        // The last frames may still be on their way.
        let counted = until(Duration::from_secs(5), || {
            let (ips, ignored) = counted(&report(agent)?)?;
            Ok((ips == self.ips && ignored == self.ignored).then_some(()))
        });
        if counted.is_err() {
            let (ips, ignored) = counted_or_empty(agent);
            assert_eq!(ips, self.ips, "{which}");
            assert_eq!(ignored, self.ignored, "{which}");
        }
    }
}

fn counted_or_empty(agent: &Agent) -> (BTreeMap<IpAddr, OnInterface>, BTreeMap<String, u64>) {
    report(agent).and_then(|report| counted(&report)).unwrap_or_default()
}

/// The counters without what depends on time.
fn counted(report: &NodeReport) -> Result<(BTreeMap<IpAddr, OnInterface>, BTreeMap<String, u64>)> {
    let mut ips = BTreeMap::new();
    for lb_ip in &report.lb_ips {
        let [on] = lb_ip.interfaces.as_slice() else { anyhow::bail!("{:?}", lb_ip.interfaces) };
        let steady = OnInterface {
            unanswered: 0,
            latency: Latency::default(),
            last: Times::default(),
            recent_requests: Vec::new(),
            ..on.clone()
        };
        ips.insert(lb_ip.ip, steady);
    }
    let eth0 = report.interfaces.iter().find(|interface| interface.name == "eth0").context("no eth0")?;
    let ignored = eth0.ignored.iter().filter(|(_, count)| **count > 0);
    Ok((ips, ignored.map(|(reason, count)| (reason.clone(), *count)).collect()))
}

fn report(agent: &Agent) -> Result<NodeReport> {
    Ok(serde_json::from_str(&agent.get("/api/v1/node")?)?)
}

#[test]
fn a_thousand_arpings_are_a_thousand_requests_and_a_thousand_replies() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let ip = lb_ipv4(0).to_string();
    let agent = Agent::start(&node, &["--lb-ip", &ip, "--lb-ip", &lb_ipv6(0).to_string()])?;
    let speaker = Speaker::start(&node)?;
    speaker.announce(lb_ipv4(0).into())?;

    let arping = router.command("arping").args(["-c", "1000", "-W", "0.001", "-I", "eth0", &ip]).output()?;
    let said = String::from_utf8_lossy(&arping.stdout);
    ensure!(arping.status.success(), "{arping:?}");
    // It waits a millisecond for each, and counts most of the later ones.
    let heard = said.matches("60 bytes from").count();
    assert!((900..=1000).contains(&heard), "{said}");
    until(Duration::from_secs(10), || {
        Ok((speaker.counters()?[&lb_ipv4(0).into()].responses_sent == 1000).then_some(()))
    })?;

    // Announcements go on for 5 s, and are none of these.
    let text = agent.get("/metrics")?;
    let sum = |name: &str, labels: &[&str]| metrics::sum(&text, name, labels);
    let here = format!("ip=\"{ip}\"");
    assert_eq!(sum("l2witness_requests_received_total", &[&here])?, 1000);
    assert_eq!(sum("l2witness_requests_received_total", &[&here, "delivery=\"broadcast\""])?, 1000);
    assert_eq!(sum("l2witness_replies_sent_total", &[&here])?, 1000);
    assert_eq!(sum("l2witness_replies_sent_total", &[&here, "origin=\"socket\""])?, 1000);
    // A request that comes before the last one was answered takes its place: on a busy machine not all count.
    let measured = sum("l2witness_reply_latency_seconds_count", &[&here])?;
    assert!((500..=1000).contains(&measured), "{measured} latencies");
    // Where the machine stands still for longer than an answer may take.
    let unanswered = sum("l2witness_requests_unanswered_total", &[&here])?;
    assert!(unanswered < 10, "{unanswered} unanswered");
    let counters = speaker.counters()?[&lb_ipv4(0).into()];
    assert_eq!((counters.requests_received, counters.responses_sent), (1000, 1000));
    Ok(())
}
