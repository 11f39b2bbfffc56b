//! The command line: one file a subcommand, rendering apart from logic.

mod agent;
mod api;
mod check;
mod claims_text;
mod client;
mod completions;
mod doctor;
mod drill;
mod events;
mod exit;
mod explain;
mod failover;
mod fetch;
mod interfaces;
mod kubernetes;
mod logging;
mod man;
mod observe;
mod output;
mod probe;
mod reach;
mod replay;
mod speaker;
mod status;
mod table;
mod who;
mod who_text;

use std::{env, ffi::OsStr, path::Path, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use exit::Exit;

/// Where an agent listens for the command line on its node.
const DEFAULT_SOCKET: &str = "/run/l2witness/agent.sock";

/// Where the shared maps are pinned.
const DEFAULT_PIN_DIR: &str = "/sys/fs/bpf/l2witness";

/// See which node really answers ARP and NDP for each LoadBalancer IP.
#[derive(Debug, Parser)]
#[command(name = "l2witness", version, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon: count in the kernel, serve metrics and evidence
    Agent(Box<agent::Args>),
    /// One screen: every LB IP and who answers for it
    Status(status::Args),
    /// All the evidence and claims about one LB IP, or a Service's
    Who(who::Args),
    /// Look at everything, in groups, and say what to do
    Check(check::Args),
    /// What happened to an LB IP: who answered until when, who since, and who asked in vain meanwhile
    Failover(Box<failover::Args>),
    /// What all agents see and are told, one line an event
    Observe(observe::Args),
    /// Ask for one LB IP on the wire and show every answer
    Probe(probe::Args),
    /// Judge by captures (pcap, pcapng) instead of agents
    Replay(replay::Args),
    /// Try the real thing on this node and name what is missing
    Doctor(doctor::Args),
    /// Provoke a failover on purpose, and see who takes over
    Drill(drill::Args),
    /// Explain a verdict code
    Explain(explain::Args),
    /// Print completions for a shell
    Completions(completions::Args),
    /// Print the manual page
    Man(man::Args),
}

/// What kubectl runs for `kubectl l2witness`: the same program, by a symbolic link of this name.
const PLUGIN: &str = "kubectl-l2witness";

/// Whether kubectl runs it, or somebody by the plugin's name.
fn is_plugin() -> bool {
    env::args_os().next().is_some_and(|path| Path::new(&path).file_name() == Some(OsStr::new(PLUGIN)))
}

/// The command line, with the name in its usage by which it was called.
fn command() -> clap::Command {
    let command = Cli::command();
    if is_plugin() { command.bin_name("kubectl l2witness") } else { command.bin_name("l2witness") }
}

/// Parses the arguments and runs the subcommand.
pub fn main() -> ExitCode {
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let judges = !matches!(cli.command, Command::Agent(_));
    let result = match cli.command {
        Command::Agent(args) => agent::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Who(args) => who::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Failover(args) => failover::run(&args),
        Command::Observe(args) => observe::run(&args),
        Command::Probe(args) => probe::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Drill(args) => drill::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
    };
    exit::report(result, judges)
}
