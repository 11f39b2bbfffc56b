//! Nothing is wrong, and nothing may be said to be.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use crate::e2e::asker::Tally;
use crate::e2e::world::{EXCLUDE, INTERVAL};
use crate::e2e::{Told, World, report, stuck};
use crate::lab::until_every;

/// How long it goes on if nobody says.
const USUALLY: Duration = Duration::from_secs(75);

/// How long a change may take to be seen on the wire.
const LIMIT: Duration = Duration::from_secs(30);

/// An LB IP that comes back twice within it is told to flap, and rightly so.
const CALM: Duration = Duration::from_secs(5 * 60);

/// Endpoints less and more; beside the nodes whose LB IPs are moved.
const SCALED: &str = "endpoints";

/// Looks that were taken, and what was seen by the way.
#[derive(Default)]
struct Looks {
    taken: u64,
    services: u64,
    moves: u64,
    /// What was done that moves LB IPs there and back, and when.
    done: Vec<(&'static str, Instant)>,
    /// LB IPs that were told to be in handover.
    handovers: BTreeSet<(IpAddr, String)>,
    /// Statuses that were told because MetalLB could not change them.
    stuck: u64,
}

/// Under requests for every LB IP, a Service comes and goes, endpoints come and go, owners move: every
/// look finds no complaint, every request is answered by one node or by none for a moment. What MetalLB itself leaves
/// wrong ([`stuck`]) is told, and right to tell.
pub(super) fn run(world: &World) -> Result<Told> {
    let duration = world.minutes.map_or(USUALLY, |minutes| Duration::from_secs(60 * minutes));
    let start = Instant::now();
    let mut looks = Looks::default();
    while start.elapsed() < duration {
        comes_and_goes(world, &mut looks)?;
        moves(world, &mut looks)?;
        looks.for_a_while(world)?;
    }
    let asked: u64 = world.asker.tallies().values().map(|tally| tally.asked).sum();
    Ok(Told::words(format!(
        "0 findings in {} looks over {} s: {} Services came and went, owners moved {} times, {} handovers told, {asked} \
         requests, {} stuck statuses of MetalLB told and deleted",
        looks.taken,
        start.elapsed().as_secs(),
        looks.services,
        looks.moves,
        looks.handovers.len(),
        looks.stuck
    )))
}

/// The next that was not done for long enough.
fn moves(world: &World, looks: &mut Looks) -> Result<()> {
    looks.done.retain(|(_, at)| at.elapsed() < CALM);
    let is_due = |what: &str| looks.done.iter().all(|(done, _)| *done != what);
    let next = ["n1", "n2", "n3", SCALED].into_iter().find(|what| is_due(what));
    let Some(next) = next else { return Ok(()) };
    if next == SCALED { scaled(world, looks) } else { moved(world, looks, next) }?;
    looks.done.push((next, Instant::now()));
    Ok(())
}

fn comes_and_goes(world: &World, looks: &mut Looks) -> Result<()> {
    let service = world.service("guest", &json!({ "ipFamilyPolicy": "PreferDualStack" }), &json!({}))?;
    for ip in &service.ips {
        looks.until_answered(world, *ip, Tally::is_single)?;
    }
    looks.services += 1;
    Ok(())
}

/// One endpoint less and one more: with `externalTrafficPolicy: Local` the owner may move.
fn scaled(world: &World, looks: &mut Looks) -> Result<()> {
    for replicas in ["--replicas=1", "--replicas=2"] {
        world.cluster.kubectl(&["scale", "--namespace=shop", "deployment/shop", replicas])?;
        world.cluster.rollout("shop", "deployment/shop", LIMIT)?;
        for ip in world.ips_of("api")? {
            looks.until_answered(world, ip, Tally::is_single)?;
        }
    }
    Ok(())
}

/// All that a node announces goes elsewhere and comes back.
fn moved(world: &World, looks: &mut Looks, name: &str) -> Result<()> {
    let node = world.cluster.node(name);
    let is_there = |tally: &Tally| tally.is_single() && tally.answerers().contains(&node.mac());
    let tallies = world.asker.tallies();
    let ips: Vec<_> = tallies.iter().filter(|(_, tally)| is_there(tally)).map(|(ip, _)| *ip).collect();
    let label = world.label(&[node], EXCLUDE)?;
    for ip in &ips {
        looks.until_answered(world, *ip, |tally| tally.is_single() && !is_there(tally))?;
    }
    label.now()?;
    for ip in &ips {
        looks.until_answered(world, *ip, is_there)?;
    }
    looks.moves += 2 * ips.len() as u64;
    Ok(())
}

impl Looks {
    fn look(&mut self, world: &World) -> Result<()> {
        let told = world.witness.status()?;
        self.taken += 1;
        if let Some((about, finding)) = told.complaints().next() {
            if stuck::remedied(world, finding)? {
                self.stuck += 1;
                return Ok(());
            }
            report::at_this_moment(world);
            bail!("look {}: {about}: {finding}; the router heard {:?}", self.taken, world.asker.tallies());
        }
        ensure!(told.agents.replied == told.agents.asked, "look {}: {:?}", self.taken, told.agents);
        for judged in &told.lb_ips {
            let handovers = judged.findings.iter().filter(|finding| finding.name == "HANDOVER");
            self.handovers.extend(handovers.map(|finding| (judged.ip, finding.reason.clone())));
        }
        Ok(())
    }

    /// Looks until the router hears what it must.
    fn until_answered(&mut self, world: &World, ip: IpAddr, is_so: impl Fn(&Tally) -> bool) -> Result<()> {
        until_every(INTERVAL, LIMIT, || {
            self.look(world)?;
            Ok(is_so(&world.asker.tally(ip)).then_some(()))
        })
        .with_context(|| format!("the router asks for {ip} and hears {:?}", world.asker.tally(ip)))
    }

    /// Long enough for what comes late.
    fn for_a_while(&mut self, world: &World) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(5);
        until_every(INTERVAL, LIMIT, || {
            self.look(world)?;
            Ok((Instant::now() > end).then_some(()))
        })
    }
}
