//! What `cargo xtask e2e` runs: l2witness's own `DaemonSet` beside an unmodified MetalLB in a real
//! Kubernetes, one fault after another, and each time what an operator is told.
//!
//! * [`World`] — the cluster, a router that asks for every LB IP, a real Prometheus, and `l2witness`
//!   with the cluster's kubeconfig
//! * [`scenario`] — the faults; each takes back what it did ([`Undo`]), also by a panic
//! * `settle` — the next scenario begins when all is well again, and not before
//!
//! What is expected is a code of the catalogue *and* the cause. Deadlines are polled; nothing sleeps
//! to let time pass.

pub mod agents;
pub mod asker;
pub mod driller;
pub mod metrics;
mod options;
pub mod prometheus;
mod report;
pub mod scenario;
pub mod service;
mod settle;
pub mod speaker;
mod stuck;
mod told;
mod undo;
pub mod witness;
pub mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail};

pub use options::Options;
pub use scenario::Scenario;
pub use told::Told;
pub use undo::Undo;
pub use world::World;

/// Plays the chosen scenarios on one cluster and prints a line for each.
///
/// # Errors
///
/// There is no such scenario; the cluster can't be made; or a scenario did not end as it must, whose
/// line then says `FAILED`.
pub fn run(options: &Options) -> Result<()> {
    let chosen = scenario::chosen(&options.scenario)?;
    if options.list {
        for Scenario { name, about, .. } in chosen {
            println!("{name:<18} {about}");
        }
        return Ok(());
    }
    let start = Instant::now();
    let world = World::start(options)?;
    let mut failed = Vec::new();
    for scenario in &chosen {
        let name = scenario.name;
        if let Err(error) = play(&world, scenario) {
            report::evidence(&world);
            println!("{name:<18} FAILED  {error:#}");
            failed.push(name);
        }
        let ended = Instant::now();
        if let Err(error) = settle::settle(&world) {
            report::evidence(&world);
            bail!("{name}: all is not well again, so nothing more is tried: {error:#}");
        }
        eprintln!("e2e: {name}: all is well again after {} s", ended.elapsed().as_secs());
    }
    let seconds = start.elapsed().as_secs();
    if !failed.is_empty() {
        bail!("{} of {} scenarios failed: {}", failed.len(), chosen.len(), failed.join(", "));
    }
    println!("{} scenarios ok with MetalLB {}, {seconds} s", chosen.len(), options.metallb);
    Ok(())
}

fn play(world: &World, scenario: &Scenario) -> Result<()> {
    let start = Instant::now();
    let Scenario { name, run, .. } = scenario;
    let told = catch_unwind(AssertUnwindSafe(|| run(world)))
        .map_err(|_| anyhow!("it panicked"))
        .and_then(|told| told)
        .with_context(|| format!("after {} s", start.elapsed().as_secs()))?;
    println!("{name:<18} ok  {told}  ({} s)", start.elapsed().as_secs());
    Ok(())
}
