//! Traffic that is none of the witness's business: what it must let pass and must not count.

use std::net::{Ipv4Addr, Ipv6Addr};

use pnet::packet::ethernet::EtherTypes;
use pnet::packet::icmpv6::Icmpv6Types;
use pnet::packet::icmpv6::echo_request::MutableEchoRequestPacket;
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::{self, MutableIpv4Packet};
use pnet::packet::udp::{self, MutableUdpPacket};

use super::Station;
use super::ethernet::{self, Addresses};
use super::ipv6::Headers;

/// The IP packet of a jumbo frame: the interface needs this MTU.
pub const JUMBO_MTU: usize = 9000;

/// Bytes of a UDP header.
const UDP_HEADER: usize = 8;
/// Bytes of an IPv4 header without options.
const IPV4_HEADER: usize = 20;
/// Both ends' port: discard (RFC 863).
const PORT: u16 = 9;

/// IPv4 with UDP and `len` bytes of data, checksums valid.
pub fn udp4(from: Station<Ipv4Addr>, to: Station<Ipv4Addr>, len: usize) -> Vec<u8> {
    let udp = datagram(len, |udp| udp::ipv4_checksum(&udp.to_immutable(), &from.ip, &to.ip));
    let mut bytes = vec![0; IPV4_HEADER + udp.len()];
    if let Some(mut packet) = MutableIpv4Packet::new(&mut bytes) {
        packet.set_version(4);
        packet.set_header_length((IPV4_HEADER / 4) as u8);
        packet.set_total_length((IPV4_HEADER + udp.len()) as u16);
        packet.set_ttl(64);
        packet.set_next_level_protocol(IpNextHeaderProtocols::Udp);
        packet.set_source(from.ip);
        packet.set_destination(to.ip);
        packet.set_payload(&udp);
        packet.set_checksum(ipv4::checksum(&packet.to_immutable()));
    }
    ethernet::frame(addresses(from, to), EtherTypes::Ipv4, &bytes)
}

/// IPv6 with UDP and `len` bytes of data, checksum valid.
pub fn udp6(from: Station<Ipv6Addr>, to: Station<Ipv6Addr>, len: usize) -> Vec<u8> {
    let udp = datagram(len, |udp| udp::ipv6_checksum(&udp.to_immutable(), &from.ip, &to.ip));
    headers(from, to).around(IpNextHeaderProtocols::Udp, &udp)
}

/// An `ICMPv6` echo request (RFC 4443 §4.1): `ICMPv6`, but not neighbour discovery.
pub fn echo6(from: Station<Ipv6Addr>, to: Station<Ipv6Addr>) -> Vec<u8> {
    let mut message = vec![0; 16];
    if let Some(mut packet) = MutableEchoRequestPacket::new(&mut message) {
        packet.set_icmpv6_type(Icmpv6Types::EchoRequest);
        packet.set_identifier(1);
        packet.set_sequence_number(1);
    }
    headers(from, to).around_icmpv6(message)
}

/// IPv4 with UDP that fills a [`JUMBO_MTU`].
pub fn jumbo(from: Station<Ipv4Addr>, to: Station<Ipv4Addr>) -> Vec<u8> {
    udp4(from, to, JUMBO_MTU - IPV4_HEADER - UDP_HEADER)
}

fn datagram(len: usize, checksum: impl FnOnce(&MutableUdpPacket<'_>) -> u16) -> Vec<u8> {
    let mut bytes = vec![0; UDP_HEADER + len];
    if let Some(mut packet) = MutableUdpPacket::new(&mut bytes) {
        packet.set_source(PORT);
        packet.set_destination(PORT);
        packet.set_length((UDP_HEADER + len) as u16);
        packet.set_checksum(checksum(&packet));
    }
    bytes
}

fn addresses<A: Copy>(from: Station<A>, to: Station<A>) -> Addresses {
    Addresses { destination: to.mac, source: from.mac }
}

fn headers(from: Station<Ipv6Addr>, to: Station<Ipv6Addr>) -> Headers {
    let ethernet = addresses(from, to);
    Headers { ethernet, source: from.ip, destination: to.ip, hop_limit: 64 }
}
