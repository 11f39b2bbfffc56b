//! What is known of the cluster: fed with objects as they come, asked about LB IPs, pods and nodes.
//!
//! Pure: no I/O, no clock. One task writes, everybody else reads.

mod causes;
mod endpoints;
mod follow;
mod forecast;
mod metallb;
mod news;
mod nodes;
mod pods;
mod said;
mod services;
mod store;
#[cfg(test)]
mod tests;
mod words;

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use jiff::Timestamp;

use self::{
    endpoints::Endpoints,
    follow::Followed,
    forecast::Forecast,
    metallb::MetalLb,
    news::News,
    nodes::Nodes,
    pods::Pods,
    services::Services,
    store::{Grouped, Store, Touched},
};
use super::{
    kind::Kind,
    objects::{Event, Item, Pod},
};
use crate::{
    claims::election::{Served, Version},
    evidence::{L2Status, SourceState},
};

pub use follow::Condition;
pub use metallb::Facts;
pub use pods::SpeakerPod;
pub(crate) use words::Words;

/// What is wanted of the cluster.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The node whose pods are of interest; none for the command line.
    pub node: Option<String>,
    /// LB IPs that there is room for.
    pub capacity: u32,
    /// `spec.externalIPs` are LB IPs, too.
    pub external_ips: bool,
    /// Services of this load balancer class only; `None` means those without a class, as for `MetalLB`.
    pub class: Option<String>,
    /// `MetalLB`'s namespace, if it is not to be found by its speakers.
    pub namespace: Option<String>,
    /// `MetalLB`'s version, if it is not to be found by their image.
    pub version: Option<Version>,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            node: None,
            capacity: u32::MAX,
            external_ips: false,
            class: None,
            namespace: None,
            version: None,
        }
    }
}

/// Counts up when something changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// The set of LB IPs, or that it is complete for the first time.
    pub lb_ips: u64,
    /// Anything at all.
    pub any: u64,
}

/// What is known of the cluster.
#[derive(Debug)]
pub struct Index {
    scope: Scope,
    revision: Revision,
    words: Words,
    followed: Followed,
    served: Served,
    services: Services,
    nodes: Nodes,
    pods: Pods,
    endpoints: Endpoints,
    statuses: Grouped<L2Status>,
    events: Grouped<Event>,
    metallb: MetalLb,
    forecast: Forecast,
    news: News,
}

impl Index {
    /// Nothing known yet.
    pub fn new(scope: Scope) -> Self {
        Self {
            services: Services::new(&scope),
            pods: Pods::new(scope.node.as_deref()),
            scope,
            revision: Revision::default(),
            words: Words::default(),
            followed: Followed::default(),
            served: Served::default(),
            nodes: Nodes::default(),
            endpoints: Endpoints::default(),
            statuses: Grouped::default(),
            events: Grouped::default(),
            metallb: MetalLb::default(),
            forecast: Forecast::default(),
            news: News::default(),
        }
    }

    /// A complete list: what is not in it is gone.
    pub fn listed(&mut self, kind: Kind, items: Vec<Item>, at: Timestamp) {
        let present: BTreeSet<_> = items.iter().map(|item| Arc::clone(&item.key)).collect();
        for key in self.store(kind).keys() {
            if !present.contains(&key) {
                self.deleted(kind, &key);
            }
        }
        self.followed.forget_unreadable(kind);
        for item in items {
            self.changed(kind, item);
        }
        self.condition(kind, Condition::Followed(at));
    }

    /// An object is new, or changed.
    pub fn changed(&mut self, kind: Kind, item: Item) {
        let Item { key, version: _, object } = item;
        let note = object.as_ref().err().cloned();
        let noted = self.followed.unreadable(kind, &key, note);
        let object = object.ok().flatten();
        let before = self.facet(kind, &key, object.as_ref());
        let touched = match object {
            Some(mut object) => {
                self.words.share(&mut object);
                self.store(kind).put(Arc::clone(&key), object)
            }
            None => self.store(kind).remove(&key),
        };
        if touched != Touched::Nothing {
            self.tell(kind, &key, before.as_ref());
        }
        self.touched(touched);
        if noted {
            self.touched(Touched::Everything);
        }
    }

