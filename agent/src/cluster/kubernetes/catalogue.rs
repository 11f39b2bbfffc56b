//! What the API server serves beyond the core, asked anew every few minutes: kinds come and go with `MetalLB`.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{super::kind::Kind, fault::Fault, request::Api};
use crate::claims::election::Served;

/// The version of `MetalLB`'s kinds that is read here; all releases since 0.13 serve it.
const METALLB: &str = "v1beta1";

/// What is served beyond the core.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Catalogue {
    /// The kinds of `metallb.io/v1beta1`, by their plural names.
    metallb: BTreeSet<String>,
    /// The versions of `metallb.io` if that one is not among them.
    other: Vec<String>,
    /// The version of `EndpointSlice` to read.
    slices: Option<&'static str>,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

#[derive(Deserialize)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
}

impl Catalogue {
    /// Asks for it. Neither `/version` nor anything newer than kube 1.17 is needed.
    pub(super) async fn read(api: &Api) -> Result<Self, Fault> {
        let Groups { groups } = api.get("/apis").await?;
        let versions = |name: &str| {
            let group = groups.iter().find(|group| group.name == name);
            group.into_iter().flat_map(|group| &group.versions).map(|version| version.version.as_str())
        };
        let slices: BTreeSet<_> = versions("discovery.k8s.io").collect();
        let mut found = Self {
            slices: ["v1", "v1beta1"].into_iter().find(|version| slices.contains(version)),
            ..Self::default()
        };
        if versions("metallb.io").any(|version| version == METALLB) {
            let Resources { resources } = api.get(&format!("/apis/metallb.io/{METALLB}")).await?;
            found.metallb = resources.into_iter().map(|resource| resource.name).collect();
        } else {
            found.other = versions("metallb.io").map(str::to_owned).collect();
        }
        Ok(found)
    }

    /// As if everything were served, where nobody says what is.
    pub(super) fn everything() -> Self {
        let metallb = [Kind::Statuses, Kind::Pools, Kind::AddressPools, Kind::Advertisements];
        Self {
            metallb: metallb.iter().map(|kind| kind.resource().to_owned()).collect(),
            slices: Some("v1"),
            ..Self::default()
        }
    }

    /// What it tells of `MetalLB`'s generation.
    pub(super) fn served(&self) -> Served {
        Served {
            advertisements: self.serves(Kind::Advertisements),
            statuses: self.serves(Kind::Statuses),
            configuration_states: self.metallb.contains("configurationstates"),
        }
    }

    /// Whether one of `MetalLB`'s kinds is there.
    pub(super) fn serves(&self, kind: Kind) -> bool {
        self.metallb.contains(kind.resource())
    }

    /// Why one is not.
    pub(super) fn why_not(&self) -> String {
        match self.other.as_slice() {
            [] => "not served".to_owned(),
            versions => format!("not served as {METALLB}, only as {}", versions.join(", ")),
        }
    }

    /// The version of `EndpointSlice` to read.
    pub(super) const fn slices(&self) -> Option<&'static str> {
        self.slices
    }
}
