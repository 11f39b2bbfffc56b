//! The frame builders, read back by tcpdump: an eye that is not ours.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use l2witness_tests::frames::arp::Arp;
use l2witness_tests::frames::extension::{Extension, extended};
use l2witness_tests::frames::ndp::{Advertisement, Flags, Solicitation};
use l2witness_tests::frames::{MacAddr, Station, arp, documentation_mac, ndp, pcap, traffic, vlan};

const ROUTER: MacAddr = documentation_mac(1);
const NODE: MacAddr = documentation_mac(2);
const ROUTER4: Station<Ipv4Addr> = Station::new(ROUTER, Ipv4Addr::new(192, 0, 2, 1));
const LB4: Station<Ipv4Addr> = Station::new(NODE, Ipv4Addr::new(192, 0, 2, 200));
const ROUTER6: Station<Ipv6Addr> = Station::new(ROUTER, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
const LB6: Station<Ipv6Addr> = Station::new(NODE, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x200));

#[test]
fn tcpdump_reads_every_frame_as_it_was_meant() -> Result<()> {
    let request = arp::request(ROUTER4, LB4.ip);
    let solicitation = ndp::solicit(ROUTER6, LB6.ip);
    let advertisement = ndp::advertise(LB6, LB6.ip, ROUTER6);
    let router = Flags { router: true, overrides: true, solicited: true };
    let extensions = [Extension::HopByHop, Extension::Routing, Extension::Destination];

    for (frame, expected) in [
        (request.bytes(), "00:00:5e:00:53:01 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length 42"),
        (request.bytes(), "Request who-has 192.0.2.200 tell 192.0.2.1, length 28"),
        (request.padded().bytes(), "length 60: Ethernet (len 6), IPv4 (len 4), Request who-has 192.0.2.200"),
        (arp::request_to(ROUTER4, LB4).bytes(), "00:00:5e:00:53:01 > 00:00:5e:00:53:02"),
        (arp::reply(LB4, ROUTER4).bytes(), "Reply 192.0.2.200 is-at 00:00:5e:00:53:02"),
        (arp::reply(LB4, ROUTER4).bytes(), "00:00:5e:00:53:02 > 00:00:5e:00:53:01"),
        (arp::gratuitous_request(LB4).bytes(), "who-has 192.0.2.200 (ff:ff:ff:ff:ff:ff) tell 192.0.2.200"),
        (arp::gratuitous_reply(LB4).bytes(), "00:00:5e:00:53:02 > ff:ff:ff:ff:ff:ff"),
        (arp::gratuitous_reply(LB4).bytes(), "Reply 192.0.2.200 is-at 00:00:5e:00:53:02"),
        (arp::probe(NODE, LB4.ip).bytes(), "who-has 192.0.2.200 tell 0.0.0.0"),
        (Arp { hardware_type: 6, ..request }.bytes(), "TokenRing (len 6)"),
        (Arp { operation: 3, ..request }.bytes(), "Reverse Request"),
        (Arp { hardware_len: 5, ..request }.bytes(), "(len 5), IPv4 (len 4)"),
        (Arp { protocol_len: 3, ..request }.bytes(), "(len 6), IPv4 (len 3)"),
        (vlan::tagged(&request.bytes(), 7), "802.1Q (0x8100), length 46: vlan 7, p 0, ethertype ARP"),
        (
            vlan::qinq(&request.bytes(), 8, 7),
            "802.1Q-QinQ (0x88a8), length 50: vlan 8, p 0, ethertype 802.1Q",
        ),
        (solicitation.bytes(), "00:00:5e:00:53:01 > 33:33:ff:00:02:00, ethertype IPv6 (0x86dd), length 86"),
        (solicitation.bytes(), "2001:db8::1 > ff02::1:ff00:200: [icmp6 sum ok] ICMP6, neighbor solicitation"),
        (solicitation.bytes(), "who has 2001:db8::200"),
        (solicitation.bytes(), "source link-address option (1), length 8 (1): 00:00:5e:00:53:01"),
        (solicitation.with_hop_limit(64).bytes(), "(hlim 64,"),
        (Solicitation { source_lla: None, ..solicitation }.bytes(), "[icmp6 sum ok] ICMP6, neighbor solic"),
        (ndp::solicit_unicast(ROUTER6, LB6).bytes(), "2001:db8::1 > 2001:db8::200: [icmp6 sum ok]"),
        (ndp::duplicate_detection(NODE, LB6.ip).bytes(), ":: > ff02::1:ff00:200: [icmp6 sum ok]"),
        (advertisement.bytes(), "(hlim 255, next-header ICMPv6 (58) payload length: 32)"),
        (advertisement.bytes(), "[icmp6 sum ok] ICMP6, neighbor advertisement, length 32, tgt is"),
        (advertisement.bytes(), "Flags [solicited]"),
        (advertisement.bytes(), "destination link-address option (2), length 8 (1): 00:00:5e:00:53:02"),
        (Advertisement { flags: router, ..advertisement }.bytes(), "Flags [router, solicited, override]"),
        (Advertisement { target_lla: None, ..advertisement }.bytes(), "[icmp6 sum ok] ICMP6, neighbor adv"),
        (ndp::announce(LB6, LB6.ip).bytes(), "00:00:5e:00:53:02 > 33:33:00:00:00:01"),
        (ndp::announce(LB6, LB6.ip).bytes(), "> ff02::1: [icmp6 sum ok] ICMP6, neighbor advertisement"),
        (ndp::announce(LB6, LB6.ip).bytes(), "Flags [override]"),
        (extended(&solicitation.bytes(), &extensions), "next-header Options (0) payload length: 56)"),
        (extended(&solicitation.bytes(), &extensions), "[icmp6 sum ok] ICMP6, neighbor solicitation"),
        (extended(&solicitation.bytes(), &[fragment(0, false)]), "frag (0x12345678:0|32) ICMP6"),
        (extended(&solicitation.bytes(), &[fragment(2, true)]), "frag (0x12345678:16|32)"),
        (extended(&solicitation.bytes(), &[]), "next-header ICMPv6 (58) payload length: 32)"),
        (traffic::udp4(ROUTER4, LB4, 10), "192.0.2.1.9 > 192.0.2.200.9: [udp sum ok] UDP, length 10"),
        (traffic::udp6(ROUTER6, LB6, 10), "2001:db8::1.9 > 2001:db8::200.9: [udp sum ok] UDP, length 10"),
        (traffic::echo6(ROUTER6, LB6), "[icmp6 sum ok] ICMP6, echo request"),
        (traffic::jumbo(ROUTER4, LB4), "ethertype IPv4 (0x0800), length 9014"),
    ] {
        let words = tcpdump(&frame)?;
        assert!(words.contains(expected), "expected: {expected}\ntcpdump:  {words}");
        assert!(!words.contains("bad"), "{words}");
    }
    Ok(())
}

fn fragment(offset: u16, more: bool) -> Extension {
    Extension::Fragment { offset, more }
}

/// What tcpdump says about one frame.
fn tcpdump(frame: &[u8]) -> Result<String> {
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), pcap::capture([(Duration::from_secs(1), frame)]))?;
    let output = Command::new("tcpdump")
        .args(["-n", "-e", "-vv", "-r"])
        .arg(file.path())
        .output()
        .context("run tcpdump: is it installed?")?;
    ensure!(output.status.success(), "{output:?}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
