//! Where things are: the workspace, cargo's target directory, the cache.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

/// The workspace's directory, as cargo told us when it ran us.
///
/// # Errors
///
/// xtask's crate has no parent directory.
pub(crate) fn workspace() -> Result<PathBuf> {
    let crate_dir =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    Ok(crate_dir.parent().context("xtask's crate has no parent directory")?.to_owned())
}

/// The target directory cargo really uses: it put our own executable there, as `debug/xtask`.
/// So this follows `CARGO_TARGET_DIR`, cargo's configuration and a target triple without asking.
///
/// # Errors
///
/// Our own executable can't be found.
pub(crate) fn target() -> Result<PathBuf> {
    let executable = env::current_exe().context("cannot find xtask's own executable")?;
    let target = executable.ancestors().nth(2).context("xtask's executable is in no target directory")?;
    Ok(target.to_owned())
}

/// What setup fetches and builds: `$L2WITNESS_CACHE`, else `l2witness` in the user's cache.
///
/// # Errors
///
/// None of the three variables is set.
pub(crate) fn cache() -> Result<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("L2WITNESS_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("l2witness")))
        .or_else(|| Some(variable("HOME")?.join(".cache/l2witness")))
        .map(|cache| std::path::absolute(&cache).unwrap_or(cache))
        .context("no cache directory: set L2WITNESS_CACHE (or HOME)")
}

/// The same cargo that runs us, in the workspace.
///
/// # Errors
///
/// As [`workspace`].
pub(crate) fn cargo() -> Result<Command> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace()?);
    Ok(cargo)
}

/// A path as the shortest a reader needs: relative to the workspace when it is inside.
pub(crate) fn short<'a>(path: &'a Path, workspace: &Path) -> std::path::Display<'a> {
    path.strip_prefix(workspace).unwrap_or(path).display()
}
