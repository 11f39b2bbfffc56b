//! Frames that this node sends, or that pass through it.
//!
//! Who sends them here is `BPF_PROG_TEST_RUN` itself; see `model::Place` for what that makes of each protocol.

use std::net::Ipv6Addr;

use l2witness_ebpf::frame::{Flags, Kind};
use l2witness_ebpf::layout::Counter::{
    AnnouncementForwarded, AnnouncementReplySentKernel, AnnouncementReplySentSocket,
    AnnouncementRequestSentSocket, HardwareMismatch, ReplySentForwarded, ReplySentKernel, ReplySentSocket,
    RequestSent,
};
use l2witness_ebpf::layout::Origin::{Forwarded, Kernel, Socket};
use l2witness_ebpf::layout::{Counter, Ignored};
use l2witness_tests::frames::arp::{self, Arp};
use l2witness_tests::frames::ndp::{self, Advertisement};
use l2witness_tests::frames::{Station, vlan};
use l2witness_tests::kernel::Outcome;
use l2witness_tests::kernel::model::Sender;

use crate::case::{
    Case, Expect as _, LB4, NO_FLAGS, NODE, OTHER4, OTHER6, OWN, OWN_LL, OWN4, OWN6, ROUTER4, ROUTER6,
    STRANGER, counts, ignored, sent,
};
use crate::received_arp::{from, priority, to};

pub(crate) fn cases() -> Vec<Case> {
    [arp_cases(), ndp_cases(), forwarded_cases()].concat()
}

fn arp_cases() -> Vec<Case> {
    let ip = LB4.ip;
    let reply = arp::reply(OWN4, ROUTER4);
    let replied = |vlan| counts(ip, ReplySentSocket).local(OWN, Socket, NO_FLAGS, vlan);
    let claimed = |counter| counts(ip, counter).local(OWN, Socket, NO_FLAGS, 0);
    let frame = reply.bytes();
    vec![
        sent("reply", reply.bytes(), replied(0)),
        sent("reply, padded", reply.padded().bytes(), replied(0)),
        sent("reply, 802.1Q", vlan::tagged(&frame, 7), replied(7)),
        sent("reply, 802.1Q with a priority", priority(&vlan::tagged(&frame, 4095)), replied(4095)),
        sent("reply, QinQ: the outer VLAN", vlan::qinq(&frame, 100, 7), replied(100)),
        sent("reply, three tags", vlan::qinq(&vlan::tagged(&frame, 7), 1, 2), ignored(Ignored::VlanTags)),
        sent(
            "reply, another Ethernet source",
            from(reply, STRANGER),
            counts(ip, ReplySentSocket).also(HardwareMismatch).local(
                OWN,
                Socket,
                Flags::HARDWARE_MISMATCH,
                0,
            ),
        ),
        // A proxy, or a speaker with a virtual hardware address.
        sent(
            "reply with another hardware address",
            arp::reply(LB4, ROUTER4).bytes(),
            counts(ip, ReplySentSocket).local(NODE, Socket, NO_FLAGS, 0),
        ),
        sent(
            "reply of another IP",
            arp::reply(Station::new(OWN, OTHER4), ROUTER4).bytes(),
            ignored(Ignored::NotWatched),
        ),
        sent(
            "announcement, request form",
            arp::gratuitous_request(OWN4).bytes(),
            claimed(AnnouncementRequestSentSocket),
        ),
        sent(
            "announcement, reply form",
            arp::gratuitous_reply(OWN4).bytes(),
            claimed(AnnouncementReplySentSocket),
        ),
        sent(
            "reply to another's announcement",
            to(arp::gratuitous_reply(OWN4), NODE),
            counts(ip, ReplySentSocket).local(OWN, Socket, NO_FLAGS, 0),
        ),
        sent("request", arp::request(Station::new(OWN, OTHER4), ip).bytes(), counts(ip, RequestSent)),
        sent("probe", arp::probe(OWN, ip).bytes(), counts(ip, RequestSent)),
        // What it says of its sender is this node's own business.
        sent("request by the watched IP", arp::request(OWN4, OTHER4).bytes(), ignored(Ignored::NotWatched)),
        sent("RARP", Arp { operation: 3, ..reply }.bytes(), ignored(Ignored::Opcode)),
        sent("hardware type", Arp { hardware_type: 32, ..reply }.bytes(), ignored(Ignored::HardwareType)),
    ]
}

