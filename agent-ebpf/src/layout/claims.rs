//! Who claims an LB IP: bounded places per IP, for this node's senders and for those it hears.

/// Places for senders on this node: an answerer may send on as many interfaces as the budget counts on.
pub const LOCAL: usize = 4;

/// Places for senders heard on the wire. Apart from [`LOCAL`], so that strangers can't push out the node's own.
pub const HEARD: usize = 3;

/// A place for a sender heard on the wire may be taken by somebody new once its holder was silent for this long:
/// 10 minutes.
pub const HEARD_STALE_NS: u64 = 600_000_000_000;

/// The same for senders on this node: 1 minute. Strangers can't fill these places, a restarting program can.
pub const LOCAL_STALE_NS: u64 = 60_000_000_000;

/// The place of a sender with the same MAC, interface and origin but another socket may be taken after 2 s of
/// silence: the program was restarted. One that still sends keeps its place beside the new one.
pub const REPLACED_NS: u64 = 2_000_000_000;

/// Who on this node sent a frame, as far as the kernel can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Origin {
    /// A program's socket: `AF_PACKET`, or raw ICMPv6.
    Socket = 0,
    /// The node's own ARP or NDP code.
    Kernel = 1,
    /// It came in by another interface: bridged through, not this node's.
    Forwarded = 2,
}

impl Origin {
    /// The origin whose number it is.
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Socket),
            1 => Some(Self::Kernel),
            2 => Some(Self::Forwarded),
            _ => None,
        }
    }
}

/// One sender on this node. A place is free while `last` is 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Local {
    /// The MAC it answers with in the low 48 bits, [`Origin`] in the next 8.
    pub mac_origin: u64,
    /// Interface it sent from.
    pub ifindex: u32,
    /// [`crate::frame::Flags`] of its last frame.
    pub flags: u16,
    /// VLAN id of its last frame, 0 if untagged.
    pub vlan: u16,
    /// Cookie of its socket, 0 without one (`bpf_get_socket_cookie`).
    pub cookie: u64,
    /// Its cgroup v2 id, 0 unknown, 1 the root (`bpf_skb_cgroup_id`).
    pub cgroup: u64,
    /// First frame, `CLOCK_MONOTONIC` ns.
    pub first: u64,
    /// Last frame, `CLOCK_MONOTONIC` ns.
    pub last: u64,
    /// Replies sent.
    pub replies: u32,
    /// Announcements sent.
    pub announcements: u32,
}

/// One sender heard on the wire. A place is free while `last` is 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Heard {
    /// The MAC it claims in the low 48 bits, [`crate::frame::Flags`] of its last frame in the upper 16.
    pub mac_flags: u64,
    /// Interface it was heard on.
    pub ifindex: u32,
    /// Frames heard, replies, announcements and requests with the LB IP as sender alike.
    pub count: u32,
    /// First frame, `CLOCK_MONOTONIC` ns.
    pub first: u64,
    /// Last frame, `CLOCK_MONOTONIC` ns.
    pub last: u64,
}

/// All who claim one LB IP.
///
/// Two newcomers on two CPUs at one instant may take the same place; then one of them is noted with its next
/// frame, and its first ones are in the counters of [`super::Slot`] alone.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Claims {
    /// The others'. First, so that a rounded-up index still ends inside the entry.
    pub heard: [Heard; HEARD],
    /// This node's.
    pub local: [Local; LOCAL],
    /// Frames of senders on this node that found no place.
    pub local_overflow: u32,
    /// Frames of other senders that found no place.
    pub heard_overflow: u32,
    /// When anybody announced the IP last, `CLOCK_MONOTONIC` ns.
    pub announced: u64,
    /// Token bucket of the changes: when the next one is due at the steady rate, in ticks of 2^20 ns
    /// ([`super::TICK_SHIFT`]).
    pub event_due: u32,
    /// The same for the requests.
    pub request_due: u32,
    /// [`super::Counter::RequestGroup`] of its interface at the last reply of each of `local`, the lower half.
    pub asked: [u32; LOCAL],
}

impl Claims {
    /// Nobody claims it yet.
    pub const EMPTY: Self = Self {
        local: [Local {
            mac_origin: 0,
            ifindex: 0,
            flags: 0,
            vlan: 0,
            cookie: 0,
            cgroup: 0,
            first: 0,
            last: 0,
            replies: 0,
            announcements: 0,
        }; LOCAL],
        heard: [Heard { mac_flags: 0, ifindex: 0, count: 0, first: 0, last: 0 }; HEARD],
        local_overflow: 0,
        heard_overflow: 0,
        announced: 0,
        event_due: 0,
        request_due: 0,
        asked: [0; LOCAL],
    };
}
