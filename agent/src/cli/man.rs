//! `l2witness man`

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;

use super::{
    exit::{Exit, Failure, Outcome},
    output::print,
};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The page of one subcommand instead of the first page
    subcommand: Option<String>,
}

pub(super) fn run(args: &Args, mut command: Command) -> Outcome {
    command.build();
    let page = match &args.subcommand {
        None => command,
        Some(name) => {
            let Some(sub) = command.find_subcommand(name) else {
                return Err(Failure::Usage(format!("there is no subcommand {name:?}")));
            };
            sub.clone()
        }
    };
    let mut roff = Vec::new();
    Man::new(page).render(&mut roff).context("rendering the manual page")?;
    print(&String::from_utf8_lossy(&roff))?;
    Ok(Exit::Fine)
}
