//! The demo of the README: see [`l2witness_tests::demo`].

use std::process::ExitCode;

use clap::Parser;
use l2witness_tests::demo::{self, Options, interrupt};

/// Shows in four stages which node really answers for each LB IP: healthy, move, fault, foreign.
#[derive(Parser)]
struct Args {
    /// Print nothing but one JSON document: what `l2witness status -o json` told in each stage
    #[arg(long)]
    json: bool,
    /// Leave everything up until Enter or Ctrl-C, and say how to look around
    #[arg(long)]
    keep: bool,
}

fn main() -> ExitCode {
    let Args { json, keep } = Args::parse();
    let Err(error) = demo::run(Options { json, keep }) else { return ExitCode::SUCCESS };
    eprintln!("lab-demo: {error:#}");
    if error.is::<interrupt::Interrupted>() {
        ExitCode::from(interrupt::EXIT_CODE)
    } else {
        ExitCode::FAILURE
    }
}
