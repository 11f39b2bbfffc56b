//! `MetalLB`'s own objects (`metallb.io/v1beta1`), and its `ConfigMap` of older versions.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use super::{Meta, key, or_default};
use crate::{
    claims::election::{Advertisement, Announced, Labels, Pool, Range, Selector, pools},
    evidence::L2Status,
};

/// The label that a speaker writes its node into.
const WRITTEN_BY: &str = "metallb.io/node";

/// `ServiceL2Status`.
#[derive(Deserialize)]
pub(super) struct StatusWire {
    metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    #[serde(deserialize_with = "or_default")]
    node: String,
    #[serde(deserialize_with = "or_default")]
    service_name: String,
    #[serde(deserialize_with = "or_default")]
    service_namespace: String,
    #[serde(deserialize_with = "or_default")]
    interfaces: Vec<Interface>,
}

#[derive(Deserialize)]
struct Interface {
    name: String,
}

impl StatusWire {
    /// `None` until the speaker has filled it in.
    pub(super) fn reduce(mut self) -> Option<L2Status> {
        let Status { node, service_name, service_namespace, interfaces } = self.status;
        if node.is_empty() || service_name.is_empty() {
            return None;
        }
        let service = key(&service_namespace, &service_name).as_ref().to_owned();
        let interfaces = interfaces.into_iter().map(|interface| interface.name).collect();
        let object = self.metadata.key().as_ref().to_owned();
        Some(L2Status {
            service,
            node,
            interfaces,
            object,
            written_by: self.metadata.labels.remove(WRITTEN_BY),
        })
    }
}

/// `IPAddressPool`.
#[derive(Deserialize)]
pub(super) struct PoolWire {
    metadata: Meta,
    spec: PoolSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PoolSpec {
    addresses: Vec<String>,
    #[serde(default, rename = "avoidBuggyIPs", deserialize_with = "or_default")]
    avoid_buggy_ips: bool,
}

impl PoolWire {
    pub(super) fn reduce(self) -> Result<Vec<Pool>, String> {
        let Self { metadata, spec } = self;
        Ok(vec![Pool {
            name: metadata.name,
            ranges: ranges(&spec.addresses)?,
            avoids_buggy_ips: spec.avoid_buggy_ips,
            announced: Announced::ByAdvertisements,
            labels: metadata.labels.into_iter().collect(),
        }])
    }
}

fn ranges(addresses: &[String]) -> Result<Vec<Range>, String> {
    let range = |text: &String| {
        Range::parse(text).ok_or_else(|| format!("{text:?} is neither a CIDR nor first-last"))
    };
    addresses.iter().map(range).collect()
}

/// `AddressPool`, which says itself how it is announced.
#[derive(Deserialize)]
pub(super) struct AddressPoolWire {
    metadata: Meta,
    spec: AddressPoolSpec,
}

#[derive(Deserialize)]
struct AddressPoolSpec {
    protocol: String,
    addresses: Vec<String>,
}

impl AddressPoolWire {
    pub(super) fn reduce(self) -> Result<Vec<Pool>, String> {
        let AddressPoolSpec { protocol, addresses } = self.spec;
        let announced = match protocol.as_str() {
            "layer2" => Announced::ByLayer2,
            "bgp" => Announced::ByBgp,
            _ => return Err(format!("unknown protocol {protocol:?}")),
        };
        let ranges = ranges(&addresses)?;
        let name = self.metadata.name;
        Ok(vec![Pool { name, ranges, avoids_buggy_ips: false, announced, labels: Labels::default() }])
    }
}

/// `L2Advertisement`; one without a spec is for everything.
#[derive(Deserialize)]
pub(super) struct AdvertisementWire {
    metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    spec: AdvertisementSpec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AdvertisementSpec {
    #[serde(rename = "ipAddressPools", deserialize_with = "or_default")]
    pools: Vec<String>,
    #[serde(rename = "ipAddressPoolSelectors", deserialize_with = "or_default")]
    pool_selectors: Vec<Selector>,
    #[serde(deserialize_with = "or_default")]
    node_selectors: Vec<Selector>,
    #[serde(deserialize_with = "or_default")]
    service_selectors: Vec<Selector>,
    #[serde(deserialize_with = "or_default")]
    interfaces: Vec<String>,
    /// Newer than any release that is known here.
    #[serde(deserialize_with = "or_default")]
    preferred_node_selectors: Vec<IgnoredAny>,
}

impl AdvertisementWire {
    pub(super) fn reduce(self) -> Advertisement {
        let AdvertisementSpec {
            pools, pool_selectors, node_selectors, service_selectors, interfaces, ..
        } = self.spec;
        Advertisement {
            name: self.metadata.name,
            pools,
            pool_selectors,
            node_selectors,
            service_selectors,
            interfaces,
            prefers: !self.spec.preferred_node_selectors.is_empty(),
        }
    }
}

/// The `ConfigMap`.
#[derive(Deserialize)]
pub(super) struct ConfigWire {
    #[serde(default, deserialize_with = "or_default")]
    data: BTreeMap<String, String>,
}

impl ConfigWire {
    pub(super) fn reduce(self) -> Result<Vec<Pool>, String> {
        let text = self.data.get("config").ok_or("it has no key \"config\"")?;
        pools(text).map_err(|error| error.to_string())
    }
}
