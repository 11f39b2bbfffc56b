//! `l2witness completions SHELL`

use clap::Command;
use clap_complete::Shell;

use super::{
    exit::{Exit, Outcome},
    output::print,
};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut Command) -> Outcome {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, name, &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}
