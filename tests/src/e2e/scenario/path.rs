//! The way between who asks and who answers.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::nobody::{from_pool, pool_of};
use crate::cluster::Cluster;
use crate::e2e::asker::Asker;
use crate::e2e::world::INTERVAL;
use crate::e2e::{Told, Undo, World};
use crate::frames::{Station, documentation_mac};
use crate::lab::{Host, Lab, Namespace, until_every};

/// How long it may take to be told; and a speaker to find a new interface, which it looks for every 10 s.
const LIMIT: Duration = Duration::from_secs(40);

const BRIDGE: &str = "br1";

/// Nodes with a second network card, for LB IPs alone. The owner's loses its carrier: API server and
/// memberlist, on the first one, notice nothing, so the address stays where nobody reaches it.
pub(super) fn carrier(world: &World) -> Result<Told> {
    let cluster = &world.cluster;
    let _segment = second_segment(cluster)?;
    let router = cluster.router();
    let (v4, v6) = ("203.0.113.1".parse()?, "2001:db8:1::1".parse()?);
    let mac = documentation_mac(second_mac(router, cluster)?);
    let asker = Asker::on(router, "eth1", Station::new(mac, v4), Station::new(mac, v6))?;

    speakers_listen(world)?;
    let interfaces = json!({ "interfaces": ["eth1"] });
    let _pool = world.with(&pool_of("second", &["203.0.113.200-203.0.113.209"], &interfaces))?;
    let service = world.service("second", &json!({}), &from_pool("second"))?;
    asker.ask_for(&BTreeSet::from([service.ip]));
    let mac = until_every(INTERVAL, LIMIT, || {
        let tally = asker.tally(service.ip);
        Ok(tally.is_single().then(|| tally.answerers().pop_first()).flatten())
    });
    let mac = mac.with_context(|| format!("on eth1 the router hears {:?}", asker.tally(service.ip)))?;
    let owns = |host: &&Host| second_mac(host, cluster).is_ok_and(|last| documentation_mac(last) == mac);
    let nodes: Vec<&Host> = cluster.nodes().iter().map(|node| &**node).collect();
    let owner = *nodes.iter().find(|host| owns(host)).with_context(|| format!("{mac} is no node's"))?;

    let port = port(owner);
    let switch = cluster.lab().switch();
    switch.ip(["link", "set", &port, "down"])?;
    let _plugged = Undo::new("plug it in again", || switch.ip(["link", "set", &port, "up"]).map(drop));
    let found = world.expect(Some(service.ip), "L2W301", &[owner.name(), "eth1"], LIMIT)?;
    Ok(found.into())
}

/// A Service that is announced before its interface is there stays silent: MetalLB tells so and goes on.
fn speakers_listen(world: &World) -> Result<()> {
    let mut said = String::new();
    until_every(INTERVAL, LIMIT, || {
        let logs =
            ["logs", "--namespace=metallb-system", "--selector=component=speaker", "--since=2m", "--tail=-1"];
        said = world.cluster.kubectl(&logs)?;
        let found = said.lines().filter(|line| line.contains("createARPResponder") && line.contains("eth1"));
        Ok((found.count() >= world.cluster.nodes().len()).then_some(()))
    })
    .with_context(|| format!("the speakers do not find eth1:\n{said}"))
}

/// An `eth1` for the router and every node, on a bridge of their own.
fn second_segment(cluster: &Cluster) -> Result<Undo<'_>> {
    let switch = cluster.lab().switch();
    let undo = Undo::new("remove the second segment", || {
        for host in hosts(cluster) {
            // One end takes the other with it; what is gone is gone.
            let _gone = switch.ip(["link", "del", &port(host)]);
        }
        switch.ip(["link", "del", BRIDGE]).map(drop)
    });
    switch.ip(["link", "add", BRIDGE, "type", "bridge", "stp_state", "0", "forward_delay", "0"])?;
    switch.ip(["link", "set", BRIDGE, "up"])?;
    for host in hosts(cluster) {
        let (port, mac) = (port(host), documentation_mac(second_mac(host, cluster)?).to_string());
        switch.ip([
            "link",
            "add",
            &port,
            "type",
            "veth",
            "peer",
            "name",
            "eth1",
            "address",
            &mac,
            "netns",
            Namespace::name(host),
        ])?;
        switch.ip(["link", "set", &port, "master", BRIDGE, "up"])?;
        host.ip(["link", "set", "eth1", "up"])?;
    }
    cluster.router().ip(["address", "add", "203.0.113.1/24", "dev", "eth1"])?;
    Ok(undo)
}

fn hosts(cluster: &Cluster) -> impl Iterator<Item = &Host> {
    cluster.nodes().iter().map(|node| &**node).chain([cluster.router()])
}

/// Its second port on the switch.
fn port(host: &Host) -> String {
    format!("{}-second", host.name())
}

/// The last byte of the hardware address of its `eth1`: beyond those of all hosts.
fn second_mac(host: &Host, cluster: &Cluster) -> Result<u8> {
    let place =
        hosts(cluster).position(|other| other.name() == host.name()).context("a host of the cluster")?;
    Ok(Lab::HOSTS + 1 + u8::try_from(place)?)
}
