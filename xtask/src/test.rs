//! `cargo xtask test`: every test there is, ending with cargo test's own closing lines.

use std::ffi::OsString;

use anyhow::Result;

use crate::{demo, exec, paths, setup, tools};

/// Run all tests, the lab's too (root); all arguments go to `cargo test`
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only the tests that need neither root nor any tool
    #[arg(long)]
    unprivileged: bool,
    /// Arguments of `cargo test`
    #[arg(allow_hyphen_values = true, value_name = "ARGS")]
    args: Vec<OsString>,
    /// Arguments of the test programs
    #[arg(last = true, value_name = "TEST_ARGS")]
    test_args: Vec<OsString>,
}

/// # Errors
///
/// Not root (unless unprivileged), or setup or a build fails.
pub(crate) fn run(Options { unprivileged, args, test_args }: Options) -> Result<()> {
    let mut test = paths::cargo()?;
    test.arg("test");
    if !unprivileged {
        demo::require_root("test (without --unprivileged)")?;
        setup::lab()?;
        setup::browser()?;
        // The lab starts the agent's own program: `cargo test` alone would not build it.
        exec::run(paths::cargo()?.args(["build", "--workspace", "--bins"]))?;
        test.arg("--workspace").env("PATH", tools::path()?);
    }
    test.args(args);
    if !test_args.is_empty() {
        test.arg("--").args(test_args);
    }
    exec::replace(&mut test)
}
