//! A real Kubernetes with MetalLB on this machine: see [`l2witness_tests::cluster`].

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use l2witness_tests::cluster::{Options, detached};
use l2witness_tests::demo::interrupt::{EXIT_CODE, Interrupted};

/// Starts and ends clusters that stay when this command ends; `cargo xtask cluster` is its front.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a cluster
    Up(Start),
    /// Hold a cluster until a signal comes: what `up` starts
    #[command(hide = true)]
    Hold(Start),
    /// End a cluster, and what killed ones left
    Down(Which),
    /// Show a cluster's daemons, nodes, pods and Services
    Status(Which),
}

#[derive(clap::Args)]
struct Start {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    options: Options,
}

#[derive(clap::Args)]
struct Which {
    /// Its name
    #[arg(long, default_value = "default")]
    name: String,
}

fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Up(Start { which, .. }) => detached::up(&which.name),
        Command::Hold(Start { which, options }) => detached::hold(&which.name, &options),
        Command::Down(Which { name }) => detached::down(&name),
        Command::Status(Which { name }) => detached::status(&name),
    };
    let Err(error) = done else { return ExitCode::SUCCESS };
    eprintln!("error: {error:#}");
    if error.is::<Interrupted>() { ExitCode::from(EXIT_CODE) } else { ExitCode::FAILURE }
}
