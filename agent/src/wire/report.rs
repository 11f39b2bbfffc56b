//! From map entries to the plain data of [`crate::evidence`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use l2witness_ebpf::layout::{self, Ignored};

use super::{Config, Facts, Shared, clock::Clock, port::Port, sender::Names, watch::Watch};
use crate::evidence::{
    Heard, HistoryState, Interface, LbIp, Local, NodeReport, OnInterface, Reached, RequestTimes, Said,
    SourceState, Takeovers,
};

/// Everything a report is made of.
pub(super) struct Sources<'a> {
    pub(super) ports: &'a BTreeMap<u32, Port>,
    pub(super) shared: &'a Shared,
    pub(super) watch: &'a Watch,
    pub(super) config: &'a Config,
    pub(super) since: Timestamp,
    pub(super) names: &'a Names,
    pub(super) lost: &'a BTreeMap<String, u64>,
    pub(super) facts: &'a Facts,
    pub(super) takeovers: &'a Takeovers,
    pub(super) asked: &'a RequestTimes,
}

pub(super) fn report(sources: &Sources<'_>) -> NodeReport {
    let clock = Clock::read();
    let mut events_lost = sources.lost.clone();
    let mut interfaces = Vec::with_capacity(sources.ports.len());
    for port in sources.ports.values() {
        let mut ignored = BTreeMap::new();
        if let Ok(on) = &port.state {
            for reason in Ignored::ALL {
                let count = on.programs.ignored(reason);
                if reason.is_event() {
                    *events_lost.entry(reason.label().to_owned()).or_default() += count;
                } else {
                    ignored.insert(reason.label().to_owned(), count);
                }
            }
        }
        interfaces.push(Interface {
            name: port.link.name.clone(),
            index: port.link.index,
            mac: port.link.mac.unwrap_or_default(),
            up: port.link.up,
            carrier: port.link.carrier,
            hook: port.state.as_ref().ok().map(|on| on.hook.to_string()),
            skipped: port.state.as_ref().err().cloned(),
            ignored,
            host: sources.facts.of(port.link.index),
        });
    }
    NodeReport {
        schema: NodeReport::SCHEMA,
        node: sources.config.node.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: clock.wall,
        since: sources.since,
        source: sources.config.source.clone(),
        source_state: SourceState::default(),
        speaker: None,
        capacity: sources.watch.capacity(),
        interfaces,
        lb_ips: sources.watch.iter().map(|(ip, index)| lb_ip(sources, &clock, ip, index)).collect(),
        events_lost,
        history: HistoryState::default(),
        clock: None,
    }
}

fn lb_ip(sources: &Sources<'_>, clock: &Clock, ip: std::net::IpAddr, index: u32) -> LbIp {
    let wall = |time| clock.wall(time);
    let slots = sources.ports.values().filter_map(|port| {
        let programs = &port.state.as_ref().ok()?.programs;
        let noted = sources.asked.of(ip, port.link.index);
        let on = OnInterface::of(port.link.name.clone(), &programs.slot(index)?, noted, &wall);
        let reached =
            |traffic: layout::Traffic| Reached { packets: traffic.packets, last: wall(traffic.last) };
        Some(OnInterface { traffic: programs.traffic(index).map(reached), ..on })
    });
    let claims = sources.shared.claims(index);
    let (takeovers, handovers) = sources.takeovers.of(ip, &wall);
    let heard = |entry: &layout::Heard| Heard::of(interface_name(sources, entry.ifindex)?, entry, &wall);
    LbIp {
        ip,
        since: None,
        interfaces: slots.collect(),
        local: claims.local.iter().filter_map(|entry| local(sources, clock, entry)).collect(),
        heard: claims.heard.iter().filter_map(heard).collect(),
        local_overflow: claims.local_overflow.into(),
        heard_overflow: claims.heard_overflow.into(),
        bound: sources.facts.bound(ip),
        takeovers,
        handovers,
        foreign_claims: 0,
        said: Said::default(),
    }
}

/// None once it is gone: what was sent or heard there says nothing about the wires that are left.
fn interface_name(sources: &Sources<'_>, ifindex: u32) -> Option<String> {
    sources.ports.get(&ifindex).map(|port| port.link.name.clone())
}

fn local(sources: &Sources<'_>, clock: &Clock, entry: &layout::Local) -> Option<Local> {
    let proven = layout::Origin::from_u8((entry.mac_origin >> 48) as u8)?;
    let who = sources.names.proven(proven, (entry.cookie, entry.cgroup), &sources.config.speaker);
    Local::of(interface_name(sources, entry.ifindex)?, entry, who, &|time| clock.wall(time))
}
