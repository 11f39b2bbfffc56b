//! What every IPv6 frame shares: its Ethernet and IPv6 headers, and the `ICMPv6` checksum.

use std::net::Ipv6Addr;

use pnet::packet::ethernet::EtherTypes;
use pnet::packet::icmpv6::{self, Icmpv6Packet, MutableIcmpv6Packet};
use pnet::packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet::packet::ipv6::MutableIpv6Packet;

use super::ethernet::{self, Addresses};

/// Bytes of the fixed IPv6 header (RFC 8200 §3).
pub const HEADER_LEN: usize = 40;

/// The hop limit without which a receiver must ignore neighbour discovery (RFC 4861 §7.1).
pub const NDP_HOP_LIMIT: u8 = 255;

/// The Ethernet and IPv6 headers of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers {
    /// The Ethernet header.
    pub ethernet: Addresses,
    /// The IPv6 source.
    pub source: Ipv6Addr,
    /// The IPv6 destination.
    pub destination: Ipv6Addr,
    /// The hop limit; neighbour discovery needs [`NDP_HOP_LIMIT`].
    pub hop_limit: u8,
}

impl Headers {
    /// The frame around `payload`, which is what `next_header` says and is taken as it is.
    pub fn around(&self, next_header: IpNextHeaderProtocol, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_LEN + payload.len()];
        if let Some(mut packet) = MutableIpv6Packet::new(&mut bytes) {
            packet.set_version(6);
            packet.set_payload_length(payload.len() as u16);
            packet.set_next_header(next_header);
            packet.set_hop_limit(self.hop_limit);
            packet.set_source(self.source);
            packet.set_destination(self.destination);
            packet.set_payload(payload);
        }
        ethernet::frame(self.ethernet, EtherTypes::Ipv6, &bytes)
    }

    /// The frame around an `ICMPv6` message, whose checksum is filled in (RFC 4443 §2.3).
    pub fn around_icmpv6(&self, mut message: Vec<u8>) -> Vec<u8> {
        let sum = Icmpv6Packet::new(&message)
            .map(|packet| icmpv6::checksum(&packet, &self.source, &self.destination));
        if let (Some(sum), Some(mut packet)) = (sum, MutableIcmpv6Packet::new(&mut message)) {
            packet.set_checksum(sum);
        }
        self.around(IpNextHeaderProtocols::Icmpv6, &message)
    }
}
