//! What the speakers count and what was on the wire.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use l2witness::evidence::{Compared, Counter};

use crate::e2e::{Told, World};
use crate::lab::until_every;

/// Requests altogether.
const REQUESTS: u64 = 10_000;

/// How long agents may take to read the speakers' metrics after the last request.
const LIMIT: Duration = Duration::from_secs(45);

/// How often to look; gratuitous frames of the beginning may still go out meanwhile.
const INTERVAL: Duration = Duration::from_secs(1);

/// The counters of one LB IP, over all nodes: the speakers', or the wire's by the same meaning.
type Counts = BTreeMap<(IpAddr, Counter), u64>;

/// Who says that it announces which LB IP: on other nodes requests by broadcast are heard and not counted by the
/// speaker, also where it announced the address before.
type Announcers = BTreeSet<(String, IpAddr)>;

/// Both sides, and for whom the wire's were added up.
#[derive(Debug, PartialEq)]
struct Both {
    speakers: Counts,
    wire: Counts,
    announcers: Announcers,
}

/// 10,000 requests for all LB IPs of both families, no more in flight than a socket's buffer takes:
/// afterwards each of the speakers' three counters has grown by exactly what was seen on the wire, and
/// the agents say so, too.
pub(super) fn run(world: &World) -> Result<Told> {
    let ips: Vec<_> = world.lb_ips()?.into_iter().collect();
    let quiet = world.asker.quiet();
    let before = unchanging(world, &ips)?;
    let burst = world.asker.burst(world.cluster.router(), &ips, REQUESTS)?;
    let after = unchanging(world, &ips)?;
    let moved: Vec<_> = before.announcers.symmetric_difference(&after.announcers).collect();
    ensure!(moved.is_empty(), "announced elsewhere meanwhile: {moved:?}");
    for ip in &ips {
        let asked = burst.asked.get(ip).copied().unwrap_or_default();
        for counter in Counter::ALL {
            let grown = |counts: fn(&Both) -> &Counts| {
                let of = |both| counts(both).get(&(*ip, counter)).copied().unwrap_or_default();
                of(&after) - of(&before)
            };
            let (speaker, wire) = (grown(|both| &both.speakers), grown(|both| &both.wire));
            let expected = if counter == Counter::GratuitousSent { speaker } else { asked };
            ensure!(
                speaker == wire && wire == expected,
                "{ip}: {} by the speakers {speaker}, on the wire {wire}, asked {asked}",
                counter.label()
            );
        }
        let answers = burst.answers.get(ip).copied().unwrap_or_default();
        ensure!(answers == asked, "{ip}: {answers} answers to {asked} requests");
    }
    let compared = agreed(world, &ips)?;
    drop(quiet);
    Ok(Told::words(format!(
        "{REQUESTS} requests for {} LB IPs in {:.1} s: speakers and wire count the same, 3 counters each, difference 0 \
         over {compared} frames by the agents' own comparison",
        ips.len(),
        burst.took.as_secs_f64()
    )))
}

/// Both sides' counters, when nothing was counted any more between two looks.
fn unchanging(world: &World, ips: &[IpAddr]) -> Result<Both> {
    let mut last = None;
    let counts = until_every(INTERVAL, LIMIT, || {
        let (speakers, announcers) = speakers(world, ips)?;
        let now = Both { wire: wire(world, ips, &announcers)?, speakers, announcers };
        let settled = last.as_ref() == Some(&now);
        last = Some(now);
        Ok(if settled { last.take() } else { None })
    });
    counts.with_context(|| format!("the counters do not stand still: {last:?}"))
}

fn speakers(world: &World, ips: &[IpAddr]) -> Result<(Counts, Announcers)> {
    let (mut counts, mut announcers) = (Counts::new(), Announcers::new());
    for node in world.cluster.nodes() {
        let metrics = world.speaker_metrics(node.name())?;
        for ip in ips {
            let ip_label = ip.to_string();
            let labels = [("ip", ip_label.as_str())];
            for counter in Counter::ALL {
                let value = metrics.sum(&format!("metallb_layer2_{}", counter.label()), &labels);
                *counts.entry((*ip, counter)).or_default() += value as u64;
            }
            if metrics.sum("metallb_speaker_announced", &labels) > 0.0 {
                announcers.insert((node.name().to_owned(), *ip));
            }
        }
    }
    Ok((counts, announcers))
}

/// What the kernel programs counted: of requests, on the nodes whose speakers had to answer them.
fn wire(world: &World, ips: &[IpAddr], announcers: &Announcers) -> Result<Counts> {
    let mut counts = Counts::new();
    for report in world.reports()? {
        for lb in report.lb_ips.iter().filter(|lb| ips.contains(&lb.ip)) {
            let mut add = |counter, value| *counts.entry((lb.ip, counter)).or_default() += value;
            let announced = announcers.contains(&(report.node.clone(), lb.ip));
            for on in &lb.interfaces {
                if announced {
                    add(Counter::RequestsReceived, on.requests.group + on.requests.unicast);
                }
                add(Counter::ResponsesSent, on.replies_sent.socket);
                add(
                    Counter::GratuitousSent,
                    on.announcements_sent_request.socket + on.announcements_sent_reply.socket,
                );
            }
        }
    }
    Ok(counts)
}

/// Frames that the agents have compared, when all of them have since the last request and agree.
fn agreed(world: &World, ips: &[IpAddr]) -> Result<u64> {
    let mut wrong = String::new();
    let agreed = until_every(INTERVAL, LIMIT, || {
        let reports = world.reports()?;
        let mut frames = 0;
        for ip in ips {
            let of_ip = reports.iter().flat_map(|report| report.lb_ips.iter().filter(|lb| lb.ip == *ip));
            let compared: Vec<_> = of_ip.clone().flat_map(|lb| &lb.said.counters).collect();
            let last = of_ip.flat_map(|lb| &lb.interfaces).filter_map(|on| on.last.reply_sent).max();
            let is_done = |counter| {
                let of = compared.iter().filter(|compared| compared.counter == counter);
                of.clone().any(|compared| Some(compared.until) >= last && compared.wire > 0)
                    && of
                        .clone()
                        .all(|compared| compared.difference == 0 && compared.speaker == compared.wire)
            };
            if !(is_done(Counter::RequestsReceived) && is_done(Counter::ResponsesSent)) {
                wrong = format!("{ip}: {compared:?}");
                return Ok(None);
            }
            frames += compared.iter().map(|Compared { wire, .. }| wire).sum::<u64>();
        }
        Ok(Some(frames))
    });
    agreed.with_context(|| format!("the agents' own comparison: {wrong}"))
}
