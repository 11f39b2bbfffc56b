//! What a timeline is made of.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::evidence::{Event, MacAddr};

/// Everything that was told of one LB IP: the input of [`timeline`](super::timeline), and all that is needed to
/// make it again elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The LB IP.
    pub ip: IpAddr,
    /// Of all nodes, in any order; what is told twice counts once. Events of other LB IPs are left out, those without
    /// one concern all.
    pub events: Vec<Event>,
    /// The nodes that told, also those that had nothing to tell.
    #[serde(default)]
    pub witnesses: Vec<Witness>,
    /// Nodes that did not tell, and why: `n2: connection refused`.
    #[serde(default)]
    pub absent: Vec<String>,
    /// How [`Event::seq`] runs.
    #[serde(default)]
    pub numbered: Numbered,
}

/// A node whose agent replied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The node.
    pub node: String,
    /// The MACs of its interfaces, as far as it tells them: by them it is known who on the wire is who.
    #[serde(default)]
    pub macs: Vec<MacAddr>,
    /// Since when this agent observes, by its clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// How events are numbered, so that it shows which are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Numbered {
    /// Each address of a node has a row of its own; what concerns the node as a whole, too.
    #[default]
    ByAddress,
    /// One row for all of an agent's events, which must all be given, those of other addresses as well.
    ByAgent,
    /// Holes mean nothing: what was lost is told by [`Lost`](crate::evidence::Lost) alone. Whatever stood before the
    /// first event of a node may have been dropped, so nothing rests on that one.
    No,
}
