//! What any move of an LB IP may leave behind up to MetalLB 0.15.3: a `ServiceL2Status` that names the former owner for
//! good (issue 2930). It is no fault of a scenario, and to tell it is right.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::World;
use super::witness::Finding;
use super::world::INTERVAL;
use crate::lab::until_every;

/// How long an object that is gone may be told, and its speaker may take for a new one.
const LIMIT: Duration = Duration::from_secs(20);

const NAMESPACE: &str = "metallb-system";

/// The first version that deletes what it may not change.
pub(super) const MENDED: (u64, u64) = (0, 16);

/// A `ServiceL2Status`, as the API server has it.
#[derive(Clone, Debug)]
pub(super) struct Status {
    name: String,
    /// `namespace/name` of its Service.
    pub(super) service: String,
    /// `status.node`.
    pub(super) node: String,
    /// The label `metallb.io/node`.
    pub(super) written_by: String,
}

/// All there are, with a MetalLB that can leave one stuck.
///
/// # Errors
///
/// As `kubectl get`.
pub(super) fn statuses(world: &World) -> Result<Vec<Status>> {
    if !world.metallb_before(MENDED) {
        return Ok(Vec::new());
    }
    let words = ["get", "servicel2statuses", "--namespace", NAMESPACE, "--output=json"];
    let list: Value = serde_json::from_str(&world.cluster.kubectl(&words)?)?;
    let text = |item: &Value, at: &str| -> String {
        item.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let status = |item: &Value| Status {
        name: text(item, "/metadata/name"),
        service: format!("{}/{}", text(item, "/status/serviceNamespace"), text(item, "/status/serviceName")),
        node: text(item, "/status/node"),
        written_by: text(item, "/metadata/labels/metallb.io~1node"),
    };
    Ok(list["items"].as_array().context("a list of statuses")?.iter().map(status).collect())
}

impl Status {
    /// A speaker that has made one fills in its node a moment later.
    pub(super) fn is_stuck(&self) -> bool {
        !self.node.is_empty() && self.node != self.written_by
    }
}

/// Deletes those of them that are stuck.
///
/// # Errors
///
/// As `kubectl`.
pub(super) fn clear(world: &World, all: &[Status]) -> Result<()> {
    for status in all.iter().filter(|status| status.is_stuck()) {
        delete(world, status)?;
    }
    Ok(())
}

/// Whether a finding is about one of them, and no more; then what it says is to be done is done, and helps.
///
/// # Errors
///
/// As `kubectl`; or it is still told after that.
pub(super) fn remedied(world: &World, finding: &Finding) -> Result<bool> {
    let command =
        |status: &Status| format!("`kubectl -n {NAMESPACE} delete servicel2status {}`", status.name);
    let all = statuses(world)?;
    let named = all.iter().find(|status| status.is_stuck() && finding.next.contains(&command(status)));
    let Some(status) = named else { return Ok(false) };
    delete(world, status)?;
    until_every(INTERVAL, LIMIT, || {
        let Ok(told) = world.witness.status() else { return Ok(None) };
        let still = told.about(None).any(|other| other.next.contains(&command(status)));
        Ok((!still).then_some(()))
    })
    .with_context(|| format!("{} is deleted and still told", status.name))?;
    Ok(true)
}

fn delete(world: &World, status: &Status) -> Result<()> {
    let Status { name, service, node, written_by } = status;
    eprintln!(
        "e2e: MetalLB's issue 2930: {name} of {service} names {node} and was written by {written_by}; deleted"
    );
    let words = ["delete", "servicel2status", "--ignore-not-found", "--namespace", NAMESPACE, name];
    world.cluster.kubectl(&words).map(drop)
}
