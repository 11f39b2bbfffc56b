//! The lab speaker: on the wire it does what MetalLB's speaker does, and nothing else of it is here.
//!
//! What to answer, and when to announce, is decided by plain functions ([`arp::answer`],
//! [`ndp::answer`], [`burst::Bursts`]); [`daemon`] puts sockets and a clock around them and is what
//! the program `lab-speaker` runs; [`Speaker`] is such a program on a host of the lab.
//!
//! Not here: the scan for interfaces every 10 s (its interfaces are named once, at the start),
//! interface selectors (every interface announces every IP), and reference counts (an IP is
//! announced or it is not).

pub mod arp;
pub mod burst;
pub mod counters;
pub mod daemon;
mod handle;
mod metrics;
pub mod ndp;
mod responder;

use std::collections::BTreeSet;
use std::net::IpAddr;

pub use counters::{Counters, PerIp};
pub use handle::Speaker;

/// The IPs it announces.
pub type Announced = BTreeSet<IpAddr>;

/// Why a frame got no answer: MetalLB's reasons, in the order in which it looks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// It comes from the responder's own address.
    Own,
    /// It can't be read.
    Error,
    /// ARP, but not a request.
    ArpReply,
    /// Neither to everybody nor to this interface's hardware address.
    EthernetDestination,
    /// `ICMPv6`, but not a neighbour solicitation.
    MessageType,
    /// A solicitation without source link-layer address option.
    NoSourceLl,
    /// Nobody announces its target here.
    AnnounceIp,
}
