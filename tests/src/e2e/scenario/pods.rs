//! Our own pods, and a pod of somebody else.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::e2e::agents::{LABELS, NAMESPACE};
use crate::e2e::world::INTERVAL;
use crate::e2e::{Told, World};
use crate::lab::until_every;

/// `CAP_BPF` (39) and `CAP_NET_ADMIN` (12), and nothing else.
const CAPABILITIES: u64 = 0x80_0000_1000;

/// How long it may take to be told.
const LIMIT: Duration = Duration::from_secs(30);

/// How long a new set of agents may take.
const ROLLOUT: Duration = Duration::from_secs(120);

/// How many looks after the last agent was rolled.
const LOOKS: usize = 10;

/// The image of the lab's speaker.
const RESPONDER: &str = "l2witness.test/lab-speaker:1";

/// As the kernel has it of the running process; and that it counts with no more.
pub(super) fn capabilities(world: &World) -> Result<Told> {
    for node in world.cluster.nodes() {
        let pod = world.cluster.pod_on(node.name(), NAMESPACE, LABELS)?;
        let pid = world.cluster.container_pid(NAMESPACE, &pod, "agent")?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the agent's process")?;
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
            let value = status.lines().find_map(|line| line.strip_prefix(set)).context("its capabilities")?;
            let value = u64::from_str_radix(value.trim(), 16)?;
            ensure!(value & !CAPABILITIES == 0, "{pod}: {set} {value:#x}");
            ensure!(set != "CapEff:" || value == CAPABILITIES, "{pod}: {set} {value:#x}");
        }
    }
    let before = replies(world)?;
    let counts = until_every(INTERVAL, LIMIT, || {
        let now = replies(world)?;
        Ok(before.iter().all(|(ip, count)| now.get(ip) > Some(count)).then_some(now))
    })?;
    let ip = counts.keys().next().context("an LB IP")?;
    Ok(Told::words(format!(
        "CapEff {CAPABILITIES:#x} on {} nodes; {ip}: {} replies counted, then {}",
        world.cluster.nodes().len(),
        before[ip],
        counts[ip]
    )))
}

/// No false verdict when the last one is ready, and counting goes on.
pub(super) fn rolled(world: &World) -> Result<Told> {
    world.cluster.kubectl(&["rollout", "restart", "--namespace", NAMESPACE, "daemonset/l2witness"])?;
    world.cluster.rollout(NAMESPACE, "daemonset/l2witness", ROLLOUT)?;
    let mut looks = 0;
    until_every(INTERVAL, LIMIT, || {
        let told = world.witness.status()?;
        let complaint = told.complaints().next();
        ensure!(complaint.is_none(), "look {looks} after the roll: {complaint:?}");
        ensure!(told.agents.replied == world.cluster.nodes().len(), "look {looks}: {:?}", told.agents);
        looks += 1;
        Ok((looks >= LOOKS).then_some(()))
    })?;
    let before = replies(world)?;
    until_every(INTERVAL, LIMIT, || {
        let now = replies(world)?;
        Ok(before.iter().all(|(ip, count)| now.get(ip) > Some(count)).then_some(()))
    })
    .context("the new agents do not count every LB IP")?;
    for (ip, tally) in world.asker.tallies() {
        ensure!(tally.is_single(), "{ip}: the router hears {tally:?}");
    }
    Ok(Told::words(format!("{looks} looks without a finding after all agents were rolled, and they count")))
}

/// Replies of all nodes.
fn replies(world: &World) -> Result<BTreeMap<IpAddr, u64>> {
    let mut replies = BTreeMap::new();
    for lb in world.reports()?.into_iter().flat_map(|report| report.lb_ips) {
        let sent: u64 = lb.interfaces.iter().map(|on| on.replies_sent.socket).sum();
        *replies.entry(lb.ip).or_default() += sent;
    }
    Ok(replies)
}

/// It answers from the node's own network, as kube-vip would beside MetalLB.
pub(super) fn second_answerer(world: &World) -> Result<Told> {
    let service = world.service("twice", &json!({ "ipFamilyPolicy": "RequireDualStack" }), &json!({}))?;
    let (owner, others) = world.owner(service.ip)?;
    let node = others.first().context("another node")?;
    let mut args = vec!["--interface=eth0".to_owned()];
    args.extend(service.ips.iter().map(|ip| format!("--announce={ip}")));
    let _pod = world.with(&json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "vip-abc", "namespace": "kube-system" },
        "spec": {
            "nodeName": node.name(),
            "hostNetwork": true,
            "terminationGracePeriodSeconds": 0,
            "containers": [{
                "name": "vip",
                "image": RESPONDER,
                "args": args,
                // It ends with its input.
                "stdin": true,
                "securityContext": { "capabilities": { "drop": ["ALL"], "add": ["NET_RAW"] } },
            }],
        },
    }))?;
    let mut told = None;
    for ip in &service.ips {
        let words = ["kube-system/vip-abc", node.name(), owner.name()];
        let found = world.expect(Some(*ip), "L2W101", &words, LIMIT)?;
        told.get_or_insert(found);
    }
    let tally = world.asker.tally(service.ip);
    ensure!(tally.by.contains_key(&node.mac()), "the router hears {tally:?}");
    Ok(Told::from(told.context("an address")?).and("IPv6 alike"))
}
