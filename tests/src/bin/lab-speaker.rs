//! A stand-in for MetalLB's speaker, for the lab: see [`l2witness_tests::speaker`].

use std::net::IpAddr;

use clap::Parser;
use l2witness_tests::speaker::daemon;

/// Answers ARP and neighbour discovery as MetalLB's speaker does, told by standard input for which IPs.
#[derive(Parser)]
struct Args {
    /// An interface to answer on; repeatable.
    #[arg(long, required = true)]
    interface: Vec<String>,
    /// An IP to announce from the start; repeatable.
    #[arg(long)]
    announce: Vec<IpAddr>,
}

fn main() -> anyhow::Result<()> {
    let Args { interface, announce } = Args::parse();
    daemon::run(&interface, &announce)
}
