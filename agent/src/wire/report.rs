//! From map entries to the plain data of [`crate::evidence`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use l2witness_ebpf::{
    frame::{Flags, Mac},
    layout::{self, Counter, Ignored, LATENCY_BUCKETS, Slot, Stamp},
};

use super::{
    Config, Facts, Shared, asked::Asked, clock::Clock, port::Port, sender::Names, takeovers::Takeovers,
    watch::Watch,
};
use crate::evidence::{
    Heard, Interface, Latency, LbIp, Local, MacAddr, NodeReport, OnInterface, Origin, Requests, Said, Sent,
    SourceState, Takeover, Times,
};

const MAC_BITS: u64 = 0xffff_ffff_ffff;

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
    pub(super) asked: &'a Asked,
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
    }
}

fn lb_ip(sources: &Sources<'_>, clock: &Clock, ip: std::net::IpAddr, index: u32) -> LbIp {
    let slots = sources.ports.values().filter_map(|port| {
        let programs = &port.state.as_ref().ok()?.programs;
        let mut on = on_interface(port.link.name.clone(), &programs.slot(index)?, clock);
        let noted = sources.asked.of(ip, port.link.index).filter_map(|time| clock.wall(time));
        on.recent_requests.extend(noted);
        on.recent_requests.sort_unstable();
        on.recent_requests.dedup();
        Some(on)
    });
    let claims = sources.shared.claims(index);
    let history = sources.takeovers.of(ip);
    let takeover = |(time, mac): &(u64, MacAddr)| Some(Takeover { at: clock.wall(*time)?, mac: *mac });
    LbIp {
        ip,
        since: None,
        interfaces: slots.collect(),
        local: claims.local.iter().filter_map(|entry| local(sources, clock, entry)).collect(),
        heard: claims.heard.iter().filter_map(|entry| heard(sources, clock, entry)).collect(),
        local_overflow: claims.local_overflow.into(),
        heard_overflow: claims.heard_overflow.into(),
        bound: sources.facts.bound(ip),
        takeovers: history.into_iter().flat_map(|history| &history.last).filter_map(takeover).collect(),
        handovers: history.map_or(0, |history| history.count),
        foreign_claims: 0,
        said: Said::default(),
    }
}

fn on_interface(interface: String, slot: &Slot, clock: &Clock) -> OnInterface {
    let count = |counter: Counter| slot.counts[counter as usize];
    let last = |stamp: Stamp| clock.wall(slot.last[stamp as usize]);
    let mut recent = slot.recent;
    recent.sort_unstable();
    OnInterface {
        interface,
        requests: Requests {
            group: count(Counter::RequestGroup),
            unicast: count(Counter::RequestUnicast),
            other_host: count(Counter::RequestOtherHost),
            no_link_layer: count(Counter::RequestNoLinkLayer),
        },
        probes: count(Counter::Probe),
        replies_received: count(Counter::ReplyReceived),
        announcements_received_request: count(Counter::AnnouncementRequestReceived),
        announcements_received_reply: count(Counter::AnnouncementReplyReceived),
        replies_sent: Sent {
            socket: count(Counter::ReplySentSocket),
            kernel: count(Counter::ReplySentKernel),
            forwarded: count(Counter::ReplySentForwarded),
        },
        announcements_sent_request: Sent {
            socket: count(Counter::AnnouncementRequestSentSocket),
            kernel: count(Counter::AnnouncementRequestSentKernel),
            forwarded: 0,
        },
        announcements_sent_reply: Sent {
            socket: count(Counter::AnnouncementReplySentSocket),
            kernel: count(Counter::AnnouncementReplySentKernel),
            forwarded: count(Counter::AnnouncementForwarded),
        },
        requests_sent: count(Counter::RequestSent),
        unanswered: count(Counter::Unanswered),
        hardware_mismatch: count(Counter::HardwareMismatch),
        latency: Latency {
            buckets: slot.latency.iter().map(|bucket| u64::from(*bucket)).collect(),
            sum_seconds: slot.latency_sum as f64 / 1e9,
        },
        last: Times {
            request: last(Stamp::Request),
            probe: last(Stamp::Probe),
            reply_received: last(Stamp::ReplyReceived),
            announcement_received: last(Stamp::AnnouncementReceived),
            reply_sent: last(Stamp::ReplySent),
            announcement_sent: last(Stamp::AnnouncementSent),
        },
        recent_requests: recent.iter().filter_map(|time| clock.wall(*time)).collect(),
    }
}

const _: () = assert!(LATENCY_BUCKETS == 12, "docs/api.md and docs/metrics.md name the buckets");

/// None once it is gone: what was sent or heard there says nothing about the wires that are left.
fn interface_name(sources: &Sources<'_>, ifindex: u32) -> Option<String> {
    sources.ports.get(&ifindex).map(|port| port.link.name.clone())
}

fn local(sources: &Sources<'_>, clock: &Clock, entry: &layout::Local) -> Option<Local> {
    let last = clock.wall(entry.last)?;
    let proven = layout::Origin::from_u8((entry.mac_origin >> 48) as u8)?;
    let sender = (proven == layout::Origin::Socket).then(|| sources.names.of(entry.cookie, entry.cgroup));
    let origin = match (proven, &sender) {
        (layout::Origin::Kernel, _) => Origin::Kernel,
        (layout::Origin::Forwarded, _) => Origin::Forwarded,
        (layout::Origin::Socket, Some(sender))
            if sources.names.is_speaker(sender, &sources.config.speaker) =>
        {
            Origin::Speaker
        }
        (layout::Origin::Socket, _) => Origin::Socket,
    };
    Some(Local {
        interface: interface_name(sources, entry.ifindex)?,
        mac: Mac(entry.mac_origin & MAC_BITS).into(),
        origin,
        sender,
        replies: entry.replies.into(),
        announcements: entry.announcements.into(),
        first: clock.wall(entry.first).unwrap_or(last),
        last,
        vlan: entry.vlan,
        flags: flags(Flags(entry.flags)),
    })
}

fn heard(sources: &Sources<'_>, clock: &Clock, entry: &layout::Heard) -> Option<Heard> {
    let last = clock.wall(entry.last)?;
    Some(Heard {
        interface: interface_name(sources, entry.ifindex)?,
        mac: Mac(entry.mac_flags & MAC_BITS).into(),
        node: None,
        count: entry.count.into(),
        first: clock.wall(entry.first).unwrap_or(last),
        last,
        flags: flags(Flags((entry.mac_flags >> 48) as u16)),
    })
}

/// The bits as words; the two that only serve to tell the origin stay inside.
fn flags(bits: Flags) -> Vec<String> {
    const WORDS: [(Flags, &str); 5] = [
        (Flags::ROUTER, "router"),
        (Flags::SOLICITED, "solicited"),
        (Flags::OVERRIDE, "override"),
        (Flags::NO_LINK_LAYER, "no-link-layer"),
        (Flags::HARDWARE_MISMATCH, "hardware-mismatch"),
    ];
    WORDS.iter().filter(|(flag, _)| bits.has(*flag)).map(|(_, word)| (*word).to_owned()).collect()
}
