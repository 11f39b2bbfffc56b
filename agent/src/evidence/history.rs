//! What an agent says of its history and its clock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The history of one agent's life.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryState {
    /// Events that are kept.
    pub events: u64,
    /// Events so far, kept or not: the `seq` of the last one.
    pub seq: u64,
    /// Events around handovers that had to go.
    pub dropped: u64,
    /// Other events that had to go: mostly requests.
    pub dropped_requests: u64,
    /// How long nobody answered when this node lost an address.
    pub gaps: HandoverGaps,
}

/// How long nobody answered when this node lost an LB IP to another one: from the first request that stayed unanswered
/// to the heir's first announcement; 0 where none did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HandoverGaps {
    /// Handovers a bucket; bucket i ends with [`Self::BOUNDS`]`[i]` seconds, the last one has no end. Empty if there
    /// were none.
    pub buckets: Vec<u64>,
    /// All gaps together, seconds.
    pub sum_seconds: f64,
}

impl HandoverGaps {
    /// Upper bounds of the buckets, seconds.
    pub const BOUNDS: [f64; 15] =
        [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0];
}

/// The clock of an agent's events beside the node's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// Which clock: the `boot` of the events.
    pub boot: String,
    /// By how much the node's wall clock was set forward since the agent's start, less than 0 if it was set back,
    /// nanoseconds. To be added to the time of an event to have it by the present wall clock.
    pub drift_ns: i64,
    /// How often it was set.
    pub steps: u64,
    /// When that was seen last, by the wall clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stepped: Option<Timestamp>,
}
