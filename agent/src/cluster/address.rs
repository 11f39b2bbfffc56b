//! Which addresses can be LB IPs.

use std::net::IpAddr;

/// What speaks against an address: `it is …`.
pub(crate) fn unusable(ip: IpAddr) -> Option<&'static str> {
    match ip {
        _ if ip.is_multicast() => Some("multicast"),
        _ if ip.is_loopback() => Some("a loopback address"),
        _ if ip.is_unspecified() => Some("the unspecified address"),
        IpAddr::V4(v4) if v4.is_broadcast() => Some("the broadcast address"),
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => Some("v4-mapped: write it as IPv4"),
        _ => None,
    }
}
