//! What the agents are told: by the API server, by Services, by speakers.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::cluster::Service;
use crate::e2e::agents;
use crate::e2e::world::INTERVAL;
use crate::e2e::{Told, Undo, World};
use crate::lab::until_every;

/// How long agents may take to notice that the API server is away.
const LIMIT: Duration = Duration::from_secs(60);

/// How long they may take to see what is there again: they ask less and less often.
const BACK: Duration = Duration::from_secs(120);

/// The last set stays in force and counting goes on; whoever asks the agents themselves is told.
pub(super) fn api_away(world: &World) -> Result<Told> {
    let ips = world.lb_ips()?;
    let back = without_api_server(world)?;
    let told = world.expect_of(|| world.status_without_api_server(), None, "L2W904", &[], LIMIT)?;
    let count = || -> Result<Vec<u64>> {
        let reports = world.reports()?;
        let of = |ip| {
            let lbs = reports.iter().flat_map(|report| &report.lb_ips).filter(move |lb| lb.ip == ip);
            lbs.flat_map(|lb| &lb.interfaces).map(|on| on.replies_sent.socket).sum::<u64>()
        };
        Ok(ips.iter().map(|ip| of(*ip)).collect())
    };
    let before = count()?;
    until_every(INTERVAL, LIMIT, || {
        let now = count()?;
        Ok(before.iter().zip(&now).all(|(before, now)| now > before).then_some(()))
    })
    .context("not every LB IP is counted any more")?;
    back.now()?;
    until_every(INTERVAL, BACK, || {
        let reports = world.reports()?;
        Ok(reports.iter().all(|report| report.source_state.lost.is_none()).then_some(()))
    })
    .context("the agents do not see that the API server is back")?;
    Ok(Told::from(told).and(format!("{} LB IPs kept, counting went on", ips.len())))
}

/// A rule of the `ClusterRole` is withdrawn: that kind is named, nothing ends, all else goes on.
pub(super) fn rbac(world: &World) -> Result<Told> {
    let role = ["clusterrole", "l2witness"];
    let whole = world.cluster.kubectl(&[&["get"], role.as_slice(), &["--output=json"]].concat())?;
    let whole: Value = serde_json::from_str(&whole)?;
    let set = |rules: &Value| {
        let patch = json!([{ "op": "replace", "path": "/rules", "value": rules }]).to_string();
        world
            .cluster
            .kubectl(&[&["patch"], role.as_slice(), &["--type=json", "--patch", &patch]].concat())
            .map(drop)
    };
    let rules = whole["rules"].as_array().context("rules")?;
    let without = rules.iter().filter(|rule| !is_about(rule, "servicel2statuses")).cloned();
    let without: Value = without.collect();
    ensure!(without.as_array().map(Vec::len) < Some(rules.len()), "no rule about servicel2statuses");
    let restarts = agents::restarts(world)?;

    set(&without)?;
    let restored = Undo::new("give the permission back", || set(&whole["rules"]));
    // A watch that is open stays open: permissions are looked at when it is opened.
    without_api_server(world)?.now()?;
    let told = world.expect(None, "L2W905", &["servicel2statuses"], LIMIT)?;
    let mut states = Vec::new();
    until_every(INTERVAL, BACK, || {
        states = world.reports()?.into_iter().map(|report| report.source_state).collect();
        Ok(states.iter().all(|state| state.lost.is_none() && state.missing.len() == 1).then_some(()))
    })
    .with_context(|| format!("more than one kind is not watched: {states:#?}"))?;
    let service = world.service("meanwhile", &json!({}), &json!({}))?;
    world.owner(service.ip)?;
    let watched = || {
        let Ok(told) = world.witness.status() else { return Ok(None) };
        Ok(told.of(service.ip).is_some_and(|judged| judged.answering().count() == 1).then_some(()))
    };
    until_every(INTERVAL, LIMIT, watched).context("a Service that came meanwhile is not seen")?;
    drop(service);
    restored.now()?;
    until_every(INTERVAL, BACK, || {
        let reports = world.reports()?;
        Ok(reports.iter().all(|report| report.source_state.missing.is_empty()).then_some(()))
    })
    .context("the agents do not use the permission again")?;
    ensure!(agents::restarts(world)? == restarts, "an agent was restarted");
    Ok(told.into())
}

fn is_about(rule: &Value, resource: &str) -> bool {
    rule["resources"].as_array().is_some_and(|resources| resources.iter().any(|known| known == resource))
}

/// Stops the API server until the value is dropped.
fn without_api_server(world: &World) -> Result<Undo<'_>> {
    let service: &Service = world.cluster.service("kube-apiserver")?;
    service.stop();
    Ok(Undo::new("start the API server", move || {
        if service.pid().is_none() {
            service.start()?;
        }
        let ready = || Ok(world.cluster.kubectl(&["get", "--raw=/readyz"]).ok());
        until_every(INTERVAL, LIMIT, ready).map(drop)
    }))
}
