//! What happened, one thing at a time: a line of `/api/v1/events`, and what timelines are made of.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{MacAddr, Origin};

/// One thing that one node saw, or was told, about one LB IP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The node.
    pub node: String,
    /// Which of its clocks, as far as told: the boot and the agent's life. Times of one are on one clock, which no
    /// step of the wall clock bends.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub boot: String,
    /// Ascending by one within an agent's life; a hole means events that nobody has any more.
    pub seq: u64,
    /// When, by the node's clock: the kernel's monotonic time, converted once a boot. Nanoseconds.
    pub at: Timestamp,
    /// The LB IP; absent for what concerns the node as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Somebody asked.
    Request(Asked),
    /// Somebody replied. Of an answerer's replies only those after a silence or after an announcement have an event.
    Reply(Claimed),
    /// The last reply of an answerer that has lost the address, noted when the loss was seen.
    LastReply(Claimed),
    /// Whoever was told to have replied for the last time replies again, which no event of its own told. Noted at the next
    /// look, seconds later: its first reply came before this one.
    ReplyAgain(Claimed),
    /// Somebody announced: gratuitous ARP, or an unsolicited advertisement.
    Announcement(Claimed),
    /// A claim began or ended.
    Claim(ClaimChange),
    /// The control plane changed something that moves addresses.
    Cause(ControlChange),
    /// Data packets to the LB IP reached this node (`--observe-traffic`).
    Traffic(Traffic),
    /// Events were lost here.
    Lost(Lost),
}

/// A request or probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Interface of the observing node.
    pub interface: String,
    /// Who asks.
    pub mac: MacAddr,
    /// By unicast, as clients do that still have an answer in their cache.
    #[serde(default)]
    pub unicast: bool,
    /// A probe or DAD solicitation.
    #[serde(default)]
    pub probe: bool,
    /// Requests by broadcast or multicast that this interface has heard so far, this one included: what lies
    /// between two events is known also where not every request has an event.
    #[serde(default)]
    pub count: u64,
}

/// A reply or announcement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// Interface of the observing node.
    pub interface: String,
    /// The MAC that claims the address.
    pub mac: MacAddr,
    /// Sent by the observing node, else heard.
    pub sent: bool,
    /// Who on the node sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The program, for people: pod, unit, process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// `request` or `reply` for gratuitous ARP; absent for NDP and for replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Requests by broadcast or multicast that this interface had heard until then, as [`Asked::count`] has them: of a
    /// last reply those until that reply, so what came since is known. Absent where nobody counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
}

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimChange {
    /// Whose word: `speaker` (`metallb_speaker_announced`), `l2status`, `event` (`nodeAssigned`).
    pub by: String,
    /// `namespace/name`.
    pub service: String,
    /// The node that is said to announce.
    pub on: String,
    /// It began, else it ended.
    pub began: bool,
    /// Its own time, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_time: Option<Timestamp>,
}

/// Something in the control plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlChange {
    /// `Node/n1`, `EndpointSlice/default/web-x7k2p`, `Pod/metallb-system/speaker-8vq2c`.
    pub object: String,
    /// In words: `Ready became False`, `label node.kubernetes.io/exclude-from-external-load-balancers added`.
    pub change: String,
    /// The object's own time, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_time: Option<Timestamp>,
}

/// Data packets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Packets since the last such event.
    pub packets: u64,
    /// The last one.
    pub last: Timestamp,
}

/// Events that nobody has any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// How many.
    pub count: u64,
    /// `event_rate`, `event_buffer`: on the way from the kernel; `history`: events around handovers that had to make
    /// room; `history_requests`: requests, traffic and replies after mere silence that had to, of which the counts in
    /// what is left still tell; `control_plane`: too many changes at once.
    pub reason: String,
}
