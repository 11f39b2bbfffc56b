//! Traffic that is nobody's claim: it changes nothing at all, in either direction.

use l2witness_ebpf::layout::Direction;
use l2witness_tests::frames::{Station, arp, ethernet, ndp, traffic, vlan};
use pnet::packet::ethernet::EtherType;

use crate::case::{Case, LB4, LB6, ROUTER4, ROUTER6, nothing, received};

/// Offset of the `ICMPv6` type in an untagged frame.
const ICMPV6: usize = 54;

pub(crate) fn cases() -> Vec<Case> {
    let request = arp::request(ROUTER4, LB4.ip).bytes();
    let udp4 = traffic::udp4(ROUTER4, LB4, 10);
    let mut frames = vec![
        ("IPv4, UDP".to_owned(), udp4.clone()),
        ("IPv4, UDP, empty".to_owned(), traffic::udp4(ROUTER4, LB4, 0)),
        ("IPv4, UDP, 1,500 bytes".to_owned(), traffic::udp4(ROUTER4, LB4, 1472)),
        ("IPv4, UDP, 802.1Q".to_owned(), vlan::tagged(&udp4, 7)),
        ("IPv4, UDP, QinQ".to_owned(), vlan::qinq(&udp4, 100, 7)),
        ("IPv6, UDP".to_owned(), traffic::udp6(ROUTER6, LB6, 10)),
        ("IPv6, UDP, 802.1Q".to_owned(), vlan::tagged(&traffic::udp6(ROUTER6, LB6, 10), 7)),
        ("IPv6, echo request".to_owned(), traffic::echo6(ROUTER6, LB6)),
        (
            "the tag of a provider that is not 802.1ad".to_owned(),
            ethertype(&vlan::tagged(&request, 7), 0x9100),
        ),
        ("EtherType of RARP".to_owned(), ethertype(&request, 0x8035)),
        ("EtherType of LLDP".to_owned(), ethertype(&request, 0x88cc)),
        ("EtherType of ARP, bytes swapped".to_owned(), ethertype(&request, 0x0608)),
        ("a length in place of an EtherType".to_owned(), ethertype(&request, 28)),
        ("all ones".to_owned(), vec![0xff; 60]),
        ("all zeros".to_owned(), vec![0; 60]),
        ("IPv6 without a next header".to_owned(), next_header(59)),
        ("IPv6, OSPF".to_owned(), next_header(89)),
        ("IPv6, ESP: nobody can look inside".to_owned(), next_header(50)),
    ];
    for (name, kind) in
        [("router solicitation", 133), ("router advertisement", 134), ("redirect", 137), ("MLD", 143)]
    {
        let mut frame = ndp::solicit(ROUTER6, LB6.ip).bytes();
        frame[ICMPV6] = kind;
        frames.push((format!("ICMPv6, {name}"), frame));
    }
    let both = [Direction::Received, Direction::Sent];
    let cases = frames.into_iter().flat_map(|(name, frame)| {
        both.map(|direction| Case { direction, ..received(&name, frame.clone(), nothing()) })
    });
    cases.collect()
}

fn ethertype(frame: &[u8], ethertype: u16) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[12..14].copy_from_slice(&EtherType(ethertype).0.to_be_bytes());
    frame
}

fn next_header(protocol: u8) -> Vec<u8> {
    let mut frame = ndp::solicit(Station::new(ROUTER6.mac, LB6.ip), LB6.ip).bytes();
    frame[ethernet::HEADER_LEN + 6] = protocol;
    frame
}
