//! `cargo xtask demo`: two nodes, one address, and which of them really answers.

use std::{ffi::OsString, process::Command};

use anyhow::{Result, bail};
use nix::unistd::Uid;

use crate::{exec, paths, setup, tools};

/// Run the lab's demo; all arguments go to it (`-- --help` shows them)
#[derive(clap::Args)]
pub(crate) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    args: Vec<OsString>,
}

/// # Errors
///
/// Not root, or setup or a build fails.
pub(crate) fn run(Options { args }: Options) -> Result<()> {
    lab("lab-demo", "debug", &args)
}

/// Prepares the machine, builds the agent and the lab, and becomes one of the lab's programs.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn lab(program: &str, profile: &str, args: &[OsString]) -> Result<()> {
    require_root(program)?;
    setup::lab()?;
    let mut build = paths::cargo()?;
    build.args(["build", "--package", "l2witness", "--package", "l2witness-tests", "--bins"]);
    if profile == "release" {
        build.arg("--release");
    }
    exec::run(&mut build)?;
    let program = paths::target()?.join(profile).join(program);
    exec::replace(Command::new(program).args(args).env("PATH", tools::path()?))
}

/// # Errors
///
/// Not root.
pub(crate) fn require_root(what: &str) -> Result<()> {
    if !Uid::effective().is_root() {
        bail!("{what} needs root: it makes network namespaces and loads BPF programs into the kernel");
    }
    Ok(())
}
