//! What serves a Service: `EndpointSlice`s, or Endpoints on old API servers.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::{Meta, key, or_default};
use crate::claims::election::Endpoint;

/// The endpoints of a Service in one object that can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// `namespace/name` of the Service.
    pub service: Arc<str>,
    /// Its endpoints by node: one of each sort suffices.
    pub endpoints: Box<[Endpoint]>,
}

impl Slice {
    fn new(service: Arc<str>, endpoints: impl Iterator<Item = Endpoint>) -> Self {
        let mut endpoints: Vec<_> = endpoints.collect();
        endpoints.sort();
        endpoints.dedup();
        Self { service, endpoints: endpoints.into() }
    }
}

/// `discovery.k8s.io/v1`, and `v1beta1` with its topology.
#[derive(Deserialize)]
pub(super) struct SliceWire {
    metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    endpoints: Vec<EndpointWire>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EndpointWire {
    #[serde(deserialize_with = "or_default")]
    conditions: Conditions,
    node_name: Option<Arc<str>>,
    #[serde(deserialize_with = "or_default")]
    topology: BTreeMap<String, Arc<str>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Conditions {
    ready: Option<bool>,
    serving: Option<bool>,
}

impl SliceWire {
    /// `None` where it belongs to no Service.
    pub(super) fn reduce(self) -> Option<Slice> {
        let Self { metadata, endpoints } = self;
        let service = metadata.labels.get("kubernetes.io/service-name").filter(|name| !name.is_empty())?;
        let endpoints = endpoints.into_iter().filter_map(|endpoint| {
            let EndpointWire { conditions, node_name, mut topology } = endpoint;
            // No word counts as ready.
            let ready = conditions.ready.unwrap_or(true);
            let node = node_name.or_else(|| topology.remove("kubernetes.io/hostname"));
            (ready || conditions.serving == Some(true)).then_some(Endpoint { node, ready })
        });
        Some(Slice::new(key(&metadata.namespace, service), endpoints))
    }
}

/// Endpoints, which have the name of their Service.
#[derive(Deserialize)]
pub(super) struct Wire {
    #[serde(default, deserialize_with = "or_default")]
    subsets: Vec<Subset>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Subset {
    #[serde(deserialize_with = "or_default")]
    addresses: Vec<Address>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Address {
    node_name: Option<Arc<str>>,
}

impl Wire {
    pub(super) fn reduce(self, service: &Arc<str>) -> Slice {
        let addresses = self.subsets.into_iter().flat_map(|subset| subset.addresses);
        let endpoints = addresses.map(|address| Endpoint { node: address.node_name, ready: true });
        Slice::new(Arc::clone(service), endpoints)
    }
}
