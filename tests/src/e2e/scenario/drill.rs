//! A failover on purpose: what it says it would do, what it does, and what it leaves behind: nothing.

use std::net::IpAddr;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::cluster::Node;
use crate::e2e::driller::Driller;
use crate::e2e::witness::Judged;
use crate::e2e::world::{EXCLUDE, INTERVAL};
use crate::e2e::{Told, Undo, World};
use crate::lab::until_every;

const SERVICE: &str = "shop/web";

const NOTE: &str = "l2witness.io/drill";

/// How long the address may take to be where it belongs again.
const LIMIT: Duration = Duration::from_secs(30);

pub(super) fn run(world: &World) -> Result<Told> {
    let driller = world.driller()?;
    let ip = *world.ips_of("web")?.first().context("an address")?;
    let owner = world.owner(ip)?.0;
    let _clean = Undo::new("take label and note away", || {
        world.cluster.kubectl(&["label", "node", owner.name(), &format!("{EXCLUDE}-")])?;
        world.cluster.kubectl(&["annotate", "node", owner.name(), &format!("{NOTE}-")]).map(drop)
    });
    back(world, owner, ip)?;
    let heir = dry_run(world, &driller, owner, ip)?;
    let told = for_real(world, &driller, owner, &heir, ip)?;
    interrupted(world, &driller, owner)?;
    back(world, owner, ip)?;
    killed(world, &driller, owner)?;
    back(world, owner, ip)?;
    labelled_by_another(world, &driller, owner)?;
    Ok(Told::words(told)
        .and("interrupted it leaves no label; killed it leaves one that is seen and restored"))
}

/// Nothing changes; says who would take over.
fn dry_run(world: &World, driller: &Driller<'_>, owner: &Node, ip: IpAddr) -> Result<String> {
    let before = metadata(world, owner)?;
    let output = driller.drill(&[SERVICE])?;
    let page = said(&output);
    ensure!(output.status.code() == Some(0), "a dry run: {page}");
    for part in [
        format!("{SERVICE} is on {} (answered ", owner.name()),
        format!("{EXCLUDE}=l2witness-drill on Node {}", owner.name()),
        "Nothing was changed.".to_owned(),
    ] {
        ensure!(page.contains(&part), "no {part:?} in a dry run: {page}");
    }
    ensure!(metadata(world, owner)? == before, "a dry run changed {}", owner.name());
    ensure!(world.owner(ip)?.0.name() == owner.name(), "a dry run moved {ip}");
    // LB IP, FROM, TO, THEN.
    let row = page.lines().find(|line| line.split_whitespace().next() == Some(&*ip.to_string()));
    let cells: Vec<_> = row.with_context(|| format!("no row of {ip}: {page}"))?.split_whitespace().collect();
    ensure!(cells.get(1) == Some(&owner.name()) && cells.get(3) == Some(&owner.name()), "{cells:?}");
    Ok(cells.get(2).context("a third column")?.to_string())
}

/// The one that was foretold takes over, for the router as for the agents, and gives it back.
fn for_real(world: &World, driller: &Driller<'_>, owner: &Node, heir: &str, ip: IpAddr) -> Result<String> {
    let answers =
        |name: &str| world.asker.tally(ip).by.get(&world.cluster.node(name).mac()).copied().unwrap_or(0);
    let before = answers(heir);
    let record = world.cluster.lab().scratch().join("drill.jsonl");
    let record = record.to_string_lossy();
    let output = driller.drill(&[SERVICE, "--yes", "--record", &record])?;
    let page = said(&output);
    ensure!(output.status.code() == Some(0), "the drill: {page}");
    eprintln!("e2e: {page}");
    ensure!(answers(heir) > before, "the router never heard {heir}: {page}");
    for part in [
        format!("  Node {} has the label ", owner.name()),
        format!("  {heir} answers {ip}"),
        format!("  Node {}: the label is taken away", owner.name()),
        format!("{ip}: {heir} answered, at the latest "),
        format!("back: {} answered", owner.name()),
    ] {
        ensure!(page.contains(&part), "no {part:?}: {page}");
    }
    ensure!(is_clean(world, owner)?, "the drill left something on {}", owner.name());
    back(world, owner, ip)?;
    there_and_back(world, &record, [heir, owner.name()], ip)?;
    let line = page.lines().find(|line| line.starts_with(&format!("{ip}: ")));
    Ok(line.context("a line of the address")?.to_owned())
}

