//! Which rules a version of `MetalLB` elects by (`speaker/layer2_controller.go` of its releases).

use super::Version;

/// The rules of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules(Version);

/// Who stands for election where memberlist is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memberless {
    /// The nodes of the endpoints, as always then.
    EndpointNodes,
    /// Nobody, or with `externalTrafficPolicy: Local` the nodes of the endpoints.
    OnlyLocal,
    /// Nobody: #2425.
    Nobody,
    /// Every Node, dead ones, too.
    AllNodes,
}

/// What an API server serves, as far as it tells `MetalLB`'s generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// `L2Advertisement`: 0.13 or newer.
    pub advertisements: bool,
    /// `ServiceL2Status`: 0.14.2 or newer.
    pub statuses: bool,
    /// `ConfigurationState`: 0.15.3 or newer.
    pub configuration_states: bool,
}

impl Rules {
    /// The rules of that version; a newer one than is known here goes by the newest known.
    pub const fn of(version: Version) -> Self {
        Self(version)
    }

    /// The rules where no image tag tells the version, by what is served and by whether the speakers are set up for
    /// memberlist (`None`: there are none). `None` where two generations look the same.
    pub fn guess(served: Served, memberlist: Option<bool>) -> Option<Self> {
        let version = match served {
            Served { configuration_states: true, .. } => Version::new(0, 16, 0),
            Served { statuses: true, .. } => Version::new(0, 14, 8),
            Served { advertisements: true, .. } => Version::new(0, 13, 12),
            // Without memberlist 0.8 to 0.10 are alike, and 0.11 and 0.12 elect nobody: who runs it so, runs the
            // former. With it they hash different keys.
            _ if memberlist == Some(false) => Version::new(0, 8, 2),
            _ => return None,
        };
        Some(Self(version))
    }

    /// As it stands in a prediction.
    pub fn label(self) -> &'static str {
        match (self.0.major, self.0.minor) {
            (0, ..=8) => "0.8",
            (0, 9 | 10) => "0.9-0.10",
            (0, 11 | 12) => "0.11-0.12",
            (0, 13) => "0.13",
            (0, 14) => "0.14",
            (0, 15) => "0.15",
            _ => "0.16+",
        }
    }

    /// Pools come from `IPAddressPool` and `L2Advertisement`, not from a `ConfigMap`.
    pub fn reads_custom_resources(self) -> bool {
        self.since(0, 13, 0)
    }

    /// The hash is of node and `namespace/name`, not of node and IP: two Services of one IP may be won by two nodes.
    pub(super) fn hashes_the_name(self) -> bool {
        !self.since(0, 11, 0)
    }

    /// Only nodes with an endpoint stand, whatever the policy.
    pub(super) fn wants_an_endpoint(self) -> bool {
        !self.since(0, 11, 0)
    }

    /// A Service with two ingress addresses is not announced.
    pub(super) fn wants_one_ip(self) -> bool {
        !self.since(0, 12, 0)
    }

    /// `spec.loadBalancerClass` is looked at.
    pub(super) fn heeds_the_class(self) -> bool {
        self.since(0, 13, 2)
    }

    pub(super) fn heeds_the_network(self) -> bool {
        self.since(0, 13, 10)
    }

    /// The label `node.kubernetes.io/exclude-from-external-load-balancers` is looked at.
    pub fn heeds_the_label(self) -> bool {
        self.since(0, 14, 2)
    }

    /// A cordoned node does not stand: one release did that.
    pub(super) fn heeds_the_cordon(self) -> bool {
        self.since(0, 14, 9) && !self.since(0, 15, 0)
    }

    /// An endpoint that still serves while it terminates counts.
    pub fn counts_serving(self) -> bool {
        self.since(0, 14, 2)
    }

    pub(super) fn heeds_service_selectors(self) -> bool {
        self.since(0, 16, 0)
    }

    pub(super) fn without_memberlist(self) -> Memberless {
        match self {
            _ if self.since(0, 15, 0) => Memberless::AllNodes,
            _ if self.since(0, 13, 0) => Memberless::Nobody,
            _ if self.since(0, 11, 0) => Memberless::OnlyLocal,
            _ => Memberless::EndpointNodes,
        }
    }

    /// Only 0.8 knows nothing of memberlist.
    pub(super) fn knows_memberlist(self) -> bool {
        self.since(0, 9, 0)
    }

    fn since(self, major: u16, minor: u16, patch: u16) -> bool {
        self.0 >= Version::new(major, minor, patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_tag_what_is_served_tells_the_generation() {
        let old = Served::default();
        let crds = Served { advertisements: true, ..old };
        let statuses = Served { statuses: true, ..crds };
        let states = Served { configuration_states: true, ..statuses };
        let table = [
            (old, None, None),
            (old, Some(false), Some("0.8")),
            (old, Some(true), None),
            (crds, Some(true), Some("0.13")),
            (statuses, None, Some("0.14")),
            (states, Some(false), Some("0.16+")),
        ];
        for (served, memberlist, wanted) in table {
            let found = Rules::guess(served, memberlist).map(Rules::label);
            assert_eq!(found, wanted, "{served:?}, memberlist {memberlist:?}");
        }
    }
}