fn ndp_cases() -> Vec<Case> {
    let ip = OWN6.ip;
    let reply = ndp::advertise(OWN_LL, ip, ROUTER6);
    let announcement = ndp::announce(OWN_LL, ip);
    let unspecified = Station::new(OWN, Ipv6Addr::UNSPECIFIED);
    let (solicited, overrides) = (Flags::SOLICITED, Flags::OVERRIDE);
    let replied = |flags| counts(ip, ReplySentSocket).local(OWN, Socket, flags, 0);
    let kernel = |flags, vlan| counts(ip, ReplySentKernel).local(OWN, Kernel, flags, vlan);
    let labelled = |mut frame: Vec<u8>| {
        frame[17] = 0x34;
        frame
    };
    vec![
        sent("NA, solicited", reply.bytes(), replied(solicited)),
        sent(
            "NA, solicited, flow label",
            labelled(reply.bytes()),
            replied(solicited.with(Flags::FLOW_LABEL)),
        ),
        sent(
            "NA, solicited, from the target",
            ndp::advertise(OWN6, ip, ROUTER6).bytes(),
            replied(solicited.with(Flags::SOURCE_IS_TARGET)),
        ),
        sent(
            "NA, solicited, without link-layer address",
            Advertisement { target_lla: None, ..reply }.bytes(),
            replied(solicited.with(Flags::NO_LINK_LAYER)),
        ),
        sent(
            "NA, solicited, from an unbound socket",
            ndp::advertise(unspecified, ip, ROUTER6).bytes(),
            kernel(solicited, 0),
        ),
        sent(
            "NA, solicited, from an unbound socket, flow label",
            labelled(ndp::advertise(unspecified, ip, ROUTER6).bytes()),
            replied(solicited.with(Flags::FLOW_LABEL)),
        ),
        sent("NA, 802.1Q, from an unbound socket", vlan::tagged(&reply.bytes(), 12), kernel(solicited, 12)),
        sent(
            "NA, unsolicited",
            announcement.bytes(),
            counts(ip, AnnouncementReplySentSocket).local(OWN, Socket, overrides, 0),
        ),
        sent(
            "NA, unsolicited, another Ethernet source",
            Advertisement { target_lla: Some(STRANGER), ..announcement }.bytes(),
            counts(ip, AnnouncementReplySentSocket).also(HardwareMismatch).local(
                STRANGER,
                Socket,
                overrides.with(Flags::HARDWARE_MISMATCH),
                0,
            ),
        ),
        sent(
            "NA, unsolicited, from an unbound socket",
            ndp::announce(unspecified, ip).bytes(),
            counts(ip, AnnouncementReplySentKernel).local(OWN, Kernel, overrides, 0),
        ),
        sent(
            "NA of another IP",
            ndp::advertise(OWN_LL, OTHER6, ROUTER6).bytes(),
            ignored(Ignored::NotWatched),
        ),
        sent("NS", ndp::solicit(OWN_LL, ip).bytes(), counts(ip, RequestSent)),
        sent("NS by the watched IP", ndp::solicit(OWN6, OTHER6).bytes(), ignored(Ignored::NotWatched)),
        sent("DAD", ndp::duplicate_detection(OWN, ip).bytes(), counts(ip, RequestSent)),
        sent("NA, hop limit 64", reply.with_hop_limit(64).bytes(), ignored(Ignored::HopLimit)),
    ]
}

/// As a bridge's port sends them: they came in by another interface.
fn forwarded_cases() -> Vec<Case> {
    let passed =
        |counter: Counter, ip: std::net::IpAddr, flags| counts(ip, counter).local(NODE, Forwarded, flags, 0);
    let of4 = |counter| passed(counter, LB4.ip.into(), NO_FLAGS);
    let of6 = |counter, flags| passed(counter, OWN6.ip.into(), flags);
    let node = crate::case::NODE_LL;
    let case = |name: &str, frame: Vec<u8>, expected: Outcome| Case {
        sender: Sender::Elsewhere,
        ..sent(&format!("{name}, forwarded"), frame, expected)
    };
    vec![
        case("reply", arp::reply(LB4, ROUTER4).bytes(), of4(ReplySentForwarded)),
        case("announcement, request form", arp::gratuitous_request(LB4).bytes(), {
            // One counter has both forms.
            let mut expected = of4(AnnouncementForwarded);
            expected.told[0].kind = Kind::AnnouncementRequest;
            expected
        }),
        case("announcement, reply form", arp::gratuitous_reply(LB4).bytes(), of4(AnnouncementForwarded)),
        case("request", arp::request(ROUTER4, LB4.ip).bytes(), counts(LB4.ip, RequestSent)),
        case(
            "NA, solicited",
            ndp::advertise(node, OWN6.ip, ROUTER6).bytes(),
            of6(ReplySentForwarded, Flags::SOLICITED),
        ),
        case(
            "NA, unsolicited",
            ndp::announce(node, OWN6.ip).bytes(),
            of6(AnnouncementForwarded, Flags::OVERRIDE),
        ),
        case("NS", ndp::solicit(ROUTER6, OWN6.ip).bytes(), counts(OWN6.ip, RequestSent)),
    ]
}