    /// An object is gone.
    pub fn deleted(&mut self, kind: Kind, key: &str) {
        let before = self.facet(kind, key, None);
        self.forget(kind, key);
        if before.is_some() {
            self.tell(kind, key, before.as_ref());
        }
    }

    /// It is not known any more, whether or not it is gone.
    fn forget(&mut self, kind: Kind, key: &str) {
        if self.followed.unreadable(kind, key, None) {
            self.touched(Touched::Everything);
        }
        let touched = self.store(kind).remove(key);
        self.touched(touched);
    }

    /// How a kind is followed. One that isn't wanted or served any more leaves nothing behind.
    pub fn condition(&mut self, kind: Kind, condition: Condition) {
        if matches!(condition, Condition::Unwanted | Condition::NotServed(_)) {
            for key in self.store(kind).keys() {
                self.forget(kind, &key);
            }
        }
        if self.followed.set(kind, condition) {
            // The first complete list counts as a change, even if it is empty.
            self.revision.lb_ips += u64::from(kind == Kind::Services);
            self.touched(Touched::Everything);
        }
    }

    /// What the API server serves of `MetalLB`.
    pub fn served(&mut self, served: Served) {
        if self.served != served {
            self.served = served;
            self.touched(Touched::Everything);
        }
    }

    fn touched(&mut self, touched: Touched) {
        if touched == Touched::Nothing {
            return;
        }
        self.revision.any += 1;
        self.revision.lb_ips += u64::from(self.services.take_moved());
        self.forecast.touch(touched);
    }

    fn store(&mut self, kind: Kind) -> &mut dyn Store {
        match kind {
            Kind::Services => &mut self.services,
            Kind::Nodes => &mut self.nodes,
            Kind::OwnPods => &mut self.pods.own,
            Kind::Speakers => &mut self.pods.speakers,
            Kind::HelmSpeakers => &mut self.pods.helm_speakers,
            Kind::EndpointSlices => &mut self.endpoints.slices,
            Kind::Endpoints => &mut self.endpoints.whole,
            Kind::Events => &mut self.events,
            Kind::Statuses => &mut self.statuses,
            Kind::Pools => &mut self.metallb.pools,
            Kind::AddressPools => &mut self.metallb.address_pools,
            Kind::Config => &mut self.metallb.config,
            Kind::Advertisements => &mut self.metallb.advertisements,
        }
    }

    /// What changed so far.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// Whether the list of Services has been complete once.
    pub fn synced(&self) -> bool {
        self.followed.synced(Kind::Services)
    }

    /// The LB IPs that there is room for: the lowest ones.
    pub fn lb_ips(&self) -> BTreeSet<IpAddr> {
        self.services.ips().take(self.scope.capacity as usize).collect()
    }

    /// The LB IPs of a Service, by `namespace/name`.
    pub fn services_named(&self, name: &str) -> Vec<IpAddr> {
        self.services.ips_of(name)
    }

    /// `namespace/name` of each Service that has LB IPs.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.names()
    }

    /// The pod of this node that has that container, and whether it is a speaker.
    pub fn pod_of_container(&self, id: &str) -> Option<(&str, bool)> {
        self.pods.of_container(id)
    }

    /// The speaker on this node.
    pub fn own_speaker(&self) -> Option<SpeakerPod> {
        self.pods.own_speaker()
    }

    /// All speakers that are known, ready or not.
    pub fn speakers(&self) -> impl Iterator<Item = &Pod> {
        self.pods.speakers()
    }

    /// The node that has that `InternalIP`.
    pub fn node_of_address(&self, address: IpAddr) -> Option<&str> {
        self.nodes.of_address(address)
    }

    /// The names of the Nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.names()
    }

    /// The `InternalIP`s of a Node.
    pub fn addresses_of(&self, node: &str) -> &[IpAddr] {
        self.nodes.addresses_of(node)
    }

    /// How fresh all this is.
    pub fn state(&self) -> SourceState {
        let mut state = self.followed.state();
        let ips = self.services.count();
        let capacity = self.scope.capacity as usize;
        if ips > capacity {
            state.bad.push(format!(
                "{ips} LB IPs, more than the {capacity} there is room for: the highest are not watched; raise --max-ips"
            ));
        }
        state.bad.extend(self.services.bad());
        if let Some(reason) = self.no_forecast() {
            state.missing.insert("election".to_owned(), reason.to_owned());
        }
        state
    }
}
