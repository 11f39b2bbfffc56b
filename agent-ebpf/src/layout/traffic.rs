//! Data packets to one LB IP on one interface.

/// Counted only where the agent was told to (`--observe-traffic`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Traffic {
    /// Packets to a MAC of this node; of what the NIC or the kernel joined, each.
    pub packets: u64,
    /// The last one, `CLOCK_MONOTONIC` ns.
    pub last: u64,
}

impl Traffic {
    /// None yet.
    pub const EMPTY: Self = Self { packets: 0, last: 0 };
}
