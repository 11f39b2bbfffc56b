//! What the ring buffer carries: changes, and requests at a rate that is bounded; never a frame each.

use crate::frame::Address;

/// Events an IP may send at once before the steady rate holds: MetalLB's burst is 10 frames an interface.
pub const RATE_BURST: u64 = 32;

/// Steady rate: one event an IP every 250 ms.
pub const RATE_INTERVAL_NS: u64 = 250_000_000;

/// Requests of which an IP may tell at once. They have a bucket of their own, and half of the ring buffer at most:
/// no flood of them pushes out a change.
pub const REQUEST_BURST: u64 = 8;

/// Steady rate: one request an IP every 500 ms. Those between two that are told are known by their number
/// ([`Event::asked`]).
pub const REQUEST_INTERVAL_NS: u64 = 500_000_000;

/// The buckets count in 2^20 ns, about a millisecond: so 32 bits hold 52 days.
pub const TICK_SHIFT: u32 = 20;

/// A sender that was silent for this long and sends again is news. 10 s.
pub const RESUME_NS: u64 = 10_000_000_000;

/// Why an event was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Cause {
    /// A sender that was not known for this IP.
    NewClaimant = 0,
    /// A known sender after silence.
    Resumed = 1,
    /// An announcement.
    Announcement = 2,
    /// The first frame of a known sender after anybody announced the IP.
    AfterAnnouncement = 3,
    /// A request or a probe came in: somebody asks. The only cause that is nobody's claim.
    Request = 4,
}

impl Cause {
    /// The cause whose number it is.
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::NewClaimant),
            1 => Some(Self::Resumed),
            2 => Some(Self::Announcement),
            3 => Some(Self::AfterAnnouncement),
            4 => Some(Self::Request),
            _ => None,
        }
    }

    /// In a word, for logs.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NewClaimant => "new",
            Self::Resumed => "resumed",
            Self::Announcement => "announcement",
            Self::AfterAnnouncement => "after_announcement",
            Self::Request => "request",
        }
    }
}

/// Which way the frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Direction {
    /// It came in.
    Received = 0,
    /// It went out.
    Sent = 1,
}

/// One change, or one request.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Event {
    /// `CLOCK_MONOTONIC` ns.
    pub time: u64,
    /// The LB IP.
    pub address: Address,
    /// The MAC that claims it; of a request that of the asker, its Ethernet source.
    pub mac: u64,
    /// Interface.
    pub ifindex: u32,
    /// [`crate::frame::Flags`].
    pub flags: u16,
    /// VLAN id, 0 if untagged.
    pub vlan: u16,
    /// Cookie of the sender's socket, 0 if none or not sent here.
    pub cookie: u64,
    /// cgroup v2 id of the sender, 0 if unknown or not sent here.
    pub cgroup: u64,
    /// Requests by broadcast or multicast, probes left out, that the interface had heard for the IP by then
    /// ([`super::Counter::RequestGroup`]); of such a request it is one of them.
    pub asked: u64,
    /// [`crate::frame::Kind`].
    pub kind: u8,
    /// [`Cause`].
    pub cause: u8,
    /// [`Direction`].
    pub direction: u8,
    /// [`super::Origin`], of sent frames only.
    pub origin: u8,
    /// [`crate::frame::Protocol`].
    pub protocol: u8,
    /// [`crate::frame::Delivery`].
    pub delivery: u8,
    /// Always zero.
    pub reserved: [u8; 2],
}
