//! Scenarios in a real cluster: see [`l2witness_tests::e2e`].

use std::process::ExitCode;

use clap::Parser;
use l2witness_tests::e2e::{self, Options};

/// Plays faults beside a real MetalLB and holds what l2witness tells against what must be told.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let Args { options } = Args::parse();
    let Err(error) = e2e::run(&options) else { return ExitCode::SUCCESS };
    eprintln!("lab-e2e: {error:#}");
    ExitCode::FAILURE
}
