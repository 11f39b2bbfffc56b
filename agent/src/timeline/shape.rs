//! What a timeline is: the shape of `failover -o json`.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::evidence::{MacAddr, Origin};

/// What happened to one LB IP, on one clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// The LB IP.
    pub ip: IpAddr,
    /// The nodes that told something, and how their clocks relate; all times below are on the reference's.
    pub clocks: Vec<NodeClock>,
    /// Oldest first.
    pub handovers: Vec<Handover>,
    /// Why something may be missing, in words: events that were lost, agents that did not reply, a clock that could
    /// not be compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<String>,
}

/// The clock of one node beside the reference's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeClock {
    /// The node.
    pub node: String,
    /// Which of its clocks: a new one with every boot and every life of its agent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub boot: String,
    /// To be added to its times, nanoseconds; 0 for the reference and for clocks that could not be compared.
    pub offset_ns: i64,
    /// How far off that may be, nanoseconds; absent where no frame was seen by both: "clock error unknown".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_ns: Option<u64>,
    /// Frames that both saw.
    pub frames: u32,
    /// The clock that the others are set by.
    #[serde(default)]
    pub reference: bool,
}

/// The answerer of an LB IP changed, or several answered, or nobody does any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// What kind it was.
    pub kind: Kind,
    /// Who answered before; absent if nobody was seen to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Party>,
    /// Who answers since; absent while nobody does. The same as `from` where another one came and went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Party>,
    /// The first sign of it.
    pub began: Timestamp,
    /// The last one.
    pub ended: Timestamp,
    /// From the last answer of `from` to the first of `to`, nanoseconds: a gap, or an overlap where it is negative.
    /// Absent where one of the two was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_ns: Option<i64>,
    /// How far off `gap_ns` may be, by the two nodes' clocks, nanoseconds; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_ns: Option<u64>,
    /// Who asked while nobody answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Unanswered>,
    /// What happened, in the order of time.
    pub steps: Vec<Step>,
    /// What is not known of it, in words; empty if it is complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// What kind of handover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The former owner was there and let go.
    Planned,
    /// The former owner fell silent, and another one took over when that was noticed.
    Crash,
    /// The owner fell silent and came back, as when its speaker is started again: `from` and `to` are one.
    Interrupted,
    /// Back and forth.
    Flap,
    /// Several answered for a while, then one.
    SplitHealed,
    /// Several answer still.
    Split,
    /// Nobody took over so far.
    Abandoned,
    /// Seen for the first time: whether anybody answered before is not known.
    First,
    /// What was seen fits several.
    Unknown,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The node; absent for a MAC that is no node's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Its interface, where an agent told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Its MAC.
    pub mac: MacAddr,
    /// Who on the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The program, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
}

/// Requests that nobody answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    /// At least so many.
    pub least: u64,
    /// At most so many; the same where each one was told.
    pub most: u64,
    /// Distinct askers, at least: not every request is told with its asker.
    pub askers: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    /// The last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

/// One thing of a handover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When, on the reference's clock.
    pub at: Timestamp,
    /// How far off that may be against the reference's clock, nanoseconds; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_ns: Option<u64>,
    /// On which node; of the control plane's changes the node that told it.
    pub node: String,
    /// What.
    pub kind: StepKind,
    /// In words, without the time and the node.
    pub text: String,
    /// The time that the thing itself has, where that is another one (an Event's, a condition's).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_time: Option<Timestamp>,
}

/// What a step is: the lanes and marks of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A cause in the control plane.
    Cause,
    /// The last answer of the former owner.
    LastAnswer,
    /// Somebody asked and nobody answered.
    Request,
    /// A claim ended.
    ClaimEnded,
    /// A claim began.
    ClaimBegan,
    /// A round of announcements of the new owner; the text says which of how many.
    Announcement,
    /// The first answer of the new owner.
    FirstAnswer,
    /// An answer of somebody else meanwhile, or of one who seemed to have answered for the last time.
    OtherAnswer,
    /// A client that still believes the former owner: a request by unicast to it.
    StaleRequest,
    /// Data packets that still come to the former owner.
    StaleTraffic,
}
