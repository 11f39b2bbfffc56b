//! What the ring buffer carries: changes, and requests at a rate that is bounded; never a frame each.

use crate::frame::{Address, Kind};

/// Events an IP may send at once before the steady rate holds: MetalLB's burst is 10 frames an interface.
pub const RATE_BURST: u64 = 32;

/// Steady rate: one event an IP every 100 ms. An address that flaps every two seconds has about five a second: two rounds of
/// two frames, and the reply after each.
pub const RATE_INTERVAL_NS: u64 = 100_000_000;

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
pub enum Cause {
    /// A sender that was not known for this IP.
    NewClaimant,
    /// A known sender after silence.
    Resumed,
    /// An announcement.
    Announcement,
    /// The first frame of a known sender after anybody announced the IP on its interface.
    AfterAnnouncement,
    /// A request or a probe came in: somebody asks. The only cause that is nobody's claim.
    Request,
}

impl Cause {
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

/// What is new about a frame, bit by bit: [`Event::news`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct News(pub u8);

impl News {
    const NEW: u8 = 1;
    const RESUMED: u8 = 1 << 1;
    const ANNOUNCES: u8 = 1 << 2;
    const AFTER_ANNOUNCEMENT: u8 = 1 << 3;

    /// A request.
    pub const REQUEST: Self = Self(1 << 4);

    /// Of a frame of a claimant that came `now`, whose frame before came at `last` (0: there was none); the IP was
    /// announced last at `heard` by others and at `sent` by this node, the frame itself included.
    ///
    /// Differences instead of comparisons: each comparison doubles the paths that the verifier has to walk, and no
    /// time since boot reaches the highest bit.
    #[inline(always)]
    pub const fn of(kind: Kind, last: u64, heard: u64, sent: u64, now: u64) -> Self {
        let new = last.wrapping_sub(1) >> 63;
        let resumed = (last + RESUME_NS).wrapping_sub(now) >> 63;
        let before_heard = !heard.wrapping_sub(last) >> 63;
        let before_sent = !sent.wrapping_sub(last) >> 63;
        Self((new | resumed << 1 | kind.announces_bit() << 2 | (before_heard | before_sent) << 3) as u8)
    }

    /// Whether there is nothing.
    #[inline(always)]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// What is most so; `None` if there is nothing, or bits that nobody sets.
    pub const fn cause(self) -> Option<Cause> {
        match self.0 {
            0 | 0x20.. => None,
            bits if bits == Self::REQUEST.0 => Some(Cause::Request),
            0x10.. => None,
            bits if bits & Self::NEW != 0 => Some(Cause::NewClaimant),
            bits if bits & Self::RESUMED != 0 => Some(Cause::Resumed),
            bits if bits & Self::ANNOUNCES != 0 => Some(Cause::Announcement),
            _ => Some(Cause::AfterAnnouncement),
        }
    }
}

const _: () = assert!(News(News::AFTER_ANNOUNCEMENT).cause().is_some());

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
    /// [`News`].
    pub news: u8,
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
