//! What `cargo xtask bench` measures: the kernel programs alone, a flood beside tcpdump, the agent, a replay, what
//! `observe` tells, and pages of handovers.
//!
//! * `programs` — each way through the kernel programs, by `BPF_PROG_TEST_RUN`
//! * `beside` — a flood of requests at a host with nothing, with an agent, with tcpdump
//! * `agent` — time to become ready, time of a scrape, memory
//! * `replay` — captures from memory
//! * `observe` — from a frame to a line
//! * `page` — from recorded events to HTML
//! * `sample` — rounds and medians; `table` — how it is printed
//!
//! Nothing fails because a machine is slow: a target that is not met is a word in the table.

mod addresses;
mod agent;
mod beside;
mod memory;
mod observe;
mod page;
mod programs;
mod replay;
mod sample;
mod table;

use std::fs;
use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::demo::interrupt;
use table::Section;

/// How to measure and print.
#[derive(Clone, Debug)]
pub struct Options {
    /// One JSON document instead of text.
    pub json: bool,
    /// Rounds whose median counts.
    pub rounds: usize,
    /// Only what has this word in its name.
    pub only: Option<String>,
}

/// Measures everything.
///
/// # Errors
///
/// Not root; something can't be measured at all; or a signal came.
pub fn run(options: &Options) -> Result<()> {
    let &Options { json, rounds, ref only } = options;
    interrupt::watch()?;
    let mut stdout = io::stdout();
    let machine = machine()?;
    if !json {
        writeln!(stdout, "{machine}, the median of {rounds} rounds")?;
    }
    let mut sections = Vec::new();
    let chosen = |what: &str| only.as_ref().is_none_or(|word| what.contains(word.as_str()));
    for (what, measure) in SECTIONS.into_iter().filter(|(what, _)| chosen(what)) {
        let section = measure(rounds).with_context(|| format!("measure {what}"))?;
        if !json {
            write!(stdout, "\n{section}")?;
        }
        sections.push(section);
    }
    if json {
        let document = json!({ "machine": machine, "rounds": rounds, "sections": sections });
        writeln!(stdout, "{document:#}")?;
    }
    Ok(())
}

/// Takes the number of rounds.
type Measure = fn(usize) -> Result<Section>;

const SECTIONS: [(&str, Measure); 6] = [
    ("the kernel programs", programs::measure),
    ("a flood", beside::measure),
    ("the agent", agent::measure),
    ("a replay", replay::measure),
    ("events", observe::measure),
    ("a page", page::measure),
];

/// Its class, not its name.
fn machine() -> Result<String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").context("the kernel's release")?;
    let version = release.trim().split('.').take(2).collect::<Vec<_>>().join(".");
    let cores = std::thread::available_parallelism().context("the number of processors")?;
    Ok(format!("{cores} cores, kernel {version}"))
}
