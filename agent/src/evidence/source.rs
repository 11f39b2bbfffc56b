//! Where the LB IPs come from, and how fresh that is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// State of the source of LB IPs. All empty with `--source static`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// The list of Services is complete since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synced: Option<Timestamp>,
    /// The set of LB IPs changed last then; absent if it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Timestamp>,
    /// The API server is not heard since then; the last set stays in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<Timestamp>,
    /// What it said last, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Kinds that are not watched, and why: `not served`, `forbidden: …`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<String, String>,
    /// Addresses in Services that are none, or can't be LB IPs: `default/web: "banana"`, at most a few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bad: Vec<String>,
}

/// An address came to another MAC, as this node heard or sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Takeover {
    /// When.
    pub at: Timestamp,
    /// Whose it is since.
    pub mac: super::MacAddr,
}
