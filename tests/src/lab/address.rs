//! The addresses of the lab, all from the ranges kept for documentation (RFC 5737, 3849, 7042).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::frames::{MacAddr, documentation_mac};

/// The prefix length of the hosts' IPv4 addresses.
pub(super) const IPV4_PREFIX: u8 = 24;
/// The prefix length of the hosts' IPv6 addresses.
pub(super) const IPV6_PREFIX: u8 = 64;

/// 192.0.2.(200+n): an address for a service in the hosts' subnet; n < 55.
pub const fn lb_ipv4(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, 200 + n)
}

/// `2001:db8::(200+n)` in hexadecimal: an address for a service in the hosts' subnet. No host and no
/// other service shares its solicited-node group.
pub const fn lb_ipv6(n: u8) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x200 + n as u16)
}

/// `00:00:5e:00:53:xx` of a host's `eth0`.
pub(super) const fn mac(host: u8) -> MacAddr {
    documentation_mac(host)
}

/// 192.0.2.x of a host's `eth0`.
pub(super) const fn ipv4(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, host)
}

/// `2001:db8::x` of a host's `eth0`.
pub(super) const fn ipv6(host: u8) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host as u16)
}

/// `fe80::200:5eff:fe00:53xx`, which the kernel derives from [`mac`] (RFC 4291 appendix A).
pub(super) const fn link_local(host: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0x0200, 0x5eff, 0xfe00, 0x5300 | host as u16)
}