/// What was recorded tells both handovers.
fn there_and_back(world: &World, record: &str, owners: [&str; 2], ip: IpAddr) -> Result<()> {
    let mut command = world.witness.command(&["failover", "-o", "json", "--since=5m"]);
    let output = command.args(["--input-file", record, &ip.to_string()]).output().context("run l2witness")?;
    let told: Value = serde_json::from_slice(&output.stdout).with_context(|| said(&output))?;
    let handovers = told["timelines"][0]["handovers"].as_array().context("handovers")?;
    let to: Vec<_> = handovers.iter().filter_map(|handover| handover["to"]["node"].as_str()).collect();
    // What was before the drill is in the record, too.
    ensure!(to.ends_with(&owners), "{ip} came to {to:?}, not to {owners:?}: {told:#}");
    Ok(())
}

fn interrupted(world: &World, driller: &Driller<'_>, owner: &Node) -> Result<()> {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let drilling = driller.drill_until_labelled(&[SERVICE, "--yes"])?;
        drilling.signal(signal)?;
        let (code, page) = drilling.end()?;
        ensure!(code == Some(3) && page.contains("the label is taken away"), "{signal}: {code:?} {page}");
        ensure!(is_clean(world, owner)?, "{signal} left something on {}", owner.name());
        back(world, owner, *world.ips_of("web")?.first().context("an address")?)?;
    }
    Ok(())
}

/// Nobody can clean up after that but the next one who looks.
fn killed(world: &World, driller: &Driller<'_>, owner: &Node) -> Result<()> {
    let drilling = driller.drill_until_labelled(&[SERVICE, "--yes"])?;
    drilling.signal(Signal::SIGKILL)?;
    let (code, page) = drilling.end()?;
    ensure!(code.is_none(), "it survived: {code:?} {page}");
    let left = metadata(world, owner)?;
    ensure!(left["labels"][EXCLUDE] == "l2witness-drill", "no label was left: {left}");

    let output = driller.drill(&[SERVICE, "--yes", "--force"])?;
    let page = said(&output);
    let seen = page.contains("l2witness drill --restore") && page.contains("of the drill of shop/web by ");
    ensure!(output.status.code() == Some(2) && seen, "the next drill: {page}");
    ensure!(metadata(world, owner)? == left, "the next drill touched what was left");
    let checked = world.witness.value(&["check"])?;
    let groups = checked["groups"].as_array().context("groups")?;
    let mut lines = groups.iter().filter_map(|group| group["checks"].as_array()).flatten();
    let line = lines.find(|line| line["check"] == "drills").context("no check of drills")?;
    ensure!(line["details"][0]["node"] == owner.name(), "check: {line}");

    let output = driller.drill(&["--restore"])?;
    let page = said(&output);
    ensure!(output.status.code() == Some(0) && page.contains(": taken away"), "restoring: {page}");
    ensure!(is_clean(world, owner)?, "restoring left something");
    Ok(())
}

/// A label without our note is not ours.
fn labelled_by_another(world: &World, driller: &Driller<'_>, owner: &Node) -> Result<()> {
    let away = world.label(&[owner], EXCLUDE)?;
    let page = said(&driller.drill(&["--restore"])?);
    ensure!(page.contains("nothing to restore"), "{page}");
    ensure!(metadata(world, owner)?["labels"][EXCLUDE] == "", "restoring took somebody's label away");
    away.now()
}

/// What a drill may change.
fn metadata(world: &World, node: &Node) -> Result<Value> {
    let node = world.cluster.kubectl(&["get", "node", node.name(), "--output=json"])?;
    let node: Value = serde_json::from_str(&node)?;
    Ok(serde_json::json!({
        "labels": node["metadata"]["labels"],
        "annotations": node["metadata"]["annotations"],
    }))
}

fn is_clean(world: &World, node: &Node) -> Result<bool> {
    let metadata = metadata(world, node)?;
    Ok(metadata["labels"][EXCLUDE].is_null() && metadata["annotations"][NOTE].is_null())
}

/// For the router, and by evidence: a moment after a move, two have answered last.
fn back(world: &World, owner: &Node, ip: IpAddr) -> Result<()> {
    until_every(INTERVAL, LIMIT, || {
        let tally = world.asker.tally(ip);
        let Ok(told) = world.witness.status() else { return Ok(None) };
        let by: Vec<_> = told.of(ip).into_iter().flat_map(Judged::answering).map(|by| &*by.node).collect();
        let is_back = tally.is_single() && tally.answerers().contains(&owner.mac());
        Ok((is_back && by == [owner.name()]).then_some(()))
    })
    .with_context(|| format!("{ip} does not come back to {}: {:?}", owner.name(), world.asker.tally(ip)))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}
