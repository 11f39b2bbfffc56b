//! What `cargo xtask demo` shows: three nodes, a router and a stranger on one segment, and what the
//! agents of the nodes see of them.
//!
//! * [`cluster`](self) — the hosts, with a lab speaker and an agent on each node
//! * `ask` — the router's kernel, `arping` and `ndisc6`, which ask for an LB IP
//! * `stages` — what is done in each stage and what must then be seen
//! * `witness` — `l2witness status`, `who` and `failover`, run on the router
//!
//! No figure is made up here: all of them come from the agents, through the command line. A stage
//! that does not show what it must is an error.

mod ask;
mod cgroup;
mod cluster;
pub mod interrupt;
mod keep;
mod stages;
mod witness;

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::json;

use cluster::Cluster;
use stages::{STAGES, Stage};

/// How to show it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// One JSON document instead of text.
    pub json: bool,
    /// Leave everything up until Enter or a signal.
    pub keep: bool,
    /// Where to write the picture of the failover.
    pub html: Option<PathBuf>,
}

/// Goes through all stages.
///
/// # Errors
///
/// The lab can't be made; a stage does not show what it must; or a signal came.
pub fn run(options: &Options) -> Result<()> {
    let Options { json, keep, html } = options;
    interrupt::watch()?;
    // Not println: who reads may go away early, as head does, and then all is to be cleaned up quietly.
    let mut stdout = io::stdout();
    let cluster = Cluster::start().context("start the lab")?;
    if !*json {
        writeln!(stdout, "{}", cluster.introduction())?;
    }
    let mut documents = Vec::new();
    for (number, Stage { name, play }) in STAGES.iter().enumerate() {
        let told = play(&cluster).with_context(|| format!("stage {name:?} does not show what it must"))?;
        if *json {
            documents.push(json!({ "name": name, "lb_ips": told.document.raw() }));
            continue;
        }
        writeln!(stdout, "\n── {} of {}: {name}\n{}", number + 1, STAGES.len(), told.text)?;
        cluster.witness().show(&["status"])?;
        if let Some((command, ip)) = told.show {
            cluster.witness().show(&[command, &ip.to_string()])?;
        }
    }
    if let Some(file) = html {
        cluster.witness().picture(Cluster::C, file)?;
        eprintln!("the picture of the failover is in {}", file.display());
    }
    if *json {
        writeln!(stdout, "{:#}", json!({ "stages": documents }))?;
    }
    if *keep { keep::until_told(&cluster) } else { Ok(()) }
}
