//! Debian's packages: the one source setup installs from.

use std::{
    fs,
    path::Path,
    process::{self, Command},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context as _, Result, bail};
use nix::unistd::Uid;

use crate::{exec, paths, tools};

/// Installs packages; only called when something is missing, so it first asks for the newest lists.
///
/// # Errors
///
/// Not root, neither Debian nor Ubuntu, or apt-get fails (then all it said is shown).
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !is_debian() {
        bail!("this is not Debian or Ubuntu: install by hand what Debian calls {names}");
    }
    if !Uid::effective().is_root() {
        bail!("installing needs root: run `apt-get install {names}` as root, or this command");
    }
    update()?;
    let arguments = ["install", "--yes", "--no-install-recommends"];
    exec::step(&format!("installing {names}"), apt().args(arguments).args(packages))
}

/// Puts one program out of a package into the cache, without installing the package: a daemon's
/// package would start the daemon.
///
/// # Errors
///
/// As [`install`], or the package holds no such program.
pub(crate) fn extract(package: &str, program: &str) -> Result<()> {
    if !is_debian() || !Uid::effective().is_root() {
        bail!(
            "{program} is missing: put it in PATH (it comes with {package}), or be root on Debian or Ubuntu"
        );
    }
    let scratch = paths::cache()?.join(format!("{package}.{}", process::id()));
    fs::create_dir_all(&scratch).with_context(|| format!("cannot create {}", scratch.display()))?;
    let taken = unpack(&[package], &scratch).and_then(|()| take(package, program, &scratch));
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    taken
}

/// Fetches packages and unpacks them into a folder, without installing them.
///
/// # Errors
///
/// Neither Debian nor Ubuntu, or apt-get fails.
pub(crate) fn unpack(packages: &[&str], folder: &Path) -> Result<()> {
    let names = packages.join(" ");
    if !is_debian() {
        bail!("this is not Debian or Ubuntu, whose packages {names} are needed");
    }
    update()?;
    let what = format!("fetching {names} (not installing)");
    exec::step(&what, apt().arg("download").args(packages).current_dir(folder))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            exec::read(Command::new("dpkg").arg("-x").arg(&path).arg(folder))?;
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn take(package: &str, program: &str, scratch: &Path) -> Result<()> {
    let bin = tools::cached()?;
    fs::create_dir_all(&bin)?;
    let (from, to) = (scratch.join("usr/bin").join(program), bin.join(program));
    fs::rename(&from, &to).with_context(|| format!("package {package} has no /usr/bin/{program}"))
}

/// Fetches the package lists, once per run.
fn update() -> Result<()> {
    static UPDATED: AtomicBool = AtomicBool::new(false);
    if UPDATED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    exec::step("fetching the package lists", apt().arg("update"))
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    // Another apt-get may hold the lock for a while: on a fresh cloud machine one always does.
    apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]);
    apt
}

/// Debian, Ubuntu and what names one of them as its origin.
fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let ids =
        release.lines().filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")));
    ids.flat_map(|ids| ids.trim_matches('"').split(' ')).any(|id| matches!(id, "debian" | "ubuntu"))
}
