//! Services.

use std::{net::IpAddr, sync::Arc};

use serde::Deserialize;

use super::{Meta, or_default};
use crate::{claims::election::Labels, cluster::address::unusable};

/// The key that two Services must have in common to share an IP; the second name is since 0.14.9.
const SHARED: [&str; 2] = ["metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip"];

/// What is kept of a Service that has, or may get, addresses from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// `namespace/name`.
    pub name: Arc<str>,
    /// `spec.type: LoadBalancer`.
    pub load_balancer: bool,
    /// `status.loadBalancer.ingress[].ip`, in their order, usable or not.
    pub ingress: Vec<IpAddr>,
    /// `spec.externalIPs`.
    pub external: Vec<IpAddr>,
    /// What in there is no address, or none for an LB IP, as a text each.
    pub bad: Vec<String>,
    /// An ingress entry is no IP address; `MetalLB` then announces none of them.
    pub bad_ingress: bool,
    /// `spec.loadBalancerClass`.
    pub class: Option<Box<str>>,
    /// `externalTrafficPolicy: Local`.
    pub local_policy: bool,
    /// The key of `metallb.io/allow-shared-ip`.
    pub shared: Option<String>,
    /// Its labels.
    pub labels: Labels,
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
#[serde(default, rename_all = "camelCase")]
struct Spec {
    #[serde(rename = "type", deserialize_with = "or_default")]
    kind: String,
    #[serde(rename = "externalIPs", deserialize_with = "or_default")]
    external_ips: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    external_traffic_policy: String,
    load_balancer_class: Option<Box<str>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    #[serde(deserialize_with = "or_default")]
    load_balancer: LoadBalancer,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    #[serde(deserialize_with = "or_default")]
    ingress: Vec<Ingress>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ingress {
    #[serde(deserialize_with = "or_default")]
    ip: String,
}

impl Wire {
    pub(super) fn reduce(self, name: &Arc<str>) -> Option<Service> {
        let Self { metadata, spec, status } = self;
        let load_balancer = spec.kind == "LoadBalancer";
        if !load_balancer && spec.external_ips.is_empty() {
            return None;
        }
        let mut service = Service {
            name: Arc::clone(name),
            load_balancer,
            class: spec.load_balancer_class,
            local_policy: spec.external_traffic_policy == "Local",
            shared: SHARED.iter().find_map(|key| metadata.annotations.get(*key)).cloned(),
            labels: metadata.labels.into_iter().collect(),
            ..Service::default()
        };
        if load_balancer {
            for Ingress { ip } in status.load_balancer.ingress {
                if let Ok(ip) = ip.parse() {
                    service.ingress.push(ip);
                    continue;
                }
                service.bad_ingress = true;
                // A load balancer may have a host name instead.
                service.bad.extend((!ip.is_empty()).then(|| malformed(&ip)));
            }
        }
        for ip in spec.external_ips {
            match ip.parse() {
                Ok(ip) => service.external.push(ip),
                Err(_) => service.bad.push(malformed(&ip)),
            }
        }
        let unusable = |ip: &IpAddr| unusable(*ip).map(|what| format!("{ip} is {what}"));
        service.bad.extend(service.ingress.iter().chain(&service.external).filter_map(unusable));
        Some(service)
    }
}

/// A stranger's text, in bounds.
fn malformed(text: &str) -> String {
    let shown: String = text.chars().take(64).collect();
    format!("{shown:?} is no IP address")
}

impl Service {
    /// Its addresses that can be LB IPs, as far as they are wanted.
    pub fn lb_ips(&self, class: Option<&str>, external: bool) -> impl Iterator<Item = IpAddr> {
        let announced = self.announced(class).then_some(&self.ingress);
        let external = external.then_some(&self.external);
        announced.into_iter().chain(external).flatten().copied().filter(|ip| unusable(*ip).is_none())
    }

    /// Whether its ingress addresses are those of that load balancer class (`None`: of no class).
    pub fn announced(&self, class: Option<&str>) -> bool {
        self.load_balancer && self.class.as_deref().unwrap_or_default() == class.unwrap_or_default()
    }
}
