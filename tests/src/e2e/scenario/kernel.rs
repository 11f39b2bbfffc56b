//! A node's own kernel answers, beside the speaker of another one.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cluster::Node;
use crate::e2e::world::INTERVAL;
use crate::e2e::{Told, Undo, World};
use crate::lab::until_every;

/// How long it may take to be told.
const LIMIT: Duration = Duration::from_secs(20);

/// As kube-proxy's IPVS mode without `strictARP` does on every node.
pub(super) fn shadow(world: &World) -> Result<Told> {
    let service = world.service("shadowed", &json!({}), &json!({}))?;
    let (_, others) = world.owner(service.ip)?;
    let node = *others.first().context("another node")?;
    let address = format!("{}/32", service.ip);
    node.ip(["address", "add", &address, "dev", "lo"])?;
    let _undo =
        Undo::new("take the address off lo", || node.ip(["address", "del", &address, "dev", "lo"]).map(drop));
    let found =
        world.expect(Some(service.ip), "L2W102", &[node.name(), "lo holds", "arp_ignore is 0"], LIMIT)?;
    answers_twice(world, service.ip, node)?;
    Ok(found.into())
}

/// A route to the LB IP by another interface is what makes a kernel proxy for it.
pub(super) fn proxy_arp(world: &World) -> Result<Told> {
    let service = world.service("proxied", &json!({}), &json!({}))?;
    let (_, others) = world.owner(service.ip)?;
    let node = *others.first().context("another node")?;
    // By its name neither MetalLB nor l2witness has to do with it, as with those of pods.
    node.ip(["link", "add", "vethe0", "type", "veth", "peer", "name", "vethe1"])?;
    let _gone = Undo::new("remove the other interface", || node.ip(["link", "del", "vethe0"]).map(drop));
    node.ip(["link", "set", "vethe1", "up"])?;
    node.ip(["link", "set", "vethe0", "up"])?;
    node.ip(["route", "add", &format!("{}/32", service.ip), "dev", "vethe0"])?;
    // Otherwise it waits up to 0.8 s before it answers for others.
    node.sysctl("net.ipv4.neigh.eth0.proxy_delay", "0")?;
    node.sysctl("net.ipv4.conf.eth0.proxy_arp", "1")?;
    let _off = Undo::new("switch proxy_arp off", || {
        node.sysctl("net.ipv4.conf.eth0.proxy_arp", "0")?;
        node.sysctl("net.ipv4.neigh.eth0.proxy_delay", "80")
    });
    let found = world.expect(Some(service.ip), "L2W102", &[node.name(), "proxy_arp is 1"], LIMIT)?;
    answers_twice(world, service.ip, node)?;
    Ok(found.into())
}

/// The router must hear what was told.
fn answers_twice(world: &World, ip: IpAddr, node: &Node) -> Result<()> {
    until_every(INTERVAL, LIMIT, || {
        let tally = world.asker.tally(ip);
        Ok((tally.answerers().contains(&node.mac()) && tally.doubled > 0).then_some(()))
    })
    .with_context(|| format!("the router hears {:?}", world.asker.tally(ip)))
}
