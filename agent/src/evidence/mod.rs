//! What one node has seen and what it was told, as plain data: the shape of `/api/v1/node` and the input of
//! [`crate::verdict`].
//!
//! Nothing here reads anything. Times are wall-clock; they were `CLOCK_MONOTONIC` in the kernel.

mod claim;
mod counts;
mod entries;
mod event;
mod history;
mod host;
mod mac;
mod request_times;
mod said;
mod source;
mod speaker;
mod takeovers;

use std::{collections::BTreeMap, net::IpAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use claim::{Heard, Local, Named, Origin, Sender};
pub use counts::{Latency, OnInterface, Reached, Requests, Sent, Times};
pub use event::{Asked, ClaimChange, Claimed, ControlChange, Event, Lost, Traffic, What};
pub use history::{ClockState, HandoverGaps, HistoryState};
pub use host::{Bound, HostFacts, LinkLocal};
pub use mac::MacAddr;
pub(crate) use request_times::RequestTimes;
pub use said::{Announced, Assigned, Because, Compared, Counter, L2Status, Prediction, Said, Service};
pub use source::{SourceState, Takeover};
pub use speaker::{Reading, Speaker};
pub(crate) use takeovers::Takeovers;

/// Everything one agent knows, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeReport {
    /// Version of this shape; it changes when a field changes its meaning or goes.
    pub schema: u32,
    /// The node's name, as in `metallb_speaker_announced{node}`.
    pub node: String,
    /// The agent's version.
    pub version: String,
    /// When the evidence was read.
    pub time: Timestamp,
    /// When counting began.
    pub since: Timestamp,
    /// Where the LB IPs come from: `static` or `kubernetes`.
    pub source: String,
    /// How fresh that is.
    #[serde(default)]
    pub source_state: SourceState,
    /// The speaker on this node; absent where nobody looked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<Speaker>,
    /// How many LB IPs the maps have room for.
    pub capacity: u32,
    /// The interfaces of the node, observed or not.
    pub interfaces: Vec<Interface>,
    /// The evidence, ordered by IP.
    pub lb_ips: Vec<LbIp>,
    /// Change events that did not reach the agent, by reason.
    pub events_lost: BTreeMap<String, u64>,
    /// Its history, `/api/v1/events`.
    #[serde(default)]
    pub history: HistoryState,
    /// The clock of its events; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockState>,
}

impl NodeReport {
    /// The present [`Self::schema`].
    pub const SCHEMA: u32 = 1;
}

/// One interface of the node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its index.
    pub index: u32,
    /// Its present hardware address.
    pub mac: MacAddr,
    /// Administratively up.
    pub up: bool,
    /// Whether it has carrier; without it what is sent is counted but never reaches the wire.
    pub carrier: bool,
    /// How it is observed: `tcx` or `clsact`; absent if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// Why it is not observed, in the words of the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Frames that looked like evidence and were not used, by reason.
    #[serde(default)]
    pub ignored: BTreeMap<String, u64>,
    /// The node's settings that bear on what is answered here.
    #[serde(default)]
    pub host: HostFacts,
}

/// The evidence about one LB IP on one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LbIp {
    /// The address.
    pub ip: IpAddr,
    /// Since when this agent has it from its source; absent for addresses that were given by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Counters and times, one entry an observed interface.
    pub interfaces: Vec<OnInterface>,
    /// Senders on this node that answered or announced it.
    pub local: Vec<Local>,
    /// Others that were heard to claim it.
    pub heard: Vec<Heard>,
    /// Frames of senders on this node beyond those that have a place in `local`.
    pub local_overflow: u64,
    /// Frames of other senders beyond those that have a place in `heard`.
    pub heard_overflow: u64,
    /// What the node's own addresses and groups have to do with it.
    #[serde(default)]
    pub bound: Bound,
    /// The last few times it came to another MAC, oldest first; a new agent has to see them anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takeovers: Vec<Takeover>,
    /// How often it came to another MAC since this agent counts; those in `takeovers` included.
    #[serde(default)]
    pub handovers: u64,
    /// Frames that claimed it with a MAC of no node, as far as this agent knows the nodes' MACs.
    #[serde(default)]
    pub foreign_claims: u64,
    /// What is said about it.
    #[serde(default)]
    pub said: Said,
}
