//! Captures in, reports out.

use jiff::Timestamp;

use super::*;
use crate::{
    evidence::{LbIp, Named, Origin},
    replay::sample::{
        LB_IP, announcement, cooked2, mac, packet, padded, pcap, plain, read, reply, request, request_to,
        watched,
    },
};

const ROUTER: u8 = 9;

/// Counted as of second 100.
fn reports(captures: &[(&str, Vec<u8>)], macs: &[(&str, u8)]) -> (Vec<NodeReport>, Vec<Unowned>) {
    let captures = captures.iter().map(|(node, file)| ((*node).to_owned(), read(file))).collect();
    let macs: Vec<_> = macs.iter().map(|(node, last)| ((*node).to_owned(), MacAddr(mac(*last)))).collect();
    let mut replay = Replay::new(watched(), captures, &macs);
    replay.run(None);
    (replay.reports(Timestamp::from_second(100).unwrap()), replay.unowned().to_vec())
}

fn lb_ip(report: &NodeReport) -> &LbIp {
    report.lb_ips.iter().find(|lb_ip| lb_ip.ip == LB_IP).unwrap()
}

/// Requests and replies of an owner as its own capture has them, and as the asker's has them.
fn exchange(owner: u8) -> Vec<u8> {
    let (asks, answers) = (request(ROUTER), padded(reply(owner, ROUTER)));
    plain(&[(1, 0, &asks), (1, 300, &answers), (2, 0, &asks), (2, 40, &answers)])
}

#[test]
fn an_owner_s_capture_gives_what_its_agent_would_report() {
    let (reports, unowned) = reports(&[("n1", exchange(1))], &[("n1", 1)]);
    assert_eq!(unowned, []);
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    assert_eq!((report.since.as_second(), report.time.as_second()), (1, 100));
    assert_eq!((report.source.as_str(), report.interfaces[0].hook.as_deref()), ("capture", Some("capture")));
    assert_eq!(report.interfaces[0].mac, MacAddr(mac(1)));
    let lb_ip = lb_ip(report);
    let on = &lb_ip.interfaces[0];
    assert_eq!((on.requests.group, on.replies_sent.socket, on.replies_sent.kernel), (2, 2, 0));
    assert_eq!((on.latency.buckets.iter().sum::<u64>(), on.unanswered), (2, 0));
    assert!((on.latency.sum_seconds - 340e-6).abs() < 1e-9);
    let [local] = lb_ip.local.as_slice() else { panic!("{lb_ip:?}") };
    assert_eq!((local.origin, local.replies, local.mac), (Origin::Socket, 2, MacAddr(mac(1))));
    assert_eq!(local.sender.as_ref().map(|sender| sender.by), Some(Named::Length));
    assert_eq!(lb_ip.heard, []);
    assert_eq!(report.lb_ips.len(), 2, "the other one was named, too");
}

#[test]
fn what_is_not_padded_is_the_kernel_s() {
    let (asks, answers) = (request(ROUTER), reply(1, ROUTER));
    let (reports, _) = reports(&[("n1", plain(&[(1, 0, &asks), (1, 50, &answers)]))], &[("n1", 1)]);
    let local = &lb_ip(&reports[0]).local[0];
    assert_eq!((local.origin, local.replies), (Origin::Kernel, 1));
    assert_eq!(local.sender, None);
}

#[test]
fn a_mac_follows_from_the_others_captures() {
    // The router speaks with both owners, and they with nobody but the router.
    let router = plain(&[(1, 0, &reply(1, ROUTER)), (2, 0, &reply(2, ROUTER))]);
    let captures = [("n1", exchange(1)), ("n2", exchange(2)), ("rt", router)];
    let (reports, unowned) = reports(&captures, &[]);
    assert_eq!(unowned, []);
    let macs: Vec<_> = reports.iter().map(|report| report.interfaces[0].mac.0[5]).collect();
    assert_eq!(macs, [1, 2, ROUTER]);
    assert_eq!(reports.iter().map(|report| lb_ip(report).local.len()).collect::<Vec<_>>(), [1, 1, 0]);
    assert_eq!(lb_ip(&reports[2]).heard.len(), 2);
}

