//! What others say about one LB IP: claims, never evidence.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Everybody's word about one LB IP, as one agent knows it. All empty with `--source static`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Services that have it in `status.loadBalancer.ingress` (or in `spec.externalIPs`, where asked for).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// `metallb_speaker_announced` of this node's own speaker, at its last reading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<Announced>,
    /// `ServiceL2Status` objects of these Services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<L2Status>,
    /// The last `nodeAssigned` Event of each of these Services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Assigned>,
    /// The election recomputed, one entry a Service: the old hash gives two Services of one IP two nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub predicted: Vec<Prediction>,
    /// The speaker's counters beside the wire's, at most one entry a counter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<Compared>,
}

/// A Service that has the LB IP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// `namespace/name`.
    pub name: String,
    /// `externalTrafficPolicy: Local`.
    pub local_policy: bool,
    /// The key of `metallb.universe.tf/allow-shared-ip` (or `metallb.io/…`), if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<String>,
}

/// A series of `metallb_speaker_announced`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// `namespace/name`.
    pub service: String,
    /// `layer2` or `bgp`.
    pub protocol: String,
    /// When this agent first read it; readings before the speaker's present start don't count.
    pub since: Timestamp,
}

/// A `ServiceL2Status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct L2Status {
    /// `namespace/name` of the Service.
    pub service: String,
    /// Its `status.node`.
    pub node: String,
    /// Its `status.interfaces`; empty means all.
    pub interfaces: Vec<String>,
    /// `namespace/name` of the object.
    #[serde(default)]
    pub object: String,
    /// The node of the speaker that wrote it last: its label `metallb.io/node`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_by: Option<String>,
}

impl L2Status {
    /// The node of a speaker that took the object over and could not change its `status.node`: `MetalLB`'s issue 2930,
    /// up to 0.15.3. The label is written first, the immutable status is refused, and neither speaker deletes it:
    /// the former one because the label is not its own any more (`layer2_status_controller.go`).
    pub fn stuck_by(&self) -> Option<&str> {
        self.written_by.as_deref().filter(|node| *node != self.node)
    }
}

/// A `nodeAssigned` Event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// `namespace/name` of the Service.
    pub service: String,
    /// The node it names.
    pub node: String,
    /// Its last time.
    pub at: Timestamp,
}

/// What `MetalLB`'s election gives for one Service, recomputed from the API's objects.
///
/// Each speaker also has its own view of who is alive (memberlist), which nobody else can see: ready speaker
/// pods stand for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// `namespace/name` of the Service.
    pub service: String,
    /// The node that should announce; absent if nobody should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Why nobody should, in one line without a full stop: `all 3 candidates carry the label …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nobody: Option<String>,
    /// The interfaces that the `L2Advertisement`s select, absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interfaces: Option<Vec<String>>,
    /// Whose rules: `0.8`, `0.9-0.10`, `0.11+` ….
    pub rules: String,
    /// It is not for layer 2 to announce it: the Service's class is another's, or its pool is announced by BGP.
    #[serde(default, skip_serializing_if = "is_false")]
    pub elsewhere: bool,
    /// Since when this agent computes this node and this reason, as opposed to others; absent if not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Which of the speaker's counters (`internal/layer2/stats.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// `metallb_layer2_requests_received`.
    RequestsReceived,
    /// `metallb_layer2_responses_sent`.
    ResponsesSent,
    /// `metallb_layer2_gratuitous_sent`.
    GratuitousSent,
}

impl Counter {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RequestsReceived, Self::ResponsesSent, Self::GratuitousSent];

    /// As it stands in labels and JSON; the metric's name is this after `metallb_layer2_`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::RequestsReceived => "requests_received",
            Self::ResponsesSent => "responses_sent",
            Self::GratuitousSent => "gratuitous_sent",
        }
    }
}

/// One of the speaker's counters beside the wire's count of the same thing over the same windows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Which.
    pub counter: Counter,
    /// What the speaker counted over all windows compared so far, restarts bridged.
    pub speaker: u64,
    /// What the wire saw over the same windows.
    pub wire: u64,
    /// `speaker` less `wire` beyond what can have passed while the two were read; 0 is agreement.
    pub difference: i64,
    /// When the difference last grew or shrank; absent if it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Timestamp>,
    /// Since when they are compared.
    pub since: Timestamp,
    /// End of the last window.
    pub until: Timestamp,
    /// What explains the difference, as far as evidence tells; of several, the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Because>,
}

/// Why a speaker's counter and the wire differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Requests reached the node, not the speaker's socket.
    NotDelivered,
    /// The same, and the LB IP's solicited-node group is not joined on an interface.
    GroupNotJoined,
    /// The same, and the node's kernel answered meanwhile.
    KernelAnswered,
    /// As many requests are missing as others sent gratuitous requests, which the speaker counts as requests.
    ForeignAnnouncements,
    /// The speaker counts a round of NDP announcements also where sending it failed.
    SendFailed,
    /// The speaker sent through an interface without carrier.
    NoCarrier,
    /// Frames that the speaker got or sent did not pass the agent's programs.
    NotSeen,
    /// Another program's socket, not yet known as such, sent for the LB IP.
    OtherSender,
}

impl Because {
    /// In a word or two, for tables.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotDelivered => "not delivered",
            Self::GroupNotJoined => "group not joined",
            Self::KernelAnswered => "kernel answered",
            Self::ForeignAnnouncements => "gratuitous requests",
            Self::SendFailed => "sending failed",
            Self::NoCarrier => "no carrier",
            Self::NotSeen => "not seen",
            Self::OtherSender => "another sender",
        }
    }

    /// In one line, without a full stop.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotDelivered => {
                "requests reached the node but not the speaker's socket: a filter behind tc (nft netdev, XDP redirect, OVS), or its receive buffer overflowed"
            }
            Self::GroupNotJoined => {
                "requests reached the node but not the speaker's socket: the solicited-node group is not joined on every interface"
            }
            Self::KernelAnswered => "the node's kernel answered requests that the speaker did not count",
            Self::ForeignAnnouncements => "the speaker did not count the gratuitous requests of others",
            Self::SendFailed => "the speaker counts a round of announcements also where sending it failed",
            Self::NoCarrier => "the speaker counts what it sends through an interface without carrier",
            Self::NotSeen => {
                "frames did not pass the agent's programs: another program in front, or an interface that is not observed"
            }
            Self::OtherSender => "another program on the node sends for the LB IP, too",
        }
    }
}
