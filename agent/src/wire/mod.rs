//! From the kernel: which interfaces, the programs on them, and what they counted.
//!
//! [`links`] says which interfaces there are, [`rules`] which of them count, [`programs`] loads and
//! attaches one copy of the programs to each, [`observer`] keeps all that together and reads it out,
//! [`events`] carries changes and [`told`] says what they mean, [`sender`] names the programs behind sockets, and [`host`] knows the node's settings.

mod attach;
mod clock;
mod config;
#[cfg(feature = "debug-log")]
mod debug_log;
pub mod doctor;
mod events;
pub mod host;
mod links;
mod mapped;
mod object;
mod observer;
mod pins;
mod port;
mod prefilter;
mod preflight;
mod programs;
mod report;
mod rules;
pub mod sender;
mod stale;
mod tally;
mod told;
mod watch;

pub use attach::{Hook, HookChoice};
pub use clock::Clock;
pub use config::Config;
pub use events::{Change, Events};
pub use host::{Facts, Host, Layered, Neighbours};
pub use links::{Link, Links};
pub use object::{OBJECT, PROGRAM_DATA, PROGRAM_EMPTY, PROGRAM_IN, PROGRAM_OUT};
pub use observer::Observer;
pub use pins::Pins;
pub use preflight::{Missing, may_ask, preflight};
pub use programs::{Programs, Shared};
pub use rules::{DEFAULT_EXCLUDES, Rules, Skipped};
pub use tally::{Tally, TallyCounts, TallyIp, TallyPort};
pub use told::Told;

use std::{io, path::PathBuf};

use nlink::netlink::Error as NetlinkError;

/// What can go wrong between the agent and the kernel. Every message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something the programs need is not there.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The pin directory is held by another agent.
    #[error("another l2witness agent on this node holds {0}; stop it, or give this one its own --pin-dir")]
    SecondAgent(PathBuf),
    /// A file of the pin directory.
    #[error("{1}: {0}; is the bpf file system mounted there and writable?")]
    Pins(#[source] io::Error, PathBuf),
    /// The kernel refused the programs or the maps.
    #[error("the kernel refused the eBPF object: {}{}", first_line(.0), remedy(.0))]
    Load(#[from] aya::EbpfError),
    /// A map is not as this version makes it.
    #[error("map {1}: {0}; remove the pin directory if another version left it there")]
    Map(#[source] aya::maps::MapError, &'static str),
    /// The object has no such part.
    #[error("the eBPF object has no {0}; it does not belong to this agent")]
    Object(&'static str),
    /// A map could not be mapped into memory.
    #[error("mapping {1} into memory failed: {0}")]
    Mmap(#[source] io::Error, &'static str),
    /// A program was refused, or could not be attached.
    #[error("attaching to {interface} by {hook} failed: {source}; `l2witness doctor` says more")]
    Attach {
        /// Which interface.
        interface: String,
        /// Which hook.
        hook: &'static str,
        /// What the kernel said.
        source: Box<aya::programs::ProgramError>,
    },
    /// The list of interfaces could not be read.
    #[error("reading the interfaces from the kernel (rtnetlink) failed: {0}")]
    Links(#[from] NetlinkError),
    /// More LB IPs than the maps hold.
    #[error("{wanted} LB IPs are more than the {capacity} the maps have room for; raise --max-ips")]
    Full {
        /// How many there are.
        wanted: usize,
        /// How many fit.
        capacity: u32,
    },
}

/// Without the verifier's log, which is for developers and goes on for pages.
fn first_line(error: &aya::EbpfError) -> String {
    let text = error.to_string();
    text.split(". Verifier output").next().unwrap_or(&text).lines().next().unwrap_or_default().to_owned()
}

/// Without `CAP_PERFMON` verifiers are stricter, and those of older kernels too strict for these programs: measured,
/// 6.1 refuses them and 6.18 takes them.
fn remedy(error: &aya::EbpfError) -> &'static str {
    if !preflight::has(caps::Capability::CAP_PERFMON) && error.to_string().contains("BPF_PROG_LOAD") {
        "; older kernels (6.1 is one) want CAP_PERFMON for it, too: add it, or run as root"
    } else {
        "; `l2witness doctor` says more"
    }
}
