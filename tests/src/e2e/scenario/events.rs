//! Kubernetes Events, which an operator opts in to.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::e2e::agents::NAMESPACE;
use crate::e2e::world::INTERVAL;
use crate::e2e::{Told, Undo, World};
use crate::lab::until_every;

/// How long a new set of agents may take.
const ROLLOUT: Duration = Duration::from_secs(120);

/// How long an Event may take: a finding has to hold for 15 s, and is looked for every 5 s.
const LIMIT: Duration = Duration::from_secs(60);

/// Long enough for the agents' next looks, which find the same.
const AGAIN: Duration = Duration::from_secs(12);

/// The component that switches them on, in the folder of the manifests.
const COMPONENT: &str = "deploy/kustomize/components/events";

/// A node's kernel answers beside the speaker: the Service has one Event of it by that node's agent, however
/// often the agent looks. One look's worth of handovers before that has none.
pub(super) fn run(world: &World) -> Result<Told> {
    let _without = switched_on(world)?;
    let service = world.service("eventful", &json!({}), &json!({}))?;
    let (_, others) = world.owner(service.ip)?;
    let node = *others.first().context("another node")?;
    ensure!(events(world, &service.name)?.is_empty(), "Events about a Service that is well");

    let address = format!("{}/32", service.ip);
    node.ip(["address", "add", &address, "dev", "lo"])?;
    let _off =
        Undo::new("take the address off lo", || node.ip(["address", "del", &address, "dev", "lo"]).map(drop));
    let mut seen = Vec::new();
    let first = until_every(INTERVAL, LIMIT, || {
        seen = events(world, &service.name)?;
        Ok(seen.first().cloned())
    })
    .with_context(|| format!("no Event about {}", service.name))?;
    let text = |field: &str| first[field].as_str().unwrap_or_default().to_owned();
    let said = text("note");
    ensure!(
        (text("type"), text("reason"), text("reportingController"))
            == ("Warning".to_owned(), "Shadow".to_owned(), "l2witness".to_owned())
            && first["reportingInstance"] == node.name()
            && said.contains("L2W102")
            && said.contains(&service.ip.to_string()),
        "not what it is about: {first:#}"
    );
    let until = Instant::now() + AGAIN;
    until_every(INTERVAL, AGAIN * 2, || {
        let now = events(world, &service.name)?;
        if now != [first.clone()] {
            bail!("more than one Event: {now:#?}");
        }
        Ok((Instant::now() > until).then_some(()))
    })?;
    Ok(Told::words(format!("one Event: Warning Shadow by {}: {said}", node.name())))
}

/// Those of our agents about a Service of `shop`.
fn events(world: &World, service: &str) -> Result<Vec<Value>> {
    let about = format!("regarding.kind=Service,regarding.name={service},reportingController=l2witness");
    let words = ["get", "events.events.k8s.io", "--namespace=shop", "--field-selector", &about, "-ojson"];
    let list: Value = serde_json::from_str(&world.cluster.kubectl(&words)?)?;
    list["items"].as_array().cloned().context("a list of Events")
}

/// Applies the manifests once more, with the component; later without it.
fn switched_on(world: &World) -> Result<Undo<'_>> {
    let base = world.manifests.first().context("the folder of l2witness's manifests")?;
    let root = base.ancestors().find(|folder| folder.join(COMPONENT).is_dir());
    let root = root.with_context(|| format!("no {COMPONENT} above {}", base.display()))?;
    let folder = world.cluster.lab().scratch().join("with-events");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let relative =
        |to: &Path| -> Result<String> { Ok(between(&folder.canonicalize()?, &to.canonicalize()?)) };
    let text = json!({ "resources": [relative(base)?], "components": [relative(&root.join(COMPONENT))?] });
    fs::write(folder.join("kustomization.yaml"), text.to_string()).context("write a kustomization")?;

    let rolled_out = |folder: &Path| -> Result<()> {
        world.cluster.kubectl(&["apply", "-k", &folder.display().to_string()])?;
        world.cluster.rollout(NAMESPACE, "daemonset/l2witness", ROLLOUT)
    };
    let undo = Undo::new("switch Events off", move || {
        for kind in ["clusterrolebinding", "clusterrole"] {
            world.cluster.kubectl(&["delete", "--ignore-not-found", kind, "l2witness-events"])?;
        }
        rolled_out(base)
    });
    rolled_out(&folder)?;
    Ok(undo)
}

/// The way from one folder to another: a kustomization takes no absolute one.
fn between(from: &Path, to: &Path) -> String {
    let folders = from.components().filter(|part| matches!(part, Component::Normal(_)));
    let up: PathBuf = folders.map(|_| Component::ParentDir).collect();
    up.join(to.strip_prefix("/").unwrap_or(to)).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_over_the_root() {
        assert_eq!(between(Path::new("/tmp/lab/it"), Path::new("/src/deploy")), "../../../src/deploy");
    }
}
