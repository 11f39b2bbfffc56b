//! Waiting until all is well.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::World;
use super::stuck;
use super::world::INTERVAL;
use crate::lab::until_every;

/// How long it may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Told of what has passed, too, and faults are part of it: FLAP of the last five minutes, UNANNOUNCED of the last hour
/// (a speaker that stood still answers what it missed, after the other's announcements), COUNTERS-DIFFER of all
/// that was compared.
const PAST: [&str; 3] = ["L2W104", "L2W404", "L2W405"];

/// Asks for every LB IP there is, and waits until each is answered by one node and nobody complains.
///
/// # Errors
///
/// Not within two minutes; what is still wrong is in the message.
pub(super) fn settle(world: &World) -> Result<()> {
    let mut wrong = String::new();
    let settled = until_every(INTERVAL, LIMIT, || {
        world.asker.ask_for(&world.lb_ips()?);
        // Any move may have left one, and a minute has to pass before it is told.
        stuck::clear(world, &stuck::statuses(world)?)?;
        wrong = match unwell(world) {
            Ok(None) => return Ok(Some(())),
            Ok(Some(wrong)) => wrong,
            Err(error) => format!("{error:#}"),
        };
        Ok(None)
    });
    settled.context(wrong)
}

/// The first that is wrong.
fn unwell(world: &World) -> Result<Option<String>> {
    for (ip, tally) in world.asker.tallies() {
        if !tally.is_single() {
            return Ok(Some(format!("the router asks for {ip} and hears {tally:?}")));
        }
    }
    let told = world.witness.status()?;
    if told.agents.replied != world.cluster.nodes().len() {
        return Ok(Some(format!("{} agents replied", told.agents.replied)));
    }
    let mut present = told.complaints().filter(|(_, finding)| !PAST.contains(&finding.code.as_str()));
    Ok(present.next().map(|(about, finding)| format!("{about}: {finding}")))
}
