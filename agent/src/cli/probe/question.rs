//! The frames that ask: as little as possible is left behind by them.

use std::net::{Ipv4Addr, Ipv6Addr};

use pnet::{
    packet::{
        arp::{ArpHardwareTypes, ArpOperations, MutableArpPacket},
        ethernet::{EtherType, EtherTypes, MutableEthernetPacket},
        icmpv6::{
            self, Icmpv6Packet, Icmpv6Types,
            ndp::{MutableNdpOptionPacket, MutableNeighborSolicitPacket, NdpOptionTypes},
        },
        ip::IpNextHeaderProtocols,
        ipv6::MutableIpv6Packet,
    },
    util::MacAddr,
};

const ETHERNET: usize = 14;
const ARP: usize = 28;
const IPV6: usize = 40;
const SOLICITATION: usize = 24;
const OPTION: usize = 8;

/// "Who has `target`?" to everybody.
///
/// With `sender` 0.0.0.0 it is a probe (RFC 5227 §2.1.1): whoever has the address answers, and nobody who
/// hears it learns anything of the asker.
pub(super) fn arp(mac: MacAddr, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let mut arp = [0; ARP];
    if let Some(mut packet) = MutableArpPacket::new(&mut arp) {
        packet.set_hardware_type(ArpHardwareTypes::Ethernet);
        packet.set_protocol_type(EtherTypes::Ipv4);
        packet.set_hw_addr_len(6);
        packet.set_proto_addr_len(4);
        packet.set_operation(ArpOperations::Request);
        packet.set_sender_hw_addr(mac);
        packet.set_sender_proto_addr(sender);
        packet.set_target_hw_addr(MacAddr::zero());
        packet.set_target_proto_addr(target);
    }
    frame(mac, MacAddr::broadcast(), EtherTypes::Arp, &arp)
}

/// A solicitation for `target` to its solicited-node group (RFC 4861 §7.2.2), with source link-layer option.
///
/// `sender` is a link-local address: MetalLB answers neither a solicitation from `::` nor one without the
/// option, so unlike [`arp`] it can't but leave the asker's link-local address with those that answer.
pub(super) fn solicitation(mac: MacAddr, sender: Ipv6Addr, target: Ipv6Addr) -> Vec<u8> {
    let [.., high, middle, low] = target.octets();
    let group =
        Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(high), u16::from_be_bytes([middle, low]));
    let mut message = [0; SOLICITATION + OPTION];
    if let Some(mut packet) = MutableNeighborSolicitPacket::new(&mut message) {
        packet.set_icmpv6_type(Icmpv6Types::NeighborSolicit);
        packet.set_target_addr(target);
    }
    if let Some(mut option) = MutableNdpOptionPacket::new(&mut message[SOLICITATION..]) {
        option.set_option_type(NdpOptionTypes::SourceLLAddr);
        option.set_length(1);
        option.set_data(&mac.octets());
    }
    let checksum = Icmpv6Packet::new(&message).map_or(0, |packet| icmpv6::checksum(&packet, &sender, &group));
    message[2..4].copy_from_slice(&checksum.to_be_bytes());

    let mut packet = vec![0; IPV6 + message.len()];
    if let Some(mut ipv6) = MutableIpv6Packet::new(&mut packet) {
        ipv6.set_version(6);
        ipv6.set_payload_length(message.len() as u16);
        ipv6.set_next_header(IpNextHeaderProtocols::Icmpv6);
        ipv6.set_hop_limit(255);
        ipv6.set_source(sender);
        ipv6.set_destination(group);
        ipv6.set_payload(&message);
    }
    frame(mac, MacAddr::new(0x33, 0x33, 0xff, high, middle, low), EtherTypes::Ipv6, &packet)
}

fn frame(source: MacAddr, destination: MacAddr, ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; ETHERNET + payload.len()];
    if let Some(mut ethernet) = MutableEthernetPacket::new(&mut frame) {
        ethernet.set_destination(destination);
        ethernet.set_source(source);
        ethernet.set_ethertype(ethertype);
        ethernet.set_payload(payload);
    }
    frame
}

#[cfg(test)]
mod tests {
    use l2witness_ebpf::frame::{Flags, Kind, SliceBytes, parse};

    use super::*;

    const MAC: MacAddr = MacAddr(0, 0, 0x5e, 0, 0x53, 1);

    #[test]
    fn without_a_sender_an_arp_question_is_a_probe() {
        let target = Ipv4Addr::new(192, 0, 2, 200);
        for (sender, kind) in
            [(Ipv4Addr::UNSPECIFIED, Kind::Probe), (Ipv4Addr::new(192, 0, 2, 1), Kind::Request)]
        {
            let message = parse(&SliceBytes(&arp(MAC, sender, target))).unwrap();
            assert_eq!((message.kind, message.subject.into()), (kind, std::net::IpAddr::V4(target)));
        }
    }

    #[test]
    fn a_solicitation_goes_to_the_group_with_its_link_layer_option() {
        let (sender, target) = ("fe80::1".parse().unwrap(), "2001:db8::12:3456".parse().unwrap());
        let frame = solicitation(MAC, sender, target);
        let message = parse(&SliceBytes(&frame)).unwrap();
        assert_eq!(message.kind, Kind::Request);
        assert!(!message.flags.has(Flags::NO_LINK_LAYER.with(Flags::HARDWARE_MISMATCH)));
        assert_eq!(frame[..6], [0x33, 0x33, 0xff, 0x12, 0x34, 0x56]);
        assert_eq!(frame[38..54], "ff02::1:ff12:3456".parse::<Ipv6Addr>().unwrap().octets());
    }
}
