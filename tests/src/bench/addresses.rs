//! LB IPs by the thousand.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::frames::{Station, arp, documentation_mac, ndp};

/// Who asks: a host that is none of the lab's.
pub(super) const ASKER: Station<Ipv4Addr> =
    Station::new(documentation_mac(250), Ipv4Addr::new(192, 0, 2, 199));
/// The same in IPv6.
pub(super) const ASKER6: Station<Ipv6Addr> =
    Station::new(ASKER.mac, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x199));

/// The `n`th of 198.18.0.0/15, which is kept for benchmarks (RFC 2544).
pub(super) fn v4(n: u32) -> Ipv4Addr {
    (u32::from(Ipv4Addr::new(198, 18, 0, 1)) + n).into()
}

/// The `n`th of `2001:2::/48`, which is kept for benchmarks (RFC 5180).
pub(super) fn v6(n: u32) -> Ipv6Addr {
    (u128::from(Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 1)) + u128::from(n)).into()
}

/// `count` of them, one half of each family.
pub(super) fn watched(count: u32) -> impl Iterator<Item = IpAddr> {
    (0..count).map(|n| if n % 2 == 0 { v4(n / 2).into() } else { v6(n / 2).into() })
}

/// A request for `ip`, as it comes from the wire.
pub(super) fn request(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => arp::request(ASKER, ip).padded().bytes(),
        IpAddr::V6(ip) => ndp::solicit(ASKER6, ip).bytes(),
    }
}
