//! What is kept of the API server's objects: a few fields each, read leniently.
//!
//! Pure: JSON in, small structs out. `managedFields` and all else are skipped while reading. An object that can't be
//! understood costs itself, not the list it stands in.

mod endpoints;
mod event;
mod metallb;
mod node;
mod pod;
mod service;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::kind::Kind;
use crate::{
    claims::election::{Advertisement, Pool},
    evidence::L2Status,
};

pub(super) use endpoints::Slice;
pub(super) use event::Event;
#[cfg(test)]
pub(super) use node::ConditionStatus;
pub(super) use node::{ConditionState, Node};
pub use pod::{Pod, Port, Setup};
pub(super) use service::Service;

/// An object, reduced.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// Of [`Kind::Services`].
    Service(Service),
    /// Of [`Kind::Nodes`].
    Node(Node),
    /// Of the kinds of pods.
    Pod(Box<Pod>),
    /// Of [`Kind::EndpointSlices`] and [`Kind::Endpoints`].
    Slice(Slice),
    /// Of [`Kind::Events`].
    Event(Event),
    /// Of [`Kind::Statuses`].
    Status(L2Status),
    /// Of [`Kind::Pools`] and [`Kind::AddressPools`]; of [`Kind::Config`], many.
    Pools(Vec<Pool>),
    /// Of [`Kind::Advertisements`].
    Advertisement(Box<Advertisement>),
}

/// An object as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `namespace/name`, or the name alone.
    pub key: Arc<str>,
    /// Its `resourceVersion`.
    pub version: String,
    /// What is kept of it; `None` if it is of no interest.
    ///
    /// # Errors
    /// Why it is not understood.
    pub object: Result<Option<Object>, String>,
}

/// Reads one object.
///
/// # Errors
/// It is no object at all: not JSON, or without a name.
pub fn read(kind: Kind, json: &str) -> Result<Item, serde_json::Error> {
    #[derive(Deserialize)]
    struct Any {
        metadata: Meta,
    }
    let Any { metadata } = serde_json::from_str(json)?;
    let key = metadata.key();
    let object = match kind {
        Kind::Services => reduce(json, |wire: service::Wire| Ok(wire.reduce(&key).map(Object::Service))),
        Kind::Nodes => reduce(json, |wire: node::Wire| Ok(Some(Object::Node(wire.reduce())))),
        Kind::OwnPods | Kind::Speakers | Kind::HelmSpeakers => {
            reduce(json, |wire: pod::Wire| Ok(Some(Object::Pod(Box::new(wire.reduce(&key, kind))))))
        }
        Kind::EndpointSlices => {
            reduce(json, |wire: endpoints::SliceWire| Ok(wire.reduce().map(Object::Slice)))
        }
        Kind::Endpoints => reduce(json, |wire: endpoints::Wire| Ok(Some(Object::Slice(wire.reduce(&key))))),
        Kind::Events => reduce(json, |wire: event::Wire| Ok(wire.reduce().map(Object::Event))),
        Kind::Statuses => reduce(json, |wire: metallb::StatusWire| Ok(wire.reduce().map(Object::Status))),
        Kind::Pools => reduce(json, |wire: metallb::PoolWire| wire.reduce().map(Object::Pools).map(Some)),
        Kind::AddressPools => {
            reduce(json, |wire: metallb::AddressPoolWire| wire.reduce().map(Object::Pools).map(Some))
        }
        Kind::Advertisements => reduce(json, |wire: metallb::AdvertisementWire| {
            Ok(Some(Object::Advertisement(Box::new(wire.reduce()))))
        }),
        Kind::Config => reduce(json, |wire: metallb::ConfigWire| wire.reduce().map(Object::Pools).map(Some)),
    };
    Ok(Item { key, version: metadata.resource_version, object })
}

fn reduce<W: DeserializeOwned>(
    json: &str,
    reduce: impl FnOnce(W) -> Result<Option<Object>, String>,
) -> Result<Option<Object>, String> {
    serde_json::from_str(json).map_err(|error| error.to_string()).and_then(reduce)
}

/// `metadata`, as far as anything is read of it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    #[serde(deserialize_with = "or_default")]
    resource_version: String,
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    annotations: BTreeMap<String, String>,
    creation_timestamp: Option<Timestamp>,
    deletion_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    deletion_grace_period_seconds: i64,
}

impl Meta {
    fn key(&self) -> Arc<str> {
        key(&self.namespace, &self.name)
    }
}

/// `namespace/name`, or the name alone.
fn key(namespace: &str, name: &str) -> Arc<str> {
    if namespace.is_empty() { name.into() } else { format!("{namespace}/{name}").into() }
}

/// The API server writes `null` for lists and maps that are empty, and so do older clients for anything.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
