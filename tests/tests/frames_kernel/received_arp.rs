//! ARP frames that come in.

use l2witness_ebpf::frame::Flags;
use l2witness_ebpf::layout::Counter::{
    AnnouncementReplyReceived, AnnouncementRequestReceived, HardwareMismatch, Probe, ReplyReceived,
    RequestGroup, RequestOtherHost, RequestUnicast,
};
use l2witness_ebpf::layout::Ignored;
use l2witness_tests::frames::arp::{self, Arp};
use l2witness_tests::frames::ethernet::Addresses;
use l2witness_tests::frames::{MacAddr, Station, vlan};

use crate::case::{
    Case, Expect as _, LB4, NO_FLAGS, NODE, OTHER4, OWN, OWN4, ROUTER, ROUTER4, STRANGER, counts, ignored,
    nothing, received,
};

const MISMATCH: Flags = Flags::HARDWARE_MISMATCH;

pub(crate) fn cases() -> Vec<Case> {
    let ip = LB4.ip;
    let (request, reply) = (arp::request(ROUTER4, ip), arp::reply(LB4, ROUTER4));
    let to_own = arp::request_to(ROUTER4, OWN4);
    let (asks, answers) = (arp::gratuitous_request(LB4), arp::gratuitous_reply(LB4));
    let probe = arp::probe(ROUTER, ip);
    let asked = || counts(ip, RequestGroup).waits(ROUTER);
    let replied = || counts(ip, ReplyReceived).heard(ip, NODE, NO_FLAGS);
    let frame = request.bytes();
    vec![
        received("request, broadcast", request.bytes(), asked()),
        received("request, padded to 60 bytes", request.padded().bytes(), asked()),
        received("request, garbage behind it", with(&frame, &[0xff; 200]), asked()),
        received("request, in a frame of 1,514 bytes", with(&frame, &[0; 1472]), asked()),
        received("request, unicast to us", to_own.bytes(), counts(ip, RequestUnicast).waits(ROUTER)),
        // It came this far on a promiscuous interface or flooded by a switch: nobody here may answer it.
        received(
            "request, unicast to another",
            arp::request_to(ROUTER4, LB4).bytes(),
            counts(ip, RequestOtherHost),
        ),
        received("request, to a multicast address", to(request, MacAddr(1, 0, 0x5e, 0, 0, 1)), asked()),
        // The asker is who gets the answer, and the Ethernet source is where a switch looks for it.
        received(
            "request, another Ethernet source",
            from(request, STRANGER),
            counts(ip, RequestGroup).waits(STRANGER),
        ),
        received(
            "request for another IP",
            arp::request(ROUTER4, OTHER4).bytes(),
            ignored(Ignored::NotWatched),
        ),
        received(
            "request by the watched IP",
            arp::request(LB4, OTHER4).bytes(),
            nothing().heard(ip, NODE, NO_FLAGS),
        ),
        received(
            "request by the watched IP, another Ethernet source",
            from(arp::request(LB4, OTHER4), STRANGER),
            nothing().heard(ip, NODE, MISMATCH),
        ),
        received("reply, to us", reply.bytes(), replied()),
        received("reply, padded", reply.padded().bytes(), replied()),
        received("reply, broadcast", to(reply, MacAddr::broadcast()), replied()),
        received(
            "reply, another Ethernet source",
            from(reply, STRANGER),
            counts(ip, ReplyReceived).also(HardwareMismatch).heard(ip, NODE, MISMATCH),
        ),
        received(
            "reply of another IP to the watched one",
            arp::reply(ROUTER4, LB4).bytes(),
            ignored(Ignored::NotWatched),
        ),
        received("announcement, request form", asks.bytes(), announced(AnnouncementRequestReceived)),
        received("announcement, reply form", answers.bytes(), announced(AnnouncementReplyReceived)),
        received(
            "announcement, request form, unicast",
            to(asks, OWN),
            announced(AnnouncementRequestReceived),
        ),
        // What an announcement in request form asks for is its sender's own address.
        received("reply to an announcement", to(answers, OWN), replied()),
        received(
            "announcement, another Ethernet source",
            from(answers, STRANGER),
            counts(ip, AnnouncementReplyReceived).also(HardwareMismatch).heard(ip, NODE, MISMATCH),
        ),
        received(
            "announcement of another IP",
            arp::gratuitous_request(Station::new(NODE, OTHER4)).bytes(),
            ignored(Ignored::NotWatched),
        ),
        received("probe", probe.bytes(), counts(ip, Probe)),
        received("probe, unicast", to(probe, OWN), counts(ip, Probe)),
        received(
            "probe, another Ethernet source",
            from(probe, STRANGER),
            counts(ip, Probe).also(HardwareMismatch),
        ),
        received("probe for another IP", arp::probe(ROUTER, OTHER4).bytes(), ignored(Ignored::NotWatched)),
        received("802.1Q", vlan::tagged(&frame, 7), asked()),
        received("802.1Q, VLAN 0 with a priority", priority(&vlan::tagged(&frame, 0)), asked()),
        received("QinQ", vlan::qinq(&frame, 100, 7), asked()),
        received("two customer tags", vlan::tagged(&vlan::tagged(&frame, 7), 8), asked()),
        received("three tags", vlan::qinq(&vlan::tagged(&frame, 7), 100, 8), ignored(Ignored::VlanTags)),
        received("QinQ reply", vlan::qinq(&reply.bytes(), 100, 7), replied()),
        received("hardware type 6", odd(|arp| arp.hardware_type = 6), ignored(Ignored::HardwareType)),
        received("hardware type 0", odd(|arp| arp.hardware_type = 0), ignored(Ignored::HardwareType)),
        received("hardware length 8", odd(|arp| arp.hardware_len = 8), ignored(Ignored::HardwareType)),
        received("hardware length 0", odd(|arp| arp.hardware_len = 0), ignored(Ignored::HardwareType)),
        received("protocol type IPv6", odd(|arp| arp.protocol_type = 0x86dd), ignored(Ignored::ProtocolType)),
        received("protocol length 16", odd(|arp| arp.protocol_len = 16), ignored(Ignored::ProtocolType)),
        received("protocol length 0", odd(|arp| arp.protocol_len = 0), ignored(Ignored::ProtocolType)),
        received("opcode 0", odd(|arp| arp.operation = 0), ignored(Ignored::Opcode)),
        received("RARP request", odd(|arp| arp.operation = 3), ignored(Ignored::Opcode)),
        received("RARP reply", odd(|arp| arp.operation = 4), ignored(Ignored::Opcode)),
        received("InARP request", odd(|arp| arp.operation = 8), ignored(Ignored::Opcode)),
        received("InARP reply", odd(|arp| arp.operation = 9), ignored(Ignored::Opcode)),
        received("opcode 65535", odd(|arp| arp.operation = 65535), ignored(Ignored::Opcode)),
        // Both bytes of a number count: 0x0100 is 1 on the wrong kind of machine.
        received("opcode 256", odd(|arp| arp.operation = 256), ignored(Ignored::Opcode)),
    ]
}

fn announced(counter: l2witness_ebpf::layout::Counter) -> l2witness_tests::kernel::Outcome {
    counts(LB4.ip, counter).heard(LB4.ip, NODE, NO_FLAGS)
}

/// A request with something changed.
fn odd(change: impl FnOnce(&mut Arp)) -> Vec<u8> {
    let mut request = arp::request(ROUTER4, LB4.ip);
    change(&mut request);
    request.bytes()
}

pub(crate) fn to(arp: Arp, destination: MacAddr) -> Vec<u8> {
    Arp { ethernet: Addresses { destination, ..arp.ethernet }, ..arp }.bytes()
}

pub(crate) fn from(arp: Arp, source: MacAddr) -> Vec<u8> {
    Arp { ethernet: Addresses { source, ..arp.ethernet }, ..arp }.bytes()
}

fn with(frame: &[u8], tail: &[u8]) -> Vec<u8> {
    [frame, tail].concat()
}

/// The highest priority, and "may be dropped", in the outermost tag.
pub(crate) fn priority(tagged: &[u8]) -> Vec<u8> {
    let mut frame = tagged.to_vec();
    frame[14] |= 0xf0;
    frame
}
