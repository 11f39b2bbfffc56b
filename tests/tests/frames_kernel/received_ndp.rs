//! Neighbor Discovery frames that come in.

use std::net::Ipv6Addr;

use l2witness_ebpf::frame::Flags;
use l2witness_ebpf::layout::Counter::{
    AnnouncementReplyReceived, HardwareMismatch, Probe, ReplyReceived, RequestGroup, RequestNoLinkLayer,
    RequestOtherHost, RequestUnicast,
};
use l2witness_ebpf::layout::Ignored;
use l2witness_tests::frames::extension::Extension::{Destination, Fragment, HopByHop, Routing};
use l2witness_tests::frames::extension::{Extension, extended};
use l2witness_tests::frames::ndp::{self, Advertisement, Solicitation};
use l2witness_tests::frames::vlan;

use crate::case::{
    Case, Expect as _, LB6, NO_FLAGS, NODE, NODE_LL, OTHER6, OWN6, ROUTER, ROUTER6, STRANGER, counts,
    ignored, nothing, received,
};

/// Offsets in an untagged frame.
const IPV6: usize = 14;
const ICMPV6: usize = IPV6 + 40;
const OPTIONS: usize = ICMPV6 + 24;

const SLLA: [u8; 8] = [1, 1, 0, 0, 0x5e, 0, 0x53, 0x11];
const NONCE: [u8; 8] = [14, 1, 1, 2, 3, 4, 5, 6];

pub(crate) fn cases() -> Vec<Case> {
    let ip = LB6.ip;
    let ask = ndp::solicit(ROUTER6, ip);
    let bare = Solicitation { source_lla: None, ..ask };
    let unicast = ndp::solicit_unicast(ROUTER6, OWN6);
    let dad = ndp::duplicate_detection(ROUTER, ip);
    let own_source = ndp::solicit(LB6, ROUTER6.ip);
    let frame = ask.bytes();
    let asked = || counts(ip, RequestGroup).waits(ROUTER);
    let without = || counts(ip, RequestGroup).also(RequestNoLinkLayer);
    let target = |target| Solicitation { target, ..ask }.bytes();
    vec![
        received("NS, multicast", ask.bytes(), asked()),
        received("NS, unicast to us", unicast.bytes(), counts(ip, RequestUnicast)),
        received(
            "NS, unicast to another",
            ndp::solicit_unicast(ROUTER6, LB6).bytes(),
            counts(ip, RequestOtherHost),
        ),
        received("NS without source link-layer address", bare.bytes(), without()),
        received(
            "NS, unicast, without source link-layer address",
            Solicitation { source_lla: None, ..unicast }.bytes(),
            counts(ip, RequestUnicast).also(RequestNoLinkLayer),
        ),
        received(
            "NS, another link-layer address",
            Solicitation { source_lla: Some(STRANGER), ..ask }.bytes(),
            asked(),
        ),
        received("NS for another IP", ndp::solicit(ROUTER6, OTHER6).bytes(), ignored(Ignored::NotWatched)),
        received("NS by the watched IP", own_source.bytes(), nothing().heard(ip, NODE, NO_FLAGS)),
        received(
            "NS by the watched IP, without link-layer address",
            Solicitation { source_lla: None, ..own_source }.bytes(),
            nothing().heard(ip, NODE, Flags::NO_LINK_LAYER),
        ),
        received("DAD", dad.bytes(), counts(ip, Probe)),
        received(
            "DAD for another IP",
            ndp::duplicate_detection(ROUTER, OTHER6).bytes(),
            ignored(Ignored::NotWatched),
        ),
        received("NS, hop limit 254", ask.with_hop_limit(254).bytes(), ignored(Ignored::HopLimit)),
        received("NS, hop limit 0", ask.with_hop_limit(0).bytes(), ignored(Ignored::HopLimit)),
        received("NA, hop limit 254", reply().with_hop_limit(254).bytes(), ignored(Ignored::HopLimit)),
        received("NS, ICMPv6 code 1", set(&frame, ICMPV6 + 1, 1), ignored(Ignored::IcmpCode)),
        received("NS for a multicast target", target(ndp::ALL_NODES), ignored(Ignored::Target)),
        received("NS for the unspecified target", target(Ipv6Addr::UNSPECIFIED), ignored(Ignored::Target)),
        received("NS, option of length 0", set(&frame, OPTIONS + 1, 0), ignored(Ignored::NeighborOption)),
        received("NS, the option is another's", set(&frame, OPTIONS, 2), without()),
        received("NS, the link-layer address second", options(&[NONCE, SLLA]), asked()),
        received("NS, the link-layer address fourth", options(&[NONCE, NONCE, NONCE, SLLA]), asked()),
        received("NS, the link-layer address fifth", options(&[NONCE, NONCE, NONCE, NONCE, SLLA]), without()),
        received(
            "NS, second option of length 0",
            options(&[NONCE, [1, 0, 0, 0, 0, 0, 0, 0]]),
            ignored(Ignored::NeighborOption),
        ),
        received("NS, the option lies behind the packet", set(&frame, IPV6 + 5, 24), without()),
        received("NS, half the option lies behind the packet", set(&frame, IPV6 + 5, 28), without()),
        received(
            "NS, the packet ends inside the message",
            set(&frame, IPV6 + 5, 23),
            ignored(Ignored::Truncated),
        ),
        received("NS, padding behind it", [frame.clone(), vec![0; 40]].concat(), asked()),
        received("NS, flow label", set(&frame, IPV6 + 3, 1), asked()),
        received("NS, 802.1Q", vlan::tagged(&frame, 4094), asked()),
        received("NS, QinQ", vlan::qinq(&frame, 100, 7), asked()),
        received("NS, three tags", vlan::qinq(&vlan::tagged(&frame, 7), 1, 2), ignored(Ignored::VlanTags)),
    ]
}

