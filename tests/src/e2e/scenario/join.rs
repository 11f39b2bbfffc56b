//! What Prometheus makes of both sides' series.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::e2e::prometheus::{INTERVAL, Sample};
use crate::e2e::world::EXCLUDE;
use crate::e2e::{Told, World};
use crate::frames::MacAddr;
use crate::lab::until_every;

/// The documented query: who is said to announce, with who is proven to answer there.
const JOIN: &str = "metallb_speaker_announced * on (ip, node) group_left (origin, mac) l2witness_answering";

/// How long Prometheus may take to know.
const LIMIT: Duration = Duration::from_secs(30);

/// One row for each LB IP, with the node and the MAC that the router hears; also after the address has
/// moved, and no row from where it was.
pub(super) fn run(world: &World) -> Result<Told> {
    let rows = joined(world)?;
    let ip = *world.ips_of("web")?.first().context("an address of web")?;
    let (owner, _) = world.owner(ip)?;
    let label = world.label(&[owner], EXCLUDE)?;
    until_every(INTERVAL / 4, LIMIT, || {
        let tally = world.asker.tally(ip);
        Ok((tally.is_single() && !tally.answerers().contains(&owner.mac())).then_some(()))
    })
    .with_context(|| format!("{ip} does not move away from {}", owner.name()))?;
    let moved = joined(world)?;
    let heir = moved.get(&ip).context("a row")?;
    ensure!(heir != owner.name(), "{ip} is still said to be {heir}'s");
    label.now()?;
    Ok(Told::words(format!(
        "{} rows for {} LB IPs, each with the MAC that the router hears; {ip} moved from {} to {heir}, and so did its row",
        rows.len(),
        rows.len(),
        owner.name()
    )))
}

/// The node of each LB IP by the join, when it is what the router hears.
fn joined(world: &World) -> Result<BTreeMap<IpAddr, String>> {
    let mut last = None;
    let rows = until_every(INTERVAL / 2, LIMIT, || {
        let samples = world.prometheus()?.query(&world.cluster, JOIN)?;
        let rows = as_heard(world, &samples);
        last = Some(samples);
        Ok(rows)
    });
    rows.with_context(|| format!("{JOIN} gave {last:#?}"))
}

fn as_heard(world: &World, samples: &[Sample]) -> Option<BTreeMap<IpAddr, String>> {
    let mut rows = BTreeMap::new();
    for sample in samples {
        let ip: IpAddr = sample.label("ip").parse().ok()?;
        let mac: MacAddr = sample.label("mac").parse().ok()?;
        let node = world.cluster.nodes().iter().find(|node| node.name() == sample.label("node"))?;
        let tally = world.asker.tally(ip);
        let is_true = tally.is_single()
            && tally.answerers().contains(&mac)
            && node.mac() == mac
            && sample.label("origin") == "speaker"
            && sample.value.1 == "1";
        if !is_true || rows.insert(ip, node.name().to_owned()).is_some() {
            return None;
        }
    }
    (rows.len() == world.asker.tallies().len()).then_some(rows)
}
