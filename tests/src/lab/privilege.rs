//! The lab needs root; a test without it fails, unless it was told to be skipped.

use std::env;

use anyhow::{Result, ensure};
use nix::unistd::geteuid;

/// Set to anything, it lets the privileged tests be skipped where there is no root.
pub const SKIP_VARIABLE: &str = "L2WITNESS_SKIP_PRIVILEGED";

pub(super) fn require() -> Result<()> {
    ensure!(
        geteuid().is_root(),
        "the lab makes network namespaces: run as root, or set {SKIP_VARIABLE}=1 to skip these tests"
    );
    Ok(())
}

pub(super) fn skip() -> bool {
    let skip = !geteuid().is_root() && env::var_os(SKIP_VARIABLE).is_some();
    if skip {
        eprintln!("skipped: not root, and {SKIP_VARIABLE} is set");
    }
    skip
}
