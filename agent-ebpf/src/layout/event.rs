//! What the ring buffer carries: changes, never a frame each.

use crate::frame::Address;

/// Events an IP may send at once before the steady rate holds: MetalLB's burst is 10 frames an interface.
pub const RATE_BURST: u64 = 32;

/// Steady rate: one event an IP every 250 ms.
pub const RATE_INTERVAL_NS: u64 = 250_000_000;

/// A sender that was silent for this long and sends again is news. 10 s.
pub const RESUME_NS: u64 = 10_000_000_000;

/// Why an event was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    /// A sender that was not known for this IP.
    NewClaimant = 0,
    /// A known sender after silence.
    Resumed = 1,
    /// An announcement.
    Announcement = 2,
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

/// One change.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Event {
    /// `CLOCK_MONOTONIC` ns.
    pub time: u64,
    /// The LB IP.
    pub address: Address,
    /// The MAC that claims it.
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
    /// Always zero.
    pub reserved: [u8; 3],
}
