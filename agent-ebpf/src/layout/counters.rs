//! What is counted per LB IP and interface.

use super::Origin;
use crate::frame::{Delivery, Kind};

/// Index of a counter in [`super::Slot::counts`].
///
/// "Group" is broadcast for ARP and multicast for NDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Counter {
    /// Requests received by broadcast or multicast.
    RequestGroup,
    /// Requests received by unicast, to a MAC of this node.
    RequestUnicast,
    /// Requests received by unicast to a MAC of somebody else (`PACKET_OTHERHOST`).
    RequestOtherHost,
    /// Of the requests: solicitations without source link-layer option, which MetalLB does not answer.
    RequestNoLinkLayer,
    /// ARP probes and DAD solicitations received.
    Probe,
    /// Replies received: somebody else answers this node.
    ReplyReceived,
    /// Gratuitous ARP requests received.
    AnnouncementRequestReceived,
    /// Gratuitous ARP replies or unsolicited advertisements received.
    AnnouncementReplyReceived,
    /// Replies sent by a program's socket.
    ReplySentSocket,
    /// Replies sent by the node's own ARP or NDP code.
    ReplySentKernel,
    /// Replies that only passed through (a bridge).
    ReplySentForwarded,
    /// Gratuitous ARP requests sent by a program's socket.
    AnnouncementRequestSentSocket,
    /// Gratuitous ARP requests sent by the kernel.
    AnnouncementRequestSentKernel,
    /// Gratuitous ARP replies or unsolicited advertisements sent by a program's socket.
    AnnouncementReplySentSocket,
    /// Gratuitous ARP replies or unsolicited advertisements sent by the kernel.
    AnnouncementReplySentKernel,
    /// Announcements of either form that only passed through.
    AnnouncementForwarded,
    /// Requests and probes sent from or through this node.
    RequestSent,
    /// Requests that this node had not answered when the asker asked again (see [`super::UNANSWERED_NS`]).
    Unanswered,
    /// Of all frames of other kinds than requests: those whose sender hardware address is not the Ethernet source.
    HardwareMismatch,
}

impl Counter {
    /// How many there are.
    pub const COUNT: usize = Self::HardwareMismatch as usize + 1;

    /// The counter of a frame that came in.
    #[inline(always)]
    pub const fn received(kind: Kind, delivery: Delivery, other_host: bool) -> Self {
        match kind {
            Kind::Request => match delivery {
                Delivery::Group => Self::RequestGroup,
                Delivery::Unicast if other_host => Self::RequestOtherHost,
                Delivery::Unicast => Self::RequestUnicast,
            },
            Kind::Reply => Self::ReplyReceived,
            Kind::AnnouncementRequest => Self::AnnouncementRequestReceived,
            Kind::AnnouncementReply => Self::AnnouncementReplyReceived,
            Kind::Probe => Self::Probe,
        }
    }

    /// The counter of a frame that went out.
    #[inline(always)]
    pub const fn sent(kind: Kind, origin: Origin) -> Self {
        match (kind, origin) {
            (Kind::Request | Kind::Probe, _) => Self::RequestSent,
            (Kind::Reply, Origin::Socket) => Self::ReplySentSocket,
            (Kind::Reply, Origin::Kernel) => Self::ReplySentKernel,
            (Kind::Reply, Origin::Forwarded) => Self::ReplySentForwarded,
            (Kind::AnnouncementRequest, Origin::Socket) => Self::AnnouncementRequestSentSocket,
            (Kind::AnnouncementRequest, Origin::Kernel) => Self::AnnouncementRequestSentKernel,
            (Kind::AnnouncementReply, Origin::Socket) => Self::AnnouncementReplySentSocket,
            (Kind::AnnouncementReply, Origin::Kernel) => Self::AnnouncementReplySentKernel,
            (Kind::AnnouncementRequest | Kind::AnnouncementReply, Origin::Forwarded) => {
                Self::AnnouncementForwarded
            }
        }
    }
}

/// Buckets of the request→reply latency: bucket i holds less than 2^(i + [`LATENCY_SHIFT`]) ns, the last one the rest.
pub const LATENCY_BUCKETS: usize = 12;

/// The first bucket ends at 2^15 ns ≈ 33 µs, the last but one at 2^25 ns ≈ 34 ms.
pub const LATENCY_SHIFT: u32 = 15;

/// The bucket of a latency in nanoseconds.
#[inline(always)]
pub const fn latency_bucket(nanoseconds: u64) -> usize {
    let mut bucket = 0;
    while bucket < LATENCY_BUCKETS - 1 && nanoseconds >> LATENCY_SHIFT >> bucket != 0 {
        bucket += 1;
    }
    bucket
}
