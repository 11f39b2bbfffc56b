//! What the kernel programs and the agent cost: see [`l2witness_tests::bench`].

use std::process::ExitCode;

use clap::Parser;
use l2witness_tests::bench::{self, Options};
use l2witness_tests::demo::interrupt;

/// Measures the kernel programs, a flood beside tcpdump, and the agent.
#[derive(Parser)]
struct Args {
    /// Print nothing but one JSON document
    #[arg(long)]
    json: bool,
    /// Rounds whose median counts
    #[arg(long, value_name = "N", default_value_t = 21, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Only what has this word in its name: kernel, flood, agent, replay, events, page
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
}

fn main() -> ExitCode {
    let Args { json, rounds, only } = Args::parse();
    let Err(error) = bench::run(&Options { json, rounds: rounds.into(), only }) else {
        return ExitCode::SUCCESS;
    };
    eprintln!("lab-bench: {error:#}");
    if error.is::<interrupt::Interrupted>() {
        ExitCode::from(interrupt::EXIT_CODE)
    } else {
        ExitCode::FAILURE
    }
}
