//! Nobody answers.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::e2e::world::{EXCLUDE, INTERVAL};
use crate::e2e::{Told, World};
use crate::lab::until_every;

/// How long it may take to be told.
const LIMIT: Duration = Duration::from_secs(30);

/// The same for what is not told within a minute of the last answer: it may be about to begin anew.
const LONG: Duration = Duration::from_secs(150);

/// So many answers, twice a second, make an owner whose silence means something.
const ESTABLISHED: u64 = 20;

/// `metallb_speaker_announced` is 1, an Event names the node, and nobody answers.
pub(super) fn missing_interface(world: &World) -> Result<Told> {
    let _pool = world.with(&pool("nowhere", &json!({ "interfaces": ["eth9"] })))?;
    let service = world.service("nowhere", &dual_stack(), &from_pool("nowhere"))?;
    let mut told = None;
    for ip in &service.ips {
        let found = world.expect(Some(*ip), "L2W201", &["eth9"], LIMIT)?;
        ensure!(world.asker.tally(*ip).is_silent(), "the router hears {:?}", world.asker.tally(*ip));
        told.get_or_insert(found);
    }
    let (prometheus, mut announced) = (world.prometheus()?, Vec::new());
    until_every(INTERVAL, LIMIT, || {
        let series = format!("metallb_speaker_announced{{ip=\"{}\"}}", service.ip);
        announced = prometheus.query(&world.cluster, &series)?;
        Ok((announced.len() == 1).then_some(()))
    })
    .with_context(|| format!("said to be announced by {announced:?}"))?;
    Ok(Told::from(told.context("an address")?).and("announced all the same; IPv6 alike"))
}

/// What kubeadm does to control planes, done to everybody.
pub(super) fn no_owner(world: &World) -> Result<Told> {
    let nodes: Vec<_> = world.cluster.nodes().iter().collect();
    let _label = world.label(&nodes, EXCLUDE)?;
    let mut told = None;
    for ip in world.ips_of("web")? {
        let found = world.expect(Some(ip), "L2W202", &[EXCLUDE], LONG)?;
        ensure!(world.asker.tally(ip).is_silent(), "the router hears {:?}", world.asker.tally(ip));
        told.get_or_insert(found);
    }
    Ok(Told::from(told.context("an address")?).and("IPv6 alike"))
}

/// A process that hangs: its socket still takes requests, nobody reads them, and no other node may
/// announce this Service.
pub(super) fn stopped(world: &World) -> Result<Told> {
    let node = world.cluster.node("n2");
    let only = json!({ "nodeSelectors": [{ "matchLabels": { "kubernetes.io/hostname": node.name() } }] });
    let _pool = world.with(&pool("single", &only))?;
    let service = world.service("single", &dual_stack(), &from_pool("single"))?;
    for ip in &service.ips {
        // What is new may still be about to begin.
        until_every(INTERVAL, LIMIT, || {
            let answers = world.asker.tally(*ip).by.get(&node.mac()).copied();
            Ok((answers > Some(ESTABLISHED)).then_some(()))
        })
        .with_context(|| format!("the router hears {:?} for {ip}", world.asker.tally(*ip)))?;
    }
    let _continued = world.stop_speaker(node)?;
    let mut told = None;
    for ip in &service.ips {
        let found = world.expect(Some(*ip), "L2W201", &[node.name()], LIMIT)?;
        told.get_or_insert(found);
    }
    Ok(Told::from(told.context("an address")?).and("IPv6 alike"))
}

/// A pool of its own in the nodes' subnet, and how it is to be advertised.
pub(super) fn pool(name: &str, advertised: &Value) -> Value {
    let addresses = ["192.0.2.180-192.0.2.189", "2001:db8::180-2001:db8::189"];
    pool_of(name, &addresses, advertised)
}

/// The same, of other addresses.
pub(super) fn pool_of(name: &str, addresses: &[&str], advertised: &Value) -> Value {
    let object = |kind: &str, spec: Value| {
        json!({
            "apiVersion": "metallb.io/v1beta1",
            "kind": kind,
            "metadata": { "name": name, "namespace": "metallb-system" },
            "spec": spec,
        })
    };
    let mut advertised = advertised.clone();
    advertised["ipAddressPools"] = json!([name]);
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            object("IPAddressPool", json!({ "addresses": addresses, "autoAssign": false })),
            object("L2Advertisement", advertised),
        ],
    })
}

/// The annotation that asks for an address of a pool.
pub(super) fn from_pool(name: &str) -> Value {
    json!({ "metallb.io/address-pool": name })
}

pub(super) fn dual_stack() -> Value {
    json!({ "ipFamilyPolicy": "RequireDualStack" })
}
