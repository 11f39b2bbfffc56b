//! Builders for every frame the tests put on the wire. Pure: a description goes in, bytes come out.
//!
//! ```
//! use l2witness_tests::frames::{Station, arp, documentation_mac, vlan};
//!
//! let router = Station::new(documentation_mac(1), [192, 0, 2, 1].into());
//! let request = arp::request(router, [192, 0, 2, 200].into()).padded().bytes();
//! assert_eq!(request.len(), 60);
//! assert_eq!(vlan::tagged(&request, 7).len(), 64);
//! ```

pub mod arp;
pub mod ethernet;
pub mod extension;
pub mod ipv6;
pub mod ndp;
pub mod pcap;
pub mod traffic;
pub mod vlan;

use std::net::Ipv6Addr;

pub use pnet::util::MacAddr;

/// Who sends or is meant: a hardware address and the IPv4 or IPv6 address that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Station<A> {
    /// The hardware address.
    pub mac: MacAddr,
    /// The protocol address.
    pub ip: A,
}

impl<A> Station<A> {
    /// A station of these two addresses.
    pub const fn new(mac: MacAddr, ip: A) -> Self {
        Self { mac, ip }
    }
}

/// `00:00:5e:00:53:xx`, the hardware addresses kept for documentation (RFC 7042 §2.1.2).
pub const fn documentation_mac(last: u8) -> MacAddr {
    MacAddr(0x00, 0x00, 0x5e, 0x00, 0x53, last)
}

/// `ff02::1:ffXX:XXXX`, the group in which a host is asked for `ip` (RFC 4291 §2.7.1).
pub fn solicited_node(ip: Ipv6Addr) -> Ipv6Addr {
    let [.., x, y, z] = ip.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, x, y, z])
}

/// `33:33:XX:XX:XX:XX`, the Ethernet group of an IPv6 group (RFC 2464 §7).
pub fn multicast_mac(group: Ipv6Addr) -> MacAddr {
    let [.., a, b, c, d] = group.octets();
    MacAddr(0x33, 0x33, a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_has_its_solicited_node_group_and_ethernet_group() {
        let group = solicited_node("2001:db8::200:12:3456".parse().unwrap());

        assert_eq!(group, "ff02::1:ff12:3456".parse::<Ipv6Addr>().unwrap());
        assert_eq!(multicast_mac(group), MacAddr(0x33, 0x33, 0xff, 0x12, 0x34, 0x56));
    }
}
