//! `MetalLB`'s own objects, and what follows from them for what to follow.

use super::{
    super::objects::Object,
    Index,
    store::{Kept, Keyed},
};
use crate::{
    claims::election::{Advertisement, Pool, Rules, Version},
    cluster::kind::Kind,
};

/// Where `MetalLB` is if nothing tells.
const NAMESPACE: &str = "metallb-system";
/// Its `ConfigMap` if the speakers' arguments don't tell.
const CONFIG: &str = "config";

/// `MetalLB`'s own objects.
#[derive(Debug, Default)]
pub(super) struct MetalLb {
    pub(super) pools: Keyed<Vec<Pool>>,
    pub(super) address_pools: Keyed<Vec<Pool>>,
    pub(super) config: Keyed<Vec<Pool>>,
    pub(super) advertisements: Keyed<Box<Advertisement>>,
}

impl MetalLb {
    /// All pools, whatever defines them.
    pub(super) fn pools(&self) -> Vec<&Pool> {
        let all = [&self.pools, &self.address_pools, &self.config];
        all.iter().flat_map(|keyed| keyed.0.values().flatten()).collect()
    }

    pub(super) fn advertisements(&self) -> Vec<&Advertisement> {
        self.advertisements.0.values().map(AsRef::as_ref).collect()
    }
}

impl Kept for Vec<Pool> {
    fn of(object: Object) -> Option<Self> {
        if let Object::Pools(pools) = object { Some(pools) } else { None }
    }
}

impl Kept for Box<Advertisement> {
    fn of(object: Object) -> Option<Self> {
        if let Object::Advertisement(advertisement) = object { Some(advertisement) } else { None }
    }
}

/// What decides which further kinds are worth following, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The speakers are known, or can't be.
    pub speakers_known: bool,
    /// `MetalLB`'s namespace.
    pub namespace: String,
    /// Its `ConfigMap`, up to 0.12.
    pub config: String,
    /// By which rules it elects, if that can be told.
    pub rules: Option<Rules>,
}

impl Index {
    /// What decides which further kinds are worth following.
    pub fn facts(&self) -> Facts {
        let first = self.pods.speakers().next();
        let namespace =
            first.and_then(|pod| pod.name.split_once('/')).map(|(namespace, _)| namespace.to_owned());
        let config = self.pods.speakers().find_map(|pod| pod.setup.config.as_deref()).unwrap_or(CONFIG);
        let known = |kind| self.followed.answered(kind);
        Facts {
            speakers_known: known(Kind::Speakers) && known(Kind::HelmSpeakers),
            namespace: self.scope.namespace.clone().or(namespace).unwrap_or_else(|| NAMESPACE.to_owned()),
            config: config.to_owned(),
            rules: self.rules(),
        }
    }

    /// By which rules `MetalLB` elects.
    pub fn rules(&self) -> Option<Rules> {
        if let Some(version) = self.scope.version.or_else(|| self.version()) {
            return Some(Rules::of(version));
        }
        let electors = self.pods.electors();
        Rules::guess(self.served, (electors.pods > 0).then_some(electors.memberlist))
    }

    /// The version that most speakers have by their images' tags; during a rollout the older one counts longer.
    fn version(&self) -> Option<Version> {
        let mut versions: Vec<_> = self.pods.speakers().filter_map(|pod| pod.setup.version).collect();
        versions.sort_unstable();
        let groups = versions.chunk_by(PartialEq::eq);
        groups.rev().max_by_key(|group| group.len()).and_then(|group| group.first().copied())
    }

    /// The load balancer class that the speakers serve.
    pub(super) fn speakers_class(&self) -> Option<&str> {
        self.pods.speakers().find_map(|pod| pod.setup.class.as_deref())
    }

    /// All pools, whatever defines them.
    pub fn pools(&self) -> Vec<&Pool> {
        self.metallb.pools()
    }

    /// The `L2Advertisement`s.
    pub fn advertisements(&self) -> Vec<&Advertisement> {
        self.metallb.advertisements()
    }
}
