//! What one frame, or a few, changed in the maps.

use std::net::IpAddr;

use l2witness_ebpf::frame::{Flags, Kind, Mac};
use l2witness_ebpf::layout::{Cause, Counter, Ignored, Origin, Stamp};

/// Every change; the default is that nothing changed at all. Two compare equal field by field, so that
/// whatever is not expected fails as well as what is expected and missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Counters that moved, in their order, and by how much.
    pub counts: Vec<(IpAddr, Counter, u64)>,
    /// Times that were noted, in their order.
    pub stamps: Vec<(IpAddr, Stamp)>,
    /// The last four bytes of the Ethernet source of each request that waits for its answer.
    pub waiting: Vec<(IpAddr, u32)>,
    /// Claims that appeared.
    pub claims: Vec<(IpAddr, Claim)>,
    /// Replies whose latency was measured.
    pub measured: Vec<(IpAddr, u32)>,
    /// Reasons that counted, in their order, and by how much.
    pub ignored: Vec<(Ignored, u64)>,
    /// What the agent was told.
    pub told: Vec<Told>,
}

/// Somebody claims a watched IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This node.
    Local {
        /// The hardware address it claims the IP for.
        mac: Mac,
        /// Who on this node.
        origin: Origin,
        /// [`Flags`] of its last frame.
        flags: Flags,
        /// Outermost VLAN of its last frame.
        vlan: u16,
        /// Replies.
        replies: u64,
        /// Announcements.
        announcements: u64,
    },
    /// Somebody else.
    Heard {
        /// The hardware address it claims the IP for.
        mac: Mac,
        /// [`Flags`] of its last frame.
        flags: Flags,
        /// Frames.
        count: u32,
    },
    /// Frames from this node that found no place.
    LocalOverflow(u32),
    /// Frames from elsewhere that found no place.
    HeardOverflow(u32),
}

/// An event from the ring buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The IP that is claimed, or asked for.
    pub ip: IpAddr,
    /// By whom.
    pub mac: Mac,
    /// Why it is told.
    pub cause: Cause,
    /// What the frame does.
    pub kind: Kind,
    /// To one station.
    pub unicast: bool,
    /// Requests by broadcast or multicast until then.
    pub asked: u64,
}
