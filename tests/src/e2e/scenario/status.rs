//! A `ServiceL2Status` that names the wrong node for good.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::e2e::stuck::{MENDED, Status, clear, remedied, statuses};
use crate::e2e::world::{EXCLUDE, GRACE, INTERVAL};
use crate::e2e::{Told, World};
use crate::lab::until_every;

/// How long a speaker may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The former owner's speaker stands still while the new one takes its status over: MetalLB's issue 2930, which
/// any move may meet when a node is slow. What is told names the object, and to delete it makes it right.
pub(super) fn stuck(world: &World) -> Result<Told> {
    if !world.metallb_before(MENDED) {
        return Ok(Told::words("not played: this MetalLB deletes the status of another speaker"));
    }
    let service = world.service("left", &json!({}), &json!({}))?;
    let (owner, _) = world.owner(service.ip)?;
    let excluded = world.label(&[owner], EXCLUDE)?;
    let former = until_every(INTERVAL, LIMIT, || {
        let (now, _) = world.owner(service.ip)?;
        Ok((now.name() != owner.name()).then_some(now))
    })
    .context("the LB IP does not move")?;
    let status_is = |node: &str, written_by: &str| {
        let its = |status: &Status| {
            status.service == format!("shop/{}", service.name)
                && (status.node.as_str(), status.written_by.as_str()) == (node, written_by)
        };
        until_every(INTERVAL, LIMIT, || {
            let all = statuses(world)?;
            let found = all.iter().any(its).then_some(());
            if found.is_none() {
                // The moves that lead there may meet it, too.
                clear(world, &all)?;
            }
            Ok(found)
        })
        .with_context(|| format!("no status of {node} by {written_by}: {:?}", statuses(world)))
    };
    status_is(former.name(), former.name())?;

    let goes_on = world.stop_speaker(former)?;
    excluded.now()?;
    status_is(former.name(), owner.name())?;
    goes_on.now()?;
    let words = [owner.name(), former.name(), "issue 2930"];
    let found = world.expect(Some(service.ip), "L2W402", &words, GRACE + LIMIT)?;
    ensure!(remedied(world, &found)?, "it does not say what to delete: {}", found.next);
    status_is(owner.name(), owner.name())?;
    Ok(Told::from(found).and("deleted as told, it is made anew and right"))
}
