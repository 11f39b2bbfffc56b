//! The kinds of objects that are followed.

/// A set of objects of the API server that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Services of all namespaces.
    Services,
    /// Nodes.
    Nodes,
    /// The pods of this agent's node.
    OwnPods,
    /// Speaker pods by the labels of `MetalLB`'s manifests.
    Speakers,
    /// Speaker pods by the labels of its Helm chart.
    HelmSpeakers,
    /// `EndpointSlice`s.
    EndpointSlices,
    /// Endpoints, where there are no slices, or `MetalLB` is too old for them.
    Endpoints,
    /// `nodeAssigned` Events.
    Events,
    /// `ServiceL2Status`.
    Statuses,
    /// `IPAddressPool`.
    Pools,
    /// `AddressPool`, 0.13 only.
    AddressPools,
    /// `L2Advertisement`.
    Advertisements,
    /// `MetalLB`'s `ConfigMap`, up to 0.12.
    Config,
}

impl Kind {
    /// As it stands in [`crate::evidence::SourceState::missing`].
    pub const fn label(self) -> &'static str {
        match self {
            Self::OwnPods => "pods of this node",
            Self::Speakers => "speaker pods",
            Self::HelmSpeakers => "speaker pods of the Helm chart",
            _ => self.resource(),
        }
    }

    /// The plural name in paths and rules.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::Nodes => "nodes",
            Self::OwnPods | Self::Speakers | Self::HelmSpeakers => "pods",
            Self::EndpointSlices => "endpointslices",
            Self::Endpoints => "endpoints",
            Self::Events => "events",
            Self::Statuses => "servicel2statuses",
            Self::Pools => "ipaddresspools",
            Self::AddressPools => "addresspools",
            Self::Advertisements => "l2advertisements",
            Self::Config => "configmaps",
        }
    }

    /// The API group, empty for the core.
    pub const fn group(self) -> &'static str {
        match self {
            Self::EndpointSlices => "discovery.k8s.io",
            Self::Statuses | Self::Pools | Self::AddressPools | Self::Advertisements => "metallb.io",
            _ => "",
        }
    }
}