pub(crate) fn advertised_cases() -> Vec<Case> {
    let ip = LB6.ip;
    let mut cases = vec![
        received(
            "NA of another IP",
            ndp::advertise(NODE_LL, OTHER6, ROUTER6).bytes(),
            ignored(Ignored::NotWatched),
        ),
        received(
            "NA without target link-layer address",
            Advertisement { target_lla: None, ..reply() }.bytes(),
            counts(ip, ReplyReceived).heard(ip, NODE, Flags::SOLICITED.with(Flags::NO_LINK_LAYER)),
        ),
        received(
            "NA, another target link-layer address",
            Advertisement { target_lla: Some(STRANGER), ..reply() }.bytes(),
            counts(ip, ReplyReceived).also(HardwareMismatch).heard(
                ip,
                STRANGER,
                Flags::SOLICITED.with(Flags::HARDWARE_MISMATCH),
            ),
        ),
        received(
            "NA from the target itself",
            ndp::advertise(LB6, ip, ROUTER6).bytes(),
            counts(ip, ReplyReceived).heard(ip, NODE, Flags::SOLICITED.with(Flags::SOURCE_IS_TARGET)),
        ),
        received(
            "NA, flow label",
            set(&reply().bytes(), IPV6 + 1, 0x0f),
            counts(ip, ReplyReceived).heard(ip, NODE, Flags::SOLICITED.with(Flags::FLOW_LABEL)),
        ),
        // A traffic class stands beside the flow label and is none.
        received(
            "NA, traffic class",
            set(&reply().bytes(), IPV6 + 1, 0xf0),
            counts(ip, ReplyReceived).heard(ip, NODE, Flags::SOLICITED),
        ),
        received("NA, ICMPv6 code 255", set(&reply().bytes(), ICMPV6 + 1, 255), ignored(Ignored::IcmpCode)),
    ];
    cases.extend(advertisements());
    cases
}

/// Every combination of the three flags, to us and to all.
fn advertisements() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 0..8_u8 {
        let (router, solicited, overrides) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
        let flags = NO_FLAGS
            .when(Flags::ROUTER, router)
            .when(Flags::SOLICITED, solicited)
            .when(Flags::OVERRIDE, overrides);
        let counter = if solicited { ReplyReceived } else { AnnouncementReplyReceived };
        for (how, form) in [("to us", reply()), ("to all", ndp::announce(NODE_LL, LB6.ip))] {
            let frame = Advertisement { flags: ndp::Flags { router, solicited, overrides }, ..form }.bytes();
            let name = format!("NA {how}, R {router}, S {solicited}, O {overrides}");
            cases.push(received(&name, frame, counts(LB6.ip, counter).heard(LB6.ip, NODE, flags)));
        }
    }
    cases
}

