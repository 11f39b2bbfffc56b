//! Nodes.

use std::net::IpAddr;

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
pub(super) struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

impl Condition {
    /// Whether that one is True.
    pub(super) fn holds(conditions: &[Self], kind: &str) -> bool {
        conditions.iter().any(|condition| condition.kind == kind && condition.status == "True")
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
        }
    }
}
