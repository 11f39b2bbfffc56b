//! What changed, for the history: gathered as objects come, and taken by whoever keeps it.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use super::{
    super::{kind::Kind, objects::Object},
    Index,
    causes::{About, Facet, diff},
};
use crate::{
    claims::election::Rules,
    evidence::{Lost, What},
};

/// So many are held until somebody takes them; an outage of thousands of Nodes tells of each one at once.
const HELD: usize = 8192;

/// What changed since it was taken last.
#[derive(Debug, Default)]
pub(super) struct News {
    held: Vec<(Option<IpAddr>, What)>,
    lost: u64,
}

impl News {
    fn add(&mut self, ip: Option<IpAddr>, what: What) {
        if self.held.len() < HELD {
            self.held.push((ip, what));
        } else {
            self.lost += 1;
        }
    }
}

impl Index {
    /// Claims and causes since the last call, in their order, with the LB IP where one is concerned.
    ///
    /// What is there when a kind is listed for the first time is no change.
    pub fn take_news(&mut self) -> Vec<(Option<IpAddr>, What)> {
        let News { mut held, lost } = std::mem::take(&mut self.news);
        if lost > 0 {
            let what = Lost { count: lost, reason: "control_plane".to_owned() };
            held.push((None, What::Lost(what)));
        }
        held
    }

    /// Whether there is anything to take.
    pub fn has_news(&self) -> bool {
        !self.news.held.is_empty()
    }

    /// What an object is now, as far as it can move addresses; `coming` may take its place.
    pub(super) fn facet(&self, kind: Kind, key: &str, coming: Option<&Object>) -> Option<Facet> {
        if !self.followed.synced(kind) {
            return None;
        }
        match kind {
            Kind::Nodes => self.nodes.get(key).map(Facet::node),
            Kind::Speakers | Kind::HelmSpeakers => self.pods.speaker(key).map(Facet::speaker),
            Kind::Services => self.services.get(key).map(|service| Facet::Service {
                name: Arc::clone(&service.name),
                ips: self.services.ips_of(key).into_iter().collect(),
                local_policy: service.local_policy,
            }),
            Kind::EndpointSlices | Kind::Endpoints => {
                let known = self.endpoints.service_of(key);
                let service = known.or(match coming {
                    Some(Object::Slice(slice)) => Some(&slice.service),
                    _ => None,
                })?;
                Some(self.serving(service))
            }
            Kind::Statuses => self.statuses.get(key).cloned().map(Facet::Status),
            Kind::Events => self.events.get(key).cloned().map(Facet::Assigned),
            Kind::Pools | Kind::AddressPools => {
                let keyed =
                    if kind == Kind::Pools { &self.metallb.pools } else { &self.metallb.address_pools };
                keyed.0.contains_key(key).then_some(Facet::Configuration)
            }
            Kind::Config => self.metallb.config.0.contains_key(key).then_some(Facet::Configuration),
            Kind::Advertisements => {
                self.metallb.advertisements.0.contains_key(key).then_some(Facet::Configuration)
            }
            Kind::OwnPods => None,
        }
    }

    /// Where a Service is served.
    fn serving(&self, service: &Arc<str>) -> Facet {
        let rules = self.forecast.rules();
        let serves = rules.is_none_or(Rules::counts_serving);
        let endpoints = self.endpoints.of(service);
        let counted = endpoints.iter().filter(|endpoint| endpoint.ready || serves);
        let nodes: BTreeSet<_> = counted.filter_map(|endpoint| endpoint.node.clone()).collect();
        let local = self.services.get(service).is_some_and(|service| service.local_policy);
        let by_node = local || rules.is_some_and(|rules| !rules.reads_custom_resources());
        Facet::Serving { service: Arc::clone(service), by_node, nodes }
    }

    /// An object was `old` and is what it is now.
    pub(super) fn tell(&mut self, kind: Kind, key: &str, old: Option<&Facet>) {
        if !self.followed.synced(kind) {
            return;
        }
        let new = match old {
            // Its Service is known by what it was.
            Some(Facet::Serving { service, .. }) => Some(self.serving(service)),
            _ => self.facet(kind, key, None),
        };
        for (about, what) in diff(kind, key, old, new.as_ref()) {
            match about {
                About::All => self.news.add(None, what),
                About::Ip(ip) => self.news.add(Some(ip), what),
                About::Service(service) => {
                    for ip in self.services.ips_of(&service) {
                        self.news.add(Some(ip), what.clone());
                    }
                }
            }
        }
    }
}
