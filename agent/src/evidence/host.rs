//! What the node's own settings have to do with an answer.

use serde::{Deserialize, Serialize};

/// Facts of one interface. Sysctls are the values in force (`all` and the interface's own, as the kernel joins
/// them: Documentation/networking/ip-sysctl.rst); absent where they can't be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostFacts {
    /// `arp_ignore`: 0 answers for any local address, whichever interface has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arp_ignore: Option<u8>,
    /// `arp_announce`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arp_announce: Option<u8>,
    /// `proxy_arp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_arp: Option<bool>,
    /// `proxy_ndp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_ndp: Option<bool>,
    /// `rp_filter`: 1 strict, 2 loose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rp_filter: Option<u8>,
    /// The bond, bridge or VRF it is enslaved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master: Option<String>,
    /// Its IPv6 link-local address, without a usable one `MetalLB` has no NDP responder there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_local: Option<LinkLocal>,
    /// Somebody made it promiscuous.
    pub promiscuous: bool,
    /// Frames dropped on their way out since the interface exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_dropped: Option<u64>,
}

/// State of an interface's IPv6 link-local address; the best of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkLocal {
    /// There is one and it can be used.
    Usable,
    /// Duplicate address detection is not through.
    Tentative,
    /// Somebody else has it.
    DadFailed,
    /// None.
    Missing,
}

/// What the node itself has to do with one LB IP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bound {
    /// Local interfaces that have the LB IP as an address (kube-ipvs0!).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<String>,
    /// IPv6: interfaces that joined its solicited-node group (/proc/net/igmp6). Without it no request is delivered.
    /// Read together with [`HostFacts::link_local`]: an interface that has that and is not here has not joined.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}
