//! Counters and times of one LB IP on one interface.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// See [`l2witness_ebpf::layout::Counter`] for what each counter means to the frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OnInterface {
    /// Name of the interface.
    pub interface: String,
    /// Requests received.
    pub requests: Requests,
    /// ARP probes and DAD solicitations received.
    pub probes: u64,
    /// Replies of others received.
    pub replies_received: u64,
    /// Announcements of others received in request form (ARP).
    pub announcements_received_request: u64,
    /// Announcements of others received in reply form (ARP) or unsolicited (NDP).
    pub announcements_received_reply: u64,
    /// Replies sent, by origin.
    pub replies_sent: Sent,
    /// Announcements sent in request form (ARP), by origin; `forwarded` is in the reply form's.
    pub announcements_sent_request: Sent,
    /// Announcements sent in reply form (ARP) or unsolicited (NDP), by origin; `forwarded` counts both forms.
    pub announcements_sent_reply: Sent,
    /// Requests and probes that this node sent.
    pub requests_sent: u64,
    /// Requests this node had not answered when the asker asked again.
    pub unanswered: u64,
    /// Frames whose sender hardware address was not their Ethernet source.
    pub hardware_mismatch: u64,
    /// Request→reply latency.
    pub latency: Latency,
    /// Last times.
    pub last: Times,
    /// Data packets to the LB IP that came in; absent where they are not counted (`--observe-traffic`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Reached>,
    /// When the last four requests came in, and of the seconds before one every few; oldest first.
    pub recent_requests: Vec<Timestamp>,
}

/// Requests received, by how they were delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Broadcast (ARP) or multicast (NDP).
    pub group: u64,
    /// To a MAC of this node.
    pub unicast: u64,
    /// To a MAC of somebody else.
    pub other_host: u64,
    /// Of all these: solicitations without source link-layer option.
    pub no_link_layer: u64,
}

impl Requests {
    /// All requests that this node could answer.
    pub const fn answerable(&self) -> u64 {
        self.group.saturating_add(self.unicast)
    }
}

/// Data packets that came in by this interface, to a MAC of this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// How many; of what the NIC or the kernel joined, each.
    pub packets: u64,
    /// The last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

/// Frames sent, by what the kernel proved of their origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// By a program's socket.
    pub socket: u64,
    /// By the node's own ARP or NDP code.
    pub kernel: u64,
    /// Bridged through.
    pub forwarded: u64,
}

/// A log2 histogram.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Replies per bucket; bucket i ends below 2^(15+i) ns, the last one has no end.
    pub buckets: Vec<u64>,
    /// Sum of all latencies, seconds.
    pub sum_seconds: f64,
}

/// Last times, absent where it never happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// A request came in that MetalLB would answer: any for IPv4; for IPv6 by multicast and with link-layer option.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Timestamp>,
    /// A probe came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Timestamp>,
    /// Somebody else's reply came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_received: Option<Timestamp>,
    /// Somebody else's announcement came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_received: Option<Timestamp>,
    /// A reply went out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_sent: Option<Timestamp>,
    /// An announcement went out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_sent: Option<Timestamp>,
}
