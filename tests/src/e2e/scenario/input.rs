//! What nobody should say: nonsense in Services, and a speaker whose metrics have no end.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use l2witness::evidence::Reading;
use serde_json::json;

use super::flood::Flood;
use crate::e2e::agents::{LABELS, NAMESPACE, restarts};
use crate::e2e::world::{GRACE, INTERVAL};
use crate::e2e::{Told, Undo, World};
use crate::lab::until_every;

/// How long agents may take: they read the speakers' metrics every 15 s.
const LIMIT: Duration = Duration::from_secs(60);

/// How long the controller of MetalLB may take to end or to come back.
const ROLLOUT: Duration = Duration::from_secs(90);

/// A class of load balancer that nobody serves: so MetalLB does not correct what is in its status.
const NOBODY: &str = "example.com/nobody";

/// The memory of an agent may grow by so much, in KiB: a hundredth of what it is sent.
const GROWTH: u64 = 16 << 10;

/// What an API server lets pass and no LB IP can be.
const NONSENSE: [&str; 7] =
    ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::1", "ff02::1", "fe80::1"];

/// Each is named once, nothing ends, and everything else is judged as before.
pub(super) fn run(world: &World) -> Result<Told> {
    let restarts_before = restarts(world)?;
    let watched: BTreeSet<IpAddr> = world.lb_ips()?;
    let (nonsense, _services) = nonsense(world)?;
    let twice = twice(world)?;
    let reading = endless(world)?;
    ensure!(restarts(world)? == restarts_before, "an agent was restarted");
    let reports = world.reports()?;
    for report in &reports {
        let now: BTreeSet<_> = report.lb_ips.iter().map(|lb| lb.ip).collect();
        ensure!(now == watched, "{}: watches {now:?}", report.node);
    }
    Ok(Told::words(nonsense).and(twice).and(reading))
}

/// Addresses that are none, and a name instead of one.
fn nonsense(world: &World) -> Result<(String, Undo<'_>)> {
    let undo = service(world, "nonsense", Some(NOBODY), &json!(NONSENSE.map(|ip| json!({ "ip": ip }))))?;
    let named = service(world, "named", Some(NOBODY), &json!([{ "hostname": "lb.example.com" }]))?;
    let words = ["shop/nonsense", NONSENSE[0]];
    let found = world.expect(None, "L2W905", &words, LIMIT)?;
    drop(named);
    Ok((found.to_string(), undo))
}

/// The address of a Service that is well, in the status of another one, too: nobody corrects that while MetalLB's
/// controller is away, and the speakers take it as it is.
fn twice(world: &World) -> Result<String> {
    let ip = *world.ips_of("web")?.first().context("an address of web")?;
    let _back = without_controller(world)?;
    let _undo = service(world, "twice", None, &json!([{ "ip": ip }]))?;
    let found = world.expect(Some(ip), "L2W406", &["shop/twice", "shop/web"], GRACE + LIMIT)?;
    world.owner(ip)?;
    Ok(found.to_string())
}

fn without_controller(world: &World) -> Result<Undo<'_>> {
    let scale = |replicas: u8| -> Result<()> {
        let namespace = "--namespace=metallb-system";
        let replicas = format!("--replicas={replicas}");
        world.cluster.kubectl(&["scale", namespace, "deployment/controller", &replicas])?;
        world.cluster.rollout("metallb-system", "deployment/controller", ROLLOUT)
    };
    let undo = Undo::new("start MetalLB's controller", move || scale(1));
    scale(0)?;
    let pods =
        ["get", "pods", "--namespace=metallb-system", "--selector=component=controller", "--output=name"];
    until_every(INTERVAL, LIMIT, || Ok(world.cluster.kubectl(&pods)?.trim().is_empty().then_some(())))
        .context("MetalLB's controller does not end")?;
    Ok(undo)
}

/// 100 MB of metrics in place of a speaker's, and then a server that takes the request and is silent.
fn endless(world: &World) -> Result<String> {
    let node = world.cluster.node("n1");
    let flood = Flood::start(node)?;
    // Whoever on the node asks the speaker asks the flood: the agent, and kubelet's probes.
    node.nft(&format!(
        "table ip e2e {{
            chain asked {{ type nat hook output priority -150; tcp dport {} redirect to :{}; }}
        }}",
        world.speakers.1,
        flood.port()
    ))?;
    let back = Undo::new("let the speaker be asked", || node.nft("delete table ip e2e"));
    let pod = world.cluster.pod_on(node.name(), NAMESPACE, LABELS)?;
    let pid = world.cluster.container_pid(NAMESPACE, &pod, "agent")?;
    let before = memory(pid)?;
    read_as(world, node.name(), &[Reading::TooLarge])?;
    let grown = memory(pid)?.saturating_sub(before);
    ensure!(grown < GROWTH, "{pod}: {grown} KiB more");
    flood.be_silent();
    read_as(world, node.name(), &[Reading::TimedOut])?;
    back.now()?;
    drop(flood);
    read_as(world, node.name(), &[Reading::Ok])?;
    Ok(format!("endless metrics cost the agent {grown} KiB and are told as too_large, silence as timed_out"))
}

fn read_as(world: &World, node: &str, expected: &[Reading]) -> Result<()> {
    let mut last = None;
    until_every(INTERVAL, LIMIT, || {
        last = world.report(node)?.speaker.map(|speaker| speaker.reading);
        Ok(last.filter(|reading| expected.contains(reading)).map(drop))
    })
    .with_context(|| format!("the reading of the speaker's metrics is {last:?}, not {expected:?}"))
}

/// Resident memory of a process, KiB.
fn memory(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the agent's process")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    line.trim().trim_end_matches(" kB").parse().context("VmRSS")
}

/// A Service with this in its status, for load balancers of this class.
fn service<'a>(
    world: &'a World,
    name: &str,
    class: Option<&str>,
    ingress: &serde_json::Value,
) -> Result<Undo<'a>> {
    let undo = world.with(&json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "type": "LoadBalancer", "loadBalancerClass": class, "selector": { "app": "shop" }, "ports": [{ "port": 80 }] },
    }))?;
    let status = json!({ "status": { "loadBalancer": { "ingress": ingress } } }).to_string();
    let words =
        ["patch", "service", name, "--namespace=shop", "--subresource=status", "--type=merge", "--patch"];
    world.cluster.kubectl(&[words.as_slice(), &[&status]].concat())?;
    Ok(undo)
}
