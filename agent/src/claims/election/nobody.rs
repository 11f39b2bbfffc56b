//! Why nobody should announce, in the operator's words.

use std::{fmt, net::IpAddr};

use super::{LeftOut, candidates::EXCLUDE_LABEL};

/// Why nobody should announce a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nobody {
    /// The speakers serve another load balancer class.
    Class(Option<String>),
    /// The version wants exactly one ingress address.
    TwoIps,
    /// One of the ingress addresses is none.
    BadIp,
    /// No pool has (all of) these.
    NoPool(Vec<IpAddr>),
    /// The pool is announced by BGP.
    Bgp(String),
    /// Nothing serves it.
    NoEndpoint,
    /// Nothing announces the pool.
    NoAdvertisement(String),
    /// What announces the pool is for other Services.
    OtherServices(String),
    /// No node stands.
    NoCandidate(LeftOut),
    /// No node with an endpoint stands.
    NoEndpointNode {
        /// The nodes with an endpoint, at most a few.
        nodes: Vec<String>,
        /// `externalTrafficPolicy: Local` asks for it; else the version does.
        local: bool,
    },
}

impl fmt::Display for Nobody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(None) => f.write_str("it has a loadBalancerClass, and the speakers serve none"),
            Self::Class(Some(class)) => write!(f, "the speakers serve the loadBalancerClass {class} only"),
            Self::TwoIps => f.write_str("this version of MetalLB announces no Service with two addresses"),
            Self::BadIp => f.write_str("one of its ingress entries is no IP address"),
            Self::NoPool(ips) => match ips.as_slice() {
                [ip] => write!(f, "{ip} is in no pool"),
                _ => f.write_str("no pool has all of its addresses"),
            },
            Self::Bgp(pool) => write!(f, "pool {pool} is announced by BGP"),
            Self::NoEndpoint => f.write_str("it has no endpoint that can serve"),
            Self::NoAdvertisement(pool) => write!(f, "no L2Advertisement selects the pool {pool}"),
            Self::OtherServices(pool) => {
                write!(f, "no L2Advertisement of the pool {pool} selects this Service")
            }
            Self::NoCandidate(left_out) => left_out.fmt(f),
            Self::NoEndpointNode { nodes, local } => {
                let nodes = nodes.join(", ");
                match local {
                    _ if nodes.is_empty() => f.write_str("no endpoint names its node"),
                    true => write!(
                        f,
                        "externalTrafficPolicy is Local, and no node with an endpoint ({nodes}) is a candidate"
                    ),
                    false => write!(f, "no node with an endpoint ({nodes}) has a ready speaker pod"),
                }
            }
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { not_selected, without_speaker, network, cordoned, labelled, no_memberlist } = *self;
        if no_memberlist {
            return f.write_str("without memberlist this version of MetalLB elects nobody");
        }
        let reasons = [
            (without_speaker, "without a ready speaker pod".to_owned()),
            (network, "with NetworkUnavailable".to_owned()),
            (cordoned, "cordoned".to_owned()),
            (labelled, format!("labelled {EXCLUDE_LABEL}")),
        ];
        let candidates = without_speaker + network + cordoned + labelled;
        let given: Vec<_> = reasons.iter().filter(|(count, _)| *count > 0).collect();
        match given.as_slice() {
            [] if not_selected > 0 => {
                write!(f, "its L2Advertisements select none of the {not_selected} nodes")
            }
            [] => f.write_str("there is no candidate"),
            [(1, reason)] => write!(f, "the only candidate is {reason}"),
            [(count, reason)] => write!(f, "all {count} candidates are {reason}"),
            several => {
                let parts: Vec<_> =
                    several.iter().map(|(count, reason)| format!("{count} {reason}")).collect();
                write!(f, "of {candidates} candidates {}", parts.join(", "))
            }
        }
    }
}
