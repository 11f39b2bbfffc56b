//! The evidence of one LB IP on one interface.

use super::{Counter, LATENCY_BUCKETS};

/// Requests remembered with their asker, so that a reply finds its request.
pub const RECENT: usize = 4;

/// A request asked again after this time without an answer counts as unanswered; sooner than that
/// nothing is said, because a speaker under load may still be about to answer. 50 ms.
pub const UNANSWERED_NS: u64 = 50_000_000;

/// Index into [`Slot::last`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Stamp {
    /// A request came in that an owner would answer: not a solicitation by unicast or without link-layer option.
    Request,
    /// A probe came in.
    Probe,
    /// Somebody else's reply came in.
    ReplyReceived,
    /// Somebody else's announcement came in.
    AnnouncementReceived,
    /// A reply went out.
    ReplySent,
    /// An announcement went out.
    AnnouncementSent,
}

impl Stamp {
    /// How many there are.
    pub const COUNT: usize = Self::AnnouncementSent as usize + 1;
}

/// Counters and times of one LB IP on one interface. All times are `CLOCK_MONOTONIC` nanoseconds, 0 = never.
///
/// Counters are exact. The latency, [`Counter::Unanswered`] and `recent` are exact while the requests
/// for one LB IP on one interface come in on one CPU at a time; when two race, one of them may go unmatched.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Slot {
    /// See [`Counter`].
    pub counts: [u64; Counter::COUNT],
    /// See [`Stamp`].
    pub last: [u64; Stamp::COUNT],
    /// When the last requests came in, a ring without order.
    pub recent: [u64; RECENT],
    /// Sum of all request→reply latencies, nanoseconds.
    pub latency_sum: u64,
    /// See [`super::latency_bucket`].
    pub latency: [u32; LATENCY_BUCKETS],
    /// Who sent `recent[i]`: the last four bytes of the Ethernet source; 0 once it was answered.
    pub waiting: [u32; RECENT],
}

impl Slot {
    /// Nothing counted yet.
    pub const EMPTY: Self = Self {
        counts: [0; Counter::COUNT],
        last: [0; Stamp::COUNT],
        recent: [0; RECENT],
        latency_sum: 0,
        latency: [0; LATENCY_BUCKETS],
        waiting: [0; RECENT],
    };
}
