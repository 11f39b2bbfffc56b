//! The frames that are sent, and what each of them should add.

use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fastrand::Rng;
use l2witness::evidence::OnInterface;
use l2witness_tests::frames::arp::{self, Arp};
use l2witness_tests::frames::ndp::{self, Solicitation};
use l2witness_tests::frames::{Station, documentation_mac, traffic};
use l2witness_tests::lab::{Host, lb_ipv4, lb_ipv6};

/// Adds so many frames to the counters of its IP.
pub(crate) type Count = fn(&mut OnInterface, u64);

/// What a frame adds on either side.
#[derive(Clone, Copy)]
pub(crate) struct Effect {
    pub(crate) sent: Count,
    pub(crate) received: Count,
    pub(crate) ignored_sent: Option<&'static str>,
    pub(crate) ignored_received: Option<&'static str>,
}

/// One frame.
pub(crate) struct Line {
    pub(crate) frame: Vec<u8>,
    /// The IP it is about, if that is watched.
    pub(crate) ip: Option<IpAddr>,
    /// Whether it says who has the IP.
    pub(crate) claims: bool,
    pub(crate) effect: Effect,
}

const NOTHING: Count = |_, _| {};
const NONE: Effect = Effect { sent: NOTHING, received: NOTHING, ignored_sent: None, ignored_received: None };
const ASKS: Effect =
    Effect { sent: |on, n| on.requests_sent += n, received: |on, n| on.requests.group += n, ..NONE };
const ASKS_US: Effect = Effect { received: |on, n| on.requests.unicast += n, ..ASKS };
const ASKS_BARE: Effect = Effect {
    received: |on, n| {
        on.requests.group += n;
        on.requests.no_link_layer += n;
    },
    ..ASKS
};
const PROBES: Effect = Effect { received: |on, n| on.probes += n, ..ASKS };
const REPLIES: Effect =
    Effect { sent: |on, n| on.replies_sent.socket += n, received: |on, n| on.replies_received += n, ..NONE };
const REPLIES_FOR_ANOTHER: Effect = Effect {
    sent: |on, n| {
        on.replies_sent.socket += n;
        on.hardware_mismatch += n;
    },
    received: |on, n| {
        on.replies_received += n;
        on.hardware_mismatch += n;
    },
    ..NONE
};
const ANNOUNCES_BY_REQUEST: Effect = Effect {
    sent: |on, n| on.announcements_sent_request.socket += n,
    received: |on, n| on.announcements_received_request += n,
    ..NONE
};
const ANNOUNCES: Effect = Effect {
    sent: |on, n| on.announcements_sent_reply.socket += n,
    received: |on, n| on.announcements_received_reply += n,
    ..NONE
};

/// The watched IPs.
pub(crate) fn ips() -> [IpAddr; 4] {
    [lb_ipv4(0).into(), lb_ipv4(1).into(), lb_ipv6(0).into(), lb_ipv6(1).into()]
}

/// All there is to send from `router` to `node`.
pub(crate) fn table(router: &Host, node: &Host) -> Vec<Line> {
    let mut lines = Vec::new();
    for ip in [lb_ipv4(0), lb_ipv4(1)] {
        lines.extend(arp_lines(router, node, ip));
    }
    for ip in [lb_ipv6(0), lb_ipv6(1)] {
        lines.extend(ndp_lines(router, node, ip));
    }
    lines.extend(noise(router, node));
    lines
}

fn arp_lines(router: &Host, node: &Host, ip: Ipv4Addr) -> Vec<Line> {
    let (asker, claimant) = (router.v4(), Station::new(router.mac(), ip));
    let foreign =
        Arp { sender: Station::new(documentation_mac(0x77), ip), ..arp::reply(claimant, node.v4()) };
    let line =
        |arp: Arp, claims, effect| Line { frame: arp.padded().bytes(), ip: Some(ip.into()), claims, effect };
    vec![
        line(arp::request(asker, ip), false, ASKS),
        line(arp::request_to(asker, Station::new(node.mac(), ip)), false, ASKS_US),
        line(arp::probe(router.mac(), ip), false, PROBES),
        line(arp::reply(claimant, node.v4()), true, REPLIES),
        line(foreign, true, REPLIES_FOR_ANOTHER),
        line(arp::gratuitous_request(claimant), true, ANNOUNCES_BY_REQUEST),
        line(arp::gratuitous_reply(claimant), true, ANNOUNCES),
    ]
}

fn ndp_lines(router: &Host, node: &Host, ip: Ipv6Addr) -> Vec<Line> {
    let (asker, claimant) = (router.link_local(), router.link_local());
    let ask = ndp::solicit(asker, ip);
    let line = |frame, claims, effect| Line { frame, ip: Some(ip.into()), claims, effect };
    vec![
        line(ask.bytes(), false, ASKS),
        line(ndp::solicit_unicast(asker, Station::new(node.mac(), ip)).bytes(), false, ASKS_US),
        line(Solicitation { source_lla: None, ..ask }.bytes(), false, ASKS_BARE),
        line(ndp::duplicate_detection(router.mac(), ip).bytes(), false, PROBES),
        line(ndp::advertise(claimant, ip, node.link_local()).bytes(), true, REPLIES),
        line(ndp::announce(claimant, ip).bytes(), true, ANNOUNCES),
    ]
}

/// What is none of it. Nobody has these IPs, so nobody answers.
fn noise(router: &Host, node: &Host) -> Vec<Line> {
    let not_watched =
        Effect { ignored_sent: Some("not_watched"), ignored_received: Some("not_watched"), ..NONE };
    let opcode = Effect { ignored_sent: Some("opcode"), ignored_received: Some("opcode"), ..NONE };
    let hop_limit = Effect { ignored_sent: Some("hop_limit"), ignored_received: Some("hop_limit"), ..NONE };
    let line = |frame, effect| Line { frame, ip: None, claims: false, effect };
    vec![
        line(arp::request(router.v4(), lb_ipv4(9)).bytes(), not_watched),
        line(arp::gratuitous_reply(Station::new(router.mac(), lb_ipv4(9))).bytes(), not_watched),
        line(ndp::solicit(router.link_local(), lb_ipv6(9)).bytes(), not_watched),
        line(Arp { operation: 3, ..arp::request(router.v4(), lb_ipv4(0)) }.bytes(), opcode),
        line(ndp::solicit(router.link_local(), lb_ipv6(0)).with_hop_limit(64).bytes(), hop_limit),
        // Destinations that the node has not, so that it answers nothing.
        line(traffic::udp4(router.v4(), Station::new(node.mac(), lb_ipv4(9)), 100), NONE),
        line(traffic::udp6(router.v6(), Station::new(node.mac(), lb_ipv6(9)), 100), NONE),
    ]
}

/// Which lines a thread sends, always the same ones.
pub(crate) fn picks(thread: usize, lines: usize, count: usize) -> Vec<usize> {
    let mut rng = Rng::with_seed(0x6578_6163_7400 + thread as u64);
    iter::repeat_with(|| rng.usize(..lines)).take(count).collect()
}
