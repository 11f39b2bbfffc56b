//! What the API server's objects say about one LB IP.

use std::net::IpAddr;

use super::{super::objects::Service, Index};
use crate::{
    claims::election::Announced,
    cluster::kind::Kind,
    evidence::{self, Assigned, Said},
};

impl Index {
    /// What is said about that address: `announced` and `counters` are not known here.
    ///
    /// Whatever is not followed at the moment is left out rather than told from memory, except while the API server
    /// is away altogether.
    pub fn said(&self, ip: IpAddr) -> Said {
        let mut said = Said::default();
        for service in self.services.of(ip) {
            let name = &*service.name;
            said.services.push(evidence::Service {
                name: name.to_owned(),
                local_policy: service.local_policy,
                shared: service.shared.clone(),
            });
            // MetalLB takes no notice of external IPs.
            if !service.ingress.contains(&ip) {
                continue;
            }
            if self.followed.believed(Kind::Statuses) {
                said.statuses.extend(self.statuses.of(name).cloned());
            }
            if self.followed.believed(Kind::Events) && !self.by_bgp(service) {
                said.events.extend(self.assigned(name));
            }
            said.predicted.extend(self.prediction(name));
        }
        said
    }

    /// The last Event of a Service.
    fn assigned(&self, service: &str) -> Option<Assigned> {
        let last = self.events.of(service).max_by_key(|event| (event.at, event.order))?;
        Some(Assigned { service: service.to_owned(), node: last.node.to_string(), at: last.at })
    }

    /// Whether its pool is announced by BGP: old Events of such look like those of layer 2.
    fn by_bgp(&self, service: &Service) -> bool {
        let Some(ip) = service.ingress.first() else { return false };
        self.pools().iter().any(|pool| pool.announced == Announced::ByBgp && pool.contains(*ip))
    }
}