/// What stands between the IPv6 header and the message.
pub(crate) fn extended_cases() -> Vec<Case> {
    let (ask, ip) = (ndp::solicit(ROUTER6, LB6.ip).bytes(), LB6.ip);
    let fragment = |offset, more| Fragment { offset, more };
    let asked = || counts(ip, RequestGroup).waits(ROUTER);
    let behind = |extensions: &[Extension]| extended(&ask, extensions);
    let one = |protocol, bytes: &[u8]| insert(&ask, protocol, bytes);
    // Length 2 in units of 4 bytes, less 2: 16 bytes.
    let authentication = [58, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0xaa, 0xaa, 0xaa, 0xaa];
    let long = |units: u8| [vec![58, units, 1, 4], vec![0; usize::from(units) * 8 + 4]].concat();
    vec![
        received("behind hop-by-hop options", behind(&[HopByHop]), asked()),
        received("behind destination options", behind(&[Destination]), asked()),
        received("behind a routing header", behind(&[Routing]), asked()),
        received("behind an authentication header", one(51, &authentication), asked()),
        received("behind three headers", behind(&[HopByHop, Routing, Destination]), asked()),
        received("behind four headers", behind(&[HopByHop, Destination, Routing, Destination]), asked()),
        received("behind five headers", behind(&[HopByHop; 5]), ignored(Ignored::ExtensionHeaders)),
        received("behind a header of 64 bytes", one(0, &long(7)), asked()),
        // The message would begin at 512 bytes, and may; one unit more, and it may not.
        received("behind a header of 456 bytes", one(0, &long(56)), asked()),
        received("behind a header of 464 bytes", one(0, &long(57)), ignored(Ignored::ExtensionHeaders)),
        received("behind a header of 2,048 bytes", one(60, &long(255)), ignored(Ignored::ExtensionHeaders)),
        received("first fragment", behind(&[fragment(0, true)]), ignored(Ignored::Fragment)),
        received("later fragment", behind(&[fragment(2, true)]), nothing()),
        received("last fragment", behind(&[fragment(2, false)]), nothing()),
        received("atomic fragment", behind(&[fragment(0, false)]), ignored(Ignored::Fragment)),
        received(
            "first fragment behind options",
            behind(&[HopByHop, fragment(0, true)]),
            ignored(Ignored::Fragment),
        ),
        received("options, then a header that is none", set(&behind(&[HopByHop]), ICMPV6, 135), nothing()),
        received("options, then UDP", set(&behind(&[HopByHop]), ICMPV6, 17), nothing()),
        received("options, then nothing more", set(&behind(&[HopByHop]), ICMPV6, 59), nothing()),
        received(
            "options that end the frame",
            behind(&[HopByHop])[..ICMPV6 + 8].to_vec(),
            ignored(Ignored::Truncated),
        ),
        received("behind options, tagged", vlan::tagged(&behind(&[HopByHop]), 7), asked()),
        received("behind options, QinQ", vlan::qinq(&behind(&[HopByHop, Routing]), 100, 7), asked()),
    ]
}

fn reply() -> Advertisement {
    ndp::advertise(NODE_LL, LB6.ip, ROUTER6)
}

fn set(frame: &[u8], at: usize, value: u8) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[at] = value;
    frame
}

/// A solicitation with these options in place of its own.
fn options(options: &[[u8; 8]]) -> Vec<u8> {
    let bare = Solicitation { source_lla: None, ..ndp::solicit(ROUTER6, LB6.ip) }.bytes();
    set(&[bare, options.concat()].concat(), IPV6 + 5, (24 + 8 * options.len()) as u8)
}

/// `frame` with one extension header, whose first byte already names what follows.
fn insert(frame: &[u8], protocol: u8, header: &[u8]) -> Vec<u8> {
    let (before, message) = frame.split_at(ICMPV6);
    let mut frame = [before, header, message].concat();
    let [high, low] = ((header.len() + message.len()) as u16).to_be_bytes();
    frame[IPV6 + 4..IPV6 + 7].copy_from_slice(&[high, low, protocol]);
    frame
}
