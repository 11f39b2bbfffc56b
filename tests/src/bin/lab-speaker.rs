//! A stand-in for MetalLB's speaker, for the lab: see [`l2witness_tests::speaker`].

use std::net::{IpAddr, SocketAddr};

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
    /// Where to serve metrics as MetalLB's.
    #[arg(long)]
    metrics: Option<SocketAddr>,
    /// The node's name in them.
    #[arg(long, default_value = "lab")]
    node: String,
}

fn main() -> anyhow::Result<()> {
    let Args { interface, announce, metrics, node } = Args::parse();
    daemon::run(&interface, &announce, metrics, &node)
}