#[test]
fn without_a_mac_all_frames_are_heard_and_that_is_said() {
    let (alone, unowned) = reports(&[("n1", exchange(1))], &[]);
    let told = unowned[0].to_string();
    assert!(told.ends_with("give --mac n1=00:00:5e:00:53:01 or --mac n1=00:00:5e:00:53:09"), "{told}");
    let lb = lb_ip(&alone[0]);
    assert_eq!((lb.local.len(), lb.heard.len(), lb.interfaces[0].requests.group), (0, 1, 2));

    let mirror = plain(&[(1, 0, &reply(1, ROUTER)), (2, 0, &request_to(3, 4))]);
    let (mirrored, unowned) = reports(&[("mirror", mirror)], &[]);
    assert!(unowned[0].to_string().contains("unless it only listened"), "{unowned:?}");
    assert_eq!(lb_ip(&mirrored[0]).interfaces[0].requests.other_host, 1);
}

#[test]
fn several_captures_of_one_node_are_counted_together_in_the_order_of_their_times() {
    let (asks, answers) = (request(ROUTER), padded(reply(1, ROUTER)));
    let early = plain(&[(1, 0, &asks), (3, 0, &asks)]);
    let late = plain(&[(1, 100, &answers), (3, 100, &answers)]);
    let (reports, _) = reports(&[("n1", late), ("n1", early)], &[("n1", 1)]);
    assert_eq!(reports.len(), 1);
    let on = &lb_ip(&reports[0]).interfaces[0];
    assert_eq!((on.requests.group, on.replies_sent.socket), (2, 2));
    assert_eq!((on.unanswered, on.latency.buckets.iter().sum::<u64>()), (0, 2));
}

#[test]
fn what_a_bridge_sends_on_is_not_its_own() {
    let answers = padded(reply(1, ROUTER));
    let own = padded(reply(2, ROUTER));
    let cooked = [cooked2(3, 3, &answers), cooked2(4, 4, &answers), cooked2(4, 4, &own)];
    let frames: Vec<_> = cooked.iter().zip(0..).map(|(frame, at)| (1, at, frame.as_slice())).collect();
    let file = pcap(u32::to_le_bytes, 0xa1b2_c3d4, 276, &frames);
    let (reports, unowned) = reports(&[("n2", file)], &[]);
    assert_eq!(unowned, []);
    let local = &lb_ip(&reports[0]).local;
    let told: Vec<_> = local.iter().map(|local| (local.origin, local.mac.0[5])).collect();
    assert_eq!(told, [(Origin::Forwarded, 1), (Origin::Socket, 2)]);
    let macs: Vec<_> = reports[0].interfaces.iter().map(|i| (i.name.as_str(), i.mac.0[5])).collect();
    assert_eq!(macs, [("if3", 0), ("if4", 2)]);
}

#[test]
fn a_move_is_a_takeover_where_it_was_heard() {
    let frames = [announcement(1), announcement(2), announcement(2)].map(padded);
    let frames: Vec<_> = frames.iter().zip([10, 20, 21]).map(|(frame, s)| (s, 0, frame.as_slice())).collect();
    let (reports, _) = reports(&[("rt", plain(&frames))], &[]);
    let lb_ip = lb_ip(&reports[0]);
    assert_eq!(lb_ip.handovers, 1);
    assert_eq!(lb_ip.takeovers[0].at.as_second(), 20);
    assert_eq!(lb_ip.takeovers[0].mac, MacAddr(mac(2)));
}

#[test]
fn the_direction_that_a_capture_names_needs_no_mac() {
    let le = u32::to_le_bytes;
    let (asks, answers) = (request(ROUTER), padded(reply(1, ROUTER)));
    let file = [
        sample::section(le),
        sample::interface(le, 1, &[(2, b"eth3")]),
        packet(le, 0, 1_000_000, &asks, &[(2, &le(1))]),
        packet(le, 0, 1_000_050, &answers, &[(2, &le(2))]),
    ];
    let (reports, unowned) = reports(&[("n1", file.concat())], &[]);
    assert_eq!(unowned, []);
    assert_eq!(lb_ip(&reports[0]).local[0].interface, "eth3");
    assert_eq!(reports[0].interfaces[0].mac, MacAddr(mac(1)));
}
