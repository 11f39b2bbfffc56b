//! The `ICMPv6` messages of neighbour discovery without the headers in front of them: what a raw
//! `ICMPv6` socket sends and receives. The checksum is left 0, for the kernel or the frame to fill in.

use std::net::Ipv6Addr;

use pnet::packet::icmpv6::Icmpv6Types;
use pnet::packet::icmpv6::ndp::{
    MutableNeighborAdvertPacket, MutableNeighborSolicitPacket, NdpOption, NdpOptionType, NdpOptionTypes,
    NeighborAdvertFlags,
};
use pnet::util::MacAddr;

use super::Flags;

/// Bytes of either message without options.
const LEN: usize = 24;
/// Bytes of a link-layer address option for Ethernet: one unit of 8 (RFC 4861 §4.6.1).
const OPTION_LEN: usize = 8;

/// A neighbour solicitation (RFC 4861 §4.3).
pub fn solicitation_message(target: Ipv6Addr, source_lla: Option<MacAddr>) -> Vec<u8> {
    let options = options(NdpOptionTypes::SourceLLAddr, source_lla);
    let mut bytes = vec![0; LEN + OPTION_LEN * options.len()];
    if let Some(mut packet) = MutableNeighborSolicitPacket::new(&mut bytes) {
        packet.set_icmpv6_type(Icmpv6Types::NeighborSolicit);
        packet.set_target_addr(target);
        packet.set_options(&options);
    }
    bytes
}

/// A neighbour advertisement (RFC 4861 §4.4).
pub fn advertisement_message(target: Ipv6Addr, flags: Flags, target_lla: Option<MacAddr>) -> Vec<u8> {
    let options = options(NdpOptionTypes::TargetLLAddr, target_lla);
    let mut bytes = vec![0; LEN + OPTION_LEN * options.len()];
    if let Some(mut packet) = MutableNeighborAdvertPacket::new(&mut bytes) {
        packet.set_icmpv6_type(Icmpv6Types::NeighborAdvert);
        packet.set_flags(bits(flags));
        packet.set_target_addr(target);
        packet.set_options(&options);
    }
    bytes
}

fn options(option_type: NdpOptionType, mac: Option<MacAddr>) -> Vec<NdpOption> {
    mac.map(|mac| NdpOption { option_type, length: 1, data: mac.octets().to_vec() }).into_iter().collect()
}

fn bits(Flags { router, solicited, overrides }: Flags) -> u8 {
    let bit = |set, bit| if set { bit } else { 0 };
    bit(router, NeighborAdvertFlags::Router)
        | bit(solicited, NeighborAdvertFlags::Solicited)
        | bit(overrides, NeighborAdvertFlags::Override)
}
