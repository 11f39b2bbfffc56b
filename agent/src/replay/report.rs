//! What a node's agent would report.

use std::net::IpAddr;

use jiff::Timestamp;
use l2witness_ebpf::layout::{self, Claims, Ignored, Slot};

use super::node::{Node, Port, index, known};
use crate::evidence::{
    Bound, Heard, HistoryState, HostFacts, Interface, LbIp, Local, MacAddr, Named, NodeReport, OnInterface,
    Origin, Said, Sender, SourceState,
};

/// Where the evidence comes from, as `NodeReport::source` and an interface's `hook` have it.
const CAPTURE: &str = "capture";

pub(super) fn of(node: &Node, ips: &[IpAddr], now: Timestamp) -> NodeReport {
    let mut lb_ips: Vec<_> = ips.iter().zip(0..).map(|(ip, number)| lb_ip(node, *ip, number)).collect();
    lb_ips.sort_by_key(|lb_ip| lb_ip.ip);
    NodeReport {
        schema: NodeReport::SCHEMA,
        node: node.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: now,
        since: wall(node.since).unwrap_or(now),
        source: CAPTURE.to_owned(),
        source_state: SourceState::default(),
        speaker: None,
        capacity: ips.len() as u32,
        interfaces: node.ports.iter().zip(0..).flat_map(|(port, tap)| interfaces(port, tap)).collect(),
        lb_ips,
        events_lost: [].into(),
        history: HistoryState::default(),
        clock: None,
    }
}

fn wall(time: u64) -> Option<Timestamp> {
    if time == 0 { None } else { Timestamp::from_nanosecond(time.into()).ok() }
}

/// One entry a MAC: what was captured on all interfaces together has the MACs of several.
fn interfaces(port: &Port, tap: u32) -> impl Iterator<Item = Interface> {
    let mut macs: Vec<MacAddr> = port.own.iter().map(|mac| MacAddr::from(*mac)).collect();
    if macs.is_empty() {
        macs.push(MacAddr::default());
    }
    macs.into_iter().enumerate().map(move |(place, mac)| Interface {
        name: port.name.clone(),
        index: index(tap),
        mac,
        up: true,
        // Not in a capture. What was sent without it is not in one of another host either.
        carrier: true,
        hook: Some(CAPTURE.to_owned()),
        skipped: None,
        ignored: Ignored::ALL
            .into_iter()
            .filter(|reason| place == 0 && !reason.is_event())
            .map(|reason| (reason.label().to_owned(), port.ignored[reason as usize]))
            .collect(),
        host: HostFacts::default(),
    })
}

fn lb_ip(node: &Node, ip: IpAddr, number: u32) -> LbIp {
    let claims = node.claims.get(number as usize).and_then(Option::as_deref).unwrap_or(&Claims::EMPTY);
    let (takeovers, handovers) = node.takeovers.of(ip, &wall);
    let on = |(port, tap): (&Port, u32)| {
        let slot = port.slots.get(number as usize).and_then(Option::as_deref);
        let noted = node.request_times.of(ip, index(tap));
        OnInterface::of(port.name.clone(), slot.unwrap_or(&Slot::EMPTY), noted, &wall)
    };
    let heard = |entry: &layout::Heard| Heard::of(name(node, entry.ifindex), entry, &wall);
    LbIp {
        ip,
        since: None,
        interfaces: node.ports.iter().zip(0..).map(on).collect(),
        local: claims.local.iter().filter_map(|entry| local(node, entry)).collect(),
        heard: claims.heard.iter().filter_map(heard).collect(),
        local_overflow: claims.local_overflow.into(),
        heard_overflow: claims.heard_overflow.into(),
        bound: Bound::default(),
        takeovers,
        handovers,
        foreign_claims: 0,
        said: Said::default(),
    }
}

fn local(node: &Node, entry: &layout::Local) -> Option<Local> {
    let origin = known(layout::Origin::from_u8((entry.mac_origin >> 48) as u8)?);
    let sender = (origin == Origin::Socket).then(|| Sender {
        name: "a program".to_owned(),
        by: Named::Length,
        process: None,
        cookie: 0,
        cgroup: 0,
        pid: None,
        pod: None,
    });
    Local::of(name(node, entry.ifindex), entry, (origin, sender), &wall)
}

fn name(node: &Node, ifindex: u32) -> String {
    let port = ifindex.checked_sub(1).and_then(|tap| node.ports.get(tap as usize));
    port.map(|port| port.name.clone()).unwrap_or_default()
}
