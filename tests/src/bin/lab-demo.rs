//! The demo of the README: see [`l2witness_tests::demo`].

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use l2witness_tests::demo::{self, Options, interrupt};

/// Shows in five stages which node really answers for each LB IP: healthy, move, fault, foreign, failover.
#[derive(Parser)]
struct Args {
    /// Print nothing but one JSON document: what `l2witness status -o json` told in each stage
    #[arg(long)]
    json: bool,
    /// Leave everything up until Enter or Ctrl-C, and say how to look around
    #[arg(long)]
    keep: bool,
    /// Write the picture of the failover into this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Args { json, keep, html } = Args::parse();
    let Err(error) = demo::run(&Options { json, keep, html }) else { return ExitCode::SUCCESS };
    eprintln!("lab-demo: {error:#}");
    if error.is::<interrupt::Interrupted>() {
        ExitCode::from(interrupt::EXIT_CODE)
    } else {
        ExitCode::FAILURE
    }
}
