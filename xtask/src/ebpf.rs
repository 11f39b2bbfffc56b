//! `cargo xtask ebpf`: builds the kernel object that the repository carries, or proves it fresh.

mod build;
mod compare;
mod facts;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    exec::say,
    kit::{self, Kit},
    paths, sources,
};

/// Feature of what is committed.
const PROGRAMS: &str = "programs";

/// Differences to show: an edit moves everything behind it.
const SHOWN: usize = 20;

/// Build the kernel programs and renew the committed object
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build, compare with the committed object, and fail if it is not what the sources give
    #[arg(long, conflicts_with = "debug_log")]
    check: bool,
    /// Build with per-frame log lines; loading that object needs `CAP_PERFMON`
    #[arg(long, requires = "out")]
    debug_log: bool,
    /// Write the built object here and leave the committed one alone
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// # Errors
///
/// No toolchain, the build fails, or the committed object is not what the sources give.
pub(crate) fn run(Options { check, debug_log, out }: &Options) -> Result<()> {
    let workspace = paths::workspace()?;
    let kit = kit::ensure()?;
    let features = if *debug_log { "debug-log" } else { PROGRAMS };
    if *check {
        let fresh = match out {
            Some(out) => out.clone(),
            None => paths::target()?.join("ebpf/fresh.bpf.o"),
        };
        build::forget(&kit, &workspace)?;
        build::object(&kit, &workspace, features, &fresh)?;
        return verify(&kit, &workspace, &fresh);
    }
    match out {
        Some(out) => build::object(&kit, &workspace, features, out)?,
        None => renew(&kit, &workspace)?,
    }
    Ok(())
}

/// Builds the committed object and records the hash of its sources, taken before the build: an edit
/// made meanwhile leaves the object stale, as it is.
fn renew(kit: &Kit, workspace: &Path) -> Result<()> {
    let hash = sources::hash(workspace)?;
    build::object(kit, workspace, PROGRAMS, &workspace.join(sources::OBJECT))?;
    let recorded = workspace.join(sources::RECORDED);
    fs::write(&recorded, hash + "\n").with_context(|| format!("cannot write {}", recorded.display()))
}

fn verify(kit: &Kit, workspace: &Path, fresh: &Path) -> Result<()> {
    let mut differences = Vec::new();
    let recorded = fs::read_to_string(workspace.join(sources::RECORDED)).unwrap_or_default();
    if recorded.trim() != sources::hash(workspace)? {
        differences.push(format!("{} is not the hash of the sources", sources::RECORDED));
    }
    let committed = facts(&workspace.join(sources::OBJECT))
        .context("no committed object to compare with: build it with `cargo xtask ebpf` and commit it")?;
    let fresh = facts(fresh)?;
    differences.extend(compare::differences(&committed, &fresh));
    if differences.is_empty() {
        say(&format!("the committed object is what the sources give ({} compared)", fresh.extent()));
        return Ok(());
    }
    for difference in differences.iter().take(SHOWN) {
        say(difference);
    }
    if let Some(more @ 1..) = differences.len().checked_sub(SHOWN) {
        say(&format!("… and {more} more differences"));
    }
    bail!(
        "{} is not what the sources give with {}: renew it with `cargo xtask ebpf` and commit it",
        sources::OBJECT,
        kit.rustc_version()?
    )
}

fn facts(object: &Path) -> Result<facts::Facts> {
    let bytes = fs::read(object).with_context(|| format!("cannot read {}", object.display()))?;
    facts::Facts::of(&bytes).with_context(|| format!("{} is no BPF object", object.display()))
}
