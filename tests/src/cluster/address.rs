//! The ranges of addresses inside the cluster; the hosts' own are the lab's.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What Services get, for each family.
pub(super) const SERVICES: &str = "10.96.0.0/16,fd00:10:96::/112";

/// All pods, for each family.
pub(super) const PODS: &str = "10.244.0.0/16,fd00:10:244::/56";

/// The prefix length of a node's part of [`PODS`], for each family.
pub(super) const POD_PREFIXES: (u8, u8) = (24, 64);

/// What pods of the node `number` get: the first address of its part of [`PODS`], for each family.
pub(super) const fn pods(number: u8) -> (Ipv4Addr, Ipv6Addr) {
    (Ipv4Addr::new(10, 244, number, 0), Ipv6Addr::new(0xfd00, 0x10, 0x244, number as u16, 0, 0, 0, 0))
}
