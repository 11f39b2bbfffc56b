//! The counters that the speaker has, too, read out fast: twice at each reading of its metrics.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use l2witness_ebpf::layout::{self, Counter, Slot};

use super::{Config, Facts, Layered, Shared, port::Port, sender::Names, watch::Watch};
use crate::evidence::{Named, Sender};

/// `MetalLB` scans the interfaces every 10 s; by then it has a socket on a new one.
const SCAN: Duration = Duration::from_secs(15);

/// The wire at one moment, for some LB IPs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The observed interfaces.
    pub ports: Vec<TallyPort>,
    /// Those LB IPs that are watched.
    pub ips: BTreeMap<IpAddr, TallyIp>,
}

/// An observed interface.
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of the kernel's")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TallyPort {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Another one each time programs are attached to an interface: its counters begin at zero.
    pub attached: u64,
    /// Administratively up for longer than `MetalLB` takes to notice.
    pub settled: bool,
    /// Administratively up.
    pub up: bool,
    /// Has carrier.
    pub carrier: bool,
    /// Has an IPv6 link-local address to be bound to.
    pub link_local: bool,
    /// Index of the interface it lies above.
    pub above: Option<u32>,
    /// What it does with that one's frames.
    pub layered: Layered,
}

/// The counters of one LB IP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TallyIp {
    /// Another number each time it is watched anew: its counters begin at zero.
    pub watched: u64,
    /// One entry a port, in the ports' order.
    pub counts: Vec<TallyCounts>,
    /// Frames by sockets of programs that have a name which is not the speaker's, where a speaker is known.
    pub others_frames: u64,
    /// IPv6: indices of the interfaces that joined its solicited-node group.
    pub groups: BTreeSet<u32>,
}

/// On one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TallyCounts {
    /// Requests by broadcast or multicast.
    pub group: u64,
    /// Requests to a MAC of this node.
    pub unicast: u64,
    /// Requests to somebody else's MAC.
    pub other_host: u64,
    /// Of all these, solicitations without source link-layer option.
    pub no_link_layer: u64,
    /// ARP probes and DAD solicitations.
    pub probes: u64,
    /// Gratuitous requests of others.
    pub foreign: u64,
    /// Replies by sockets.
    pub replies: u64,
    /// Announcements by sockets, of either form.
    pub announcements: u64,
    /// Replies by the kernel.
    pub kernel_replies: u64,
}

/// What a tally is made of.
pub(super) struct Sources<'a> {
    pub(super) ports: &'a BTreeMap<u32, Port>,
    pub(super) shared: &'a Shared,
    pub(super) watch: &'a Watch,
    pub(super) config: &'a Config,
    pub(super) names: &'a Names,
    pub(super) facts: &'a Facts,
}

pub(super) fn tally(sources: &Sources<'_>, ips: &BTreeSet<IpAddr>) -> Tally {
    let observed: Vec<_> =
        sources.ports.values().filter_map(|port| Some((port, port.state.as_ref().ok()?))).collect();
    let ports = observed.iter().map(|(port, on)| {
        let below = sources.facts.below(port.link.index);
        TallyPort {
            index: port.link.index,
            name: port.link.name.clone(),
            attached: on.attached,
            settled: port.link.up && port.up_since.elapsed() >= SCAN,
            up: port.link.up,
            carrier: port.link.carrier,
            link_local: sources.facts.has_link_local(port.link.index),
            above: below.map(|(index, _)| index),
            layered: below.map(|(_, layered)| layered).unwrap_or_default(),
        }
    });
    let ports = ports.collect();
    let mut known = sources.names.known();
    let knows_speaker = known.any(|sender| sources.names.is_speaker(sender, &sources.config.speaker));
    let of_ip = |ip: &IpAddr| {
        let (index, watched) = sources.watch.get(*ip)?;
        let counts = observed.iter().map(|(_, on)| on.programs.slot(index).map(|slot| counts(&slot)));
        let groups = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => sources.facts.joined(*v6).cloned(),
        };
        let tally = TallyIp {
            watched,
            counts: counts.collect::<Option<_>>()?,
            others_frames: if knows_speaker { others_frames(sources, index) } else { 0 },
            groups: groups.unwrap_or_default(),
        };
        Some((*ip, tally))
    };
    Tally { ports, ips: ips.iter().filter_map(of_ip).collect() }
}

fn counts(slot: &Slot) -> TallyCounts {
    let count = |counter: Counter| slot.counts[counter as usize];
    TallyCounts {
        group: count(Counter::RequestGroup),
        unicast: count(Counter::RequestUnicast),
        other_host: count(Counter::RequestOtherHost),
        no_link_layer: count(Counter::RequestNoLinkLayer),
        probes: count(Counter::Probe),
        foreign: count(Counter::AnnouncementRequestReceived),
        replies: count(Counter::ReplySentSocket),
        announcements: count(Counter::AnnouncementRequestSentSocket)
            + count(Counter::AnnouncementReplySentSocket),
        kernel_replies: count(Counter::ReplySentKernel),
    }
}

fn others_frames(sources: &Sources<'_>, index: u32) -> u64 {
    let is_other = |local: &&layout::Local| {
        let by_socket =
            layout::Origin::from_u8((local.mac_origin >> 48) as u8) == Some(layout::Origin::Socket);
        let another = |sender: &Sender| {
            sender.by != Named::Cookie && !sources.names.is_speaker(sender, &sources.config.speaker)
        };
        local.last != 0 && by_socket && sources.names.get(local.cookie).is_some_and(another)
    };
    let claims = sources.shared.claims(index);
    let others = claims.local.iter().filter(is_other);
    others.map(|local| u64::from(local.replies) + u64::from(local.announcements)).sum()
}
