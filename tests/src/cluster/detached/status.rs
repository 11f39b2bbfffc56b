//! How a detached cluster is.

use std::fs;
use std::io::{self, Write as _};
use std::process::Command;

use anyhow::{Result, ensure};

use super::state::Place;
use crate::cluster::run;
use crate::lab;

/// Prints its daemons, nodes and pods.
///
/// # Errors
///
/// It isn't up, or a daemon of it ended.
pub fn status(name: &str) -> Result<()> {
    let place = Place::new(name)?;
    let state = place.read()?;
    let owner = place.owner()?.unwrap_or_default();
    ensure!(
        !lab::is_leftover(&owner),
        "the holder of cluster {name} was killed: `cargo xtask cluster down --name {name}` removes the rest"
    );
    let runs = |pid: u32| {
        // By its control group: a process id may have been used again.
        fs::read_to_string(format!("/proc/{pid}/cgroup")).is_ok_and(|groups| groups.contains(&state.lab))
    };
    let mut stdout = io::stdout();
    let ended: Vec<_> =
        state.services.iter().filter(|(_, pid)| !runs(*pid)).map(|(name, _)| name.as_str()).collect();
    writeln!(stdout, "{} of {} daemons run", state.services.len() - ended.len(), state.services.len())?;
    let mut kubectl = Command::new(&state.kubectl);
    kubectl.arg("--kubeconfig").arg(&state.kubeconfig).arg("--cache-dir").arg(state.scratch.join("kubectl"));
    kubectl.args(["--request-timeout=10s", "get", "nodes,pods,services", "-A", "-o", "wide"]);
    let told = run::read(&mut kubectl);
    if let Ok(told) = &told {
        write!(stdout, "{told}")?;
    }
    ensure!(ended.is_empty(), "of cluster {name} ended: {}", ended.join(", "));
    told.map(drop)
}
