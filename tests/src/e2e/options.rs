//! What to play.

use std::path::PathBuf;

use crate::cluster;

/// Options of the scenarios, on a command line.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "scenarios")]
pub struct Options {
    /// Only this scenario; repeatable
    #[arg(long, value_name = "NAME")]
    pub scenario: Vec<String>,
    /// The version of MetalLB in the kit
    #[arg(long, value_name = "VERSION", default_value = "v0.15.3")]
    pub metallb: String,
    /// How long `healthy` goes on; a bit more than a minute if nobody says
    #[arg(long, value_name = "N")]
    pub minutes: Option<u64>,
    /// Print the scenarios and play none
    #[arg(long)]
    pub list: bool,
    /// A Prometheus that finds its targets through the API server: Debian's can't
    #[arg(long, value_name = "FILE")]
    pub prometheus: PathBuf,
    /// The cluster: its images and manifests are l2witness's
    #[command(flatten)]
    pub cluster: cluster::Options,
}
