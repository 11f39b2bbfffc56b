//! `MetalLB`'s election, recomputed from what the API server has: who *should* announce a Service.
//!
//! Pure. Each speaker elects alone, by the same rules over what it sees, so everything it reads can be read
//! again, but its view of who is alive (memberlist): ready speaker pods stand for that. What comes out is a
//! prediction; that it differs from what happens is a finding, not an error.

mod candidates;
mod config_map;
mod labels;
mod nobody;
mod pool;
mod race;
mod rules;
#[cfg(test)]
mod tests;
mod version;

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

pub use candidates::{Candidates, EXCLUDE_LABEL, LeftOut, NodeFacts, Speakers};
pub use config_map::{BadConfig, pools};
pub use labels::{Labels, Selector};
pub use nobody::Nobody;
pub use pool::{Advertisement, Announced, Pool, Range};
pub use race::{Difference, Race};
pub use rules::{Rules, Served};
pub use version::{NoVersion, Version, tag};

/// Nodes that a reason names at most.
const NAMED: usize = 5;

/// What the election asks of a Service.
#[derive(Clone, Copy, Debug)]
pub struct Contest<'a> {
    /// `namespace/name`.
    pub service: &'a str,
    /// `status.loadBalancer.ingress[].ip`, in their order: the first one is hashed, for both families.
    pub ips: &'a [IpAddr],
    /// One of the ingress entries is no IP address.
    pub bad_ip: bool,
    /// `externalTrafficPolicy: Local`.
    pub local_policy: bool,
    /// `spec.loadBalancerClass`.
    pub class: Option<&'a str>,
    /// Its labels.
    pub labels: &'a Labels,
}

/// An endpoint that is ready or, terminating, still serves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// Where it is, if it says so.
    pub node: Option<Arc<str>>,
    /// Ready; else it merely serves, which counts since 0.14.2.
    pub ready: bool,
}

/// What announces a Service: all nodes, or what these of the advertisements select.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Whatever node has a speaker.
    Everywhere,
    /// Nodes that one of these advertisements selects; numbers as in the list that was given.
    Advertisements(Vec<usize>),
}

impl Contest<'_> {
    /// What announces it.
    ///
    /// # Errors
    /// Why nobody does, as far as that doesn't depend on the nodes.
    pub fn field(
        &self,
        rules: Rules,
        class: Option<&str>,
        pools: &[&Pool],
        advertisements: &[&Advertisement],
        endpoints: &[&Endpoint],
    ) -> Result<Field, Nobody> {
        if rules.heeds_the_class() && self.class.unwrap_or_default() != class.unwrap_or_default() {
            return Err(Nobody::Class(class.map(str::to_owned)));
        }
        if rules.wants_one_ip() && self.ips.len() > 1 {
            return Err(Nobody::TwoIps);
        }
        if self.bad_ip {
            return Err(Nobody::BadIp);
        }
        let all_in = |pool: &&&Pool| self.ips.iter().all(|ip| pool.contains(*ip));
        let Some(pool) = pools.iter().find(all_in) else { return Err(Nobody::NoPool(self.ips.to_vec())) };
        if pool.announced == Announced::ByBgp {
            return Err(Nobody::Bgp(pool.name.clone()));
        }
        if !endpoints.iter().any(|endpoint| endpoint.counts(rules)) {
            return Err(Nobody::NoEndpoint);
        }
        if pool.announced == Announced::ByLayer2 {
            return Ok(Field::Everywhere);
        }
        let mut selected = advertisements.iter().enumerate().filter(|(_, ad)| ad.selects(pool)).peekable();
        if selected.peek().is_none() {
            return Err(Nobody::NoAdvertisement(pool.name.clone()));
        }
        let ours = |ad: &Advertisement| !rules.heeds_service_selectors() || ad.serves(self.labels);
        let numbers: Vec<_> = selected.filter(|(_, ad)| ours(ad)).map(|(number, _)| number).collect();
        if numbers.is_empty() {
            return Err(Nobody::OtherServices(pool.name.clone()));
        }
        Ok(Field::Advertisements(numbers))
    }

    /// What is hashed together with the node's name.
    pub fn key(&self, rules: Rules) -> String {
        match self.ips.first() {
            Some(ip) if !rules.hashes_the_name() => ip.to_string(),
            _ => self.service.to_owned(),
        }
    }

    /// Whether only nodes with an endpoint stand. If not, a [`Race`] among the candidates decides.
    pub fn wants_an_endpoint(&self, rules: Rules) -> bool {
        self.local_policy || rules.wants_an_endpoint()
    }

    /// Who announces, among the candidates that have an endpoint.
    ///
    /// # Errors
    /// Why nobody does.
    pub fn among_endpoints<'a>(
        &self,
        rules: Rules,
        candidates: &Candidates,
        endpoints: &[&'a Endpoint],
    ) -> Result<&'a Arc<str>, Nobody> {
        if candidates.is_empty() && !candidates.anyone {
            return Err(candidates.nobody());
        }
        let nodes = endpoints.iter().filter(|endpoint| endpoint.counts(rules));
        let nodes: BTreeSet<&Arc<str>> = nodes.filter_map(|endpoint| endpoint.node.as_ref()).collect();
        let standing = nodes.iter().copied().filter(|node| candidates.contains(node));
        race::first(&self.key(rules), standing).ok_or_else(|| Nobody::NoEndpointNode {
            nodes: nodes.iter().take(NAMED).map(ToString::to_string).collect(),
            local: self.local_policy,
        })
    }
}

impl Candidates {
    /// Why nobody announces where there is no candidate.
    pub fn nobody(&self) -> Nobody {
        Nobody::NoCandidate(self.left_out)
    }
}

impl Endpoint {
    fn counts(&self, rules: Rules) -> bool {
        self.ready || rules.counts_serving()
    }
}

/// The interfaces that advertisements select on a node with these labels: `None` for all.
pub fn interfaces(advertisements: &[&Advertisement], node: &Labels) -> Option<Vec<String>> {
    let mut interfaces = BTreeSet::new();
    for ad in advertisements.iter().filter(|ad| ad.allows(node)) {
        if ad.interfaces.is_empty() {
            return None;
        }
        interfaces.extend(ad.interfaces.iter().cloned());
    }
    Some(interfaces.into_iter().collect())
}
