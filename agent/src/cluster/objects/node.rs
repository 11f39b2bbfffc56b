//! Nodes.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Meta, or_default};
use crate::claims::election::NodeFacts;

/// What is kept of a Node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// What the election asks.
    pub facts: NodeFacts,
    /// Its addresses of type `InternalIP`.
    pub internal: Vec<IpAddr>,
    /// The condition `Ready`.
    pub ready: Option<ConditionState>,
    /// The condition `NetworkUnavailable`.
    pub network_unavailable: Option<ConditionState>,
}

/// What a condition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConditionState {
    /// Whether it holds.
    pub status: ConditionStatus,
    /// `lastTransitionTime`.
    pub since: Option<Timestamp>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionStatus {
    /// It does.
    True,
    /// It does not.
    False,
    /// Nobody knows: the kubelet is not heard.
    Unknown,
}

impl ConditionStatus {
    /// As the API has it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Wire {
    metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    spec: Spec,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    unschedulable: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "or_default")]
    addresses: Vec<Address>,
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(rename = "type")]
    kind: String,
    address: String,
}

/// A condition of a Node or a pod.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    last_transition_time: Option<Timestamp>,
}

impl Condition {
    /// Whether that one is True.
    pub(super) fn holds(conditions: &[Self], kind: &str) -> bool {
        Self::state(conditions, kind).is_some_and(|state| state.status == ConditionStatus::True)
    }

    /// What that one is.
    pub(super) fn state(conditions: &[Self], kind: &str) -> Option<ConditionState> {
        let Self { status, last_transition_time: since, .. } =
            conditions.iter().find(|condition| condition.kind == kind)?;
        let status = match status.as_str() {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            _ => ConditionStatus::Unknown,
        };
        Some(ConditionState { status, since: *since })
    }
}

impl Wire {
    pub(super) fn reduce(self) -> Node {
        let Self { metadata, spec, status } = self;
        let internal = status.addresses.iter().filter(|address| address.kind == "InternalIP");
        Node {
            facts: NodeFacts {
                labels: metadata.labels.into_iter().collect(),
                network_unavailable: Condition::holds(&status.conditions, "NetworkUnavailable"),
                unschedulable: spec.unschedulable,
            },
            internal: internal.filter_map(|address| address.address.parse().ok()).collect(),
            ready: Condition::state(&status.conditions, "Ready"),
            network_unavailable: Condition::state(&status.conditions, "NetworkUnavailable"),
        }
    }
}
