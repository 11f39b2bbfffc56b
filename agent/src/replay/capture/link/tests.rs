//! Cooked captures: what is left of the Ethernet header, and what is made up.

use std::net::Ipv6Addr;

use l2witness_ebpf::frame::{Delivery, Kind};

use super::*;
use crate::replay::{
    Capture,
    sample::{
        announcement, cooked, cooked2, mac, neighbor, padded, pcap, read, reply, request, request_to, tagged,
    },
};

fn file(link: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let frames: Vec<_> = frames.iter().map(|frame| (1, 0, frame.as_slice())).collect();
    pcap(u32::to_le_bytes, 0xa1b2_c3d4, link, &frames)
}

/// Kind, way, delivery, and length of each frame.
fn told(capture: &Capture) -> Vec<(Kind, Way, Delivery, u32)> {
    let told = capture
        .seen
        .iter()
        .map(|seen| (seen.message.kind, seen.way.unwrap(), seen.message.delivery, seen.length));
    told.collect()
}

#[test]
fn both_cooked_headers_say_which_way_a_frame_went_and_leave_its_length() {
    let frames = [
        (1, request(1)),
        (0, request_to(1, 2)),
        (3, request_to(1, 3)),
        (4, padded(reply(2, 1))),
        (4, reply(2, 1)),
        (4, padded(announcement(2))),
    ];
    let expected = [
        (Kind::Request, Way::In, Delivery::Group, 28),
        (Kind::Request, Way::In, Delivery::Unicast, 28),
        (Kind::Request, Way::InForOther, Delivery::Unicast, 28),
        (Kind::Reply, Way::Out, Delivery::Unicast, 46),
        (Kind::Reply, Way::Out, Delivery::Unicast, 28),
        (Kind::AnnouncementReply, Way::Out, Delivery::Group, 46),
    ];
    let first = frames.each_ref().map(|(kind, frame)| cooked(*kind, frame));
    let second = frames.each_ref().map(|(kind, frame)| cooked2(*kind, 7, frame));
    for (link, frames, name) in [(113, first, "eth0"), (276, second, "if7")] {
        let capture = read(&file(link, &frames));
        assert_eq!(told(&capture), expected, "{link}");
        assert_eq!(capture.taps.len(), 1);
        assert_eq!(capture.taps[0].name, name);
        assert!(capture.seen.iter().all(|seen| seen.message.source.octets()[5] == if seen.way == Some(Way::Out) { 2 } else { 1 }));
    }
}

#[test]
fn a_reply_goes_to_whom_it_names() {
    let capture = read(&file(113, &[cooked(4, &padded(reply(2, 1)))]));
    assert_eq!(capture.seen[0].message.destination.octets(), mac(1));
}

#[test]
fn an_advertisement_goes_to_whoever_asked_from_its_destination() {
    let ip = |text: &str| text.parse::<Ipv6Addr>().unwrap();
    let (asker, lb, own) = (ip("2001:db8::99"), ip("2001:db8::200"), ip("fe80::2"));
    let ethernet = |source, content: Vec<u8>| [&[0; 6][..], &mac(source), &[0x86, 0xdd], &content].concat();
    let asks = ethernet(1, neighbor(false, asker, ip("ff02::1:ff00:200"), lb, mac(1)));
    let answers = ethernet(2, neighbor(true, own, asker, lb, mac(2)));
    let capture = read(&file(276, &[cooked2(2, 3, &asks), cooked2(4, 3, &answers)]));
    let [request, reply] = capture.seen.as_slice() else { panic!("{:?}", capture.seen) };
    assert_eq!((request.message.kind, request.message.delivery), (Kind::Request, Delivery::Group));
    assert_eq!((reply.message.kind, reply.way), (Kind::Reply, Some(Way::Out)));
    assert_eq!(reply.message.destination.octets(), mac(1));
}

#[test]
fn tags_stand_where_ethernet_has_them_and_are_not_content() {
    let tags = [[0x88, 0xa8, 0, 7], [0x81, 0, 0, 9]];
    for count in [1, 2] {
        let frame = tagged(&padded(reply(2, 1)), &tags[..count]);
        for (link, bytes) in [(1, frame.clone()), (113, cooked(4, &frame)), (276, cooked2(4, 3, &frame))] {
            let capture = read(&file(link, &[bytes]));
            let seen = capture.seen[0];
            assert_eq!((seen.message.vlan, seen.length), (7, 46), "link type {link}, {count} tags");
        }
    }
}

#[test]
fn other_hardware_and_cut_off_headers_are_nothing() {
    let mut loopback = cooked(0, &request(1));
    loopback[2..4].copy_from_slice(&772_u16.to_be_bytes());
    let capture =
        read(&file(113, &[loopback, cooked(1, &request(1))[..15].to_vec(), cooked(6, &request(1))]));
    assert!(capture.seen.is_empty());
    assert_eq!(capture.frames, 3);
    assert_eq!(capture.damage, None);
}
