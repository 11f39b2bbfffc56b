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

/// Where all places are taken, that of a sender with the same MAC, interface and origin but another socket may be taken
/// after 2 s of silence: the program was restarted. One that still sends keeps its place beside the new one. After
/// [`RESUME_NS`](super::RESUME_NS) it is taken first of all.
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
    /// Token bucket of the changes: when the next one is due at the steady rate, in ticks of 2^20 ns
    /// ([`super::TICK_SHIFT`]).
    pub event_due: u32,
    /// The same for the requests.
    pub request_due: u32,
    /// Of the last reply that this node sent: the interface in the upper half, and in the lower one how many requests
    /// it had heard by then, see [`Claims::asked`]. 0 if it never replied.
    pub replied: u64,
}

impl Claims {
    /// What [`Claims::replied`] is to be at a reply by that interface, which had heard so many requests
    /// ([`super::Counter::RequestGroup`]).
    #[inline(always)]
    pub const fn replied(ifindex: u32, asked: u64) -> u64 {
        (ifindex as u64) << 32 | asked as u32 as u64
    }

    /// How many requests the interface had heard when the last reply was sent by it, where `now` is how many it has
    /// heard by now; `None` if this node's last reply went out elsewhere.
    pub const fn asked(&self, ifindex: u32, now: u64) -> Option<u64> {
        if self.replied >> 32 != ifindex as u64 || ifindex == 0 {
            return None;
        }
        // Of the count only the lower half was kept, and it has not gone round since.
        let since = (now as u32).wrapping_sub(self.replied as u32);
        now.checked_sub(since as u64)
    }

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
        event_due: 0,
        request_due: 0,
        replied: 0,
    };
}
