//! `cargo xtask bench`: what the kernel programs and the agent cost.

use std::ffi::OsString;

use anyhow::Result;

use crate::demo;

/// Run the lab's measurements in the release profile; all arguments go to them
#[derive(clap::Args)]
pub(crate) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    args: Vec<OsString>,
}

/// # Errors
///
/// Not root, or setup or a build fails.
pub(crate) fn run(Options { args }: Options) -> Result<()> {
    demo::lab("lab-bench", "release", &args)
}
