//! Developer commands of l2witness, run as `cargo xtask <command>`.
//!
//! Everything xtask itself says goes to stderr: stdout belongs to the program it runs.

mod bench;
mod cluster;
mod debian;
mod demo;
mod e2e;
mod ebpf;
mod exec;
mod image;
mod kit;
mod paths;
mod setup;
mod test;
mod tools;

// A file shared with the agent's build script, not a dependency: see its own words.
#[path = "../../agent-ebpf/sources.rs"]
mod sources;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Developer commands of l2witness.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Setup(setup::Options),
    Ebpf(ebpf::Options),
    Demo(demo::Options),
    Test(test::Options),
    Bench(bench::Options),
    Image(image::Options),
    E2e(e2e::Options),
    Cluster(cluster::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        // Not by returning the error: with RUST_BACKTRACE set that would bury the line.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Setup(options) => setup::run(&options),
        Command::Ebpf(options) => ebpf::run(&options),
        Command::Demo(options) => demo::run(options),
        Command::Test(options) => test::run(options),
        Command::Bench(options) => bench::run(options),
        Command::Image(options) => image::run(options),
        Command::E2e(options) => e2e::run(&options),
        Command::Cluster(options) => cluster::run(options),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
