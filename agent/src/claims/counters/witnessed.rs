//! What the wire counted, by the rules by which `MetalLB`'s speaker counts.
//!
//! | counter | +1 for |
//! |---|---|
//! | `requests_received`, ARP | each frame of operation *request* for the IP, to all or to the interface's MAC, whoever its sender: requests, probes, and gratuitous requests of others |
//! | `requests_received`, NDP | each solicitation by multicast that has a source link-layer option; the others don't reach its socket, or are dropped |
//! | `responses_sent` | each answer that the kernel took from it |
//! | `gratuitous_sent` | ARP: each frame of either form; NDP: each round an interface, sent or not |
//!
//! It counts on each interface on which it has sockets. A VLAN's frames are on the NIC below it, too, where its
//! socket gets none of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::{
    evidence::Counter,
    wire::{Layered, Tally, TallyCounts, TallyIp, TallyPort},
};

/// Which interfaces the speaker uses for one LB IP, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope<'a> {
    /// Indices of interfaces on which some program has an ARP socket (`packet_diag`).
    pub sockets: Option<&'a BTreeSet<u32>>,
    /// Names that the `L2Advertisement`s select.
    pub selected: Option<&'a BTreeSet<String>>,
}

/// The wire's three figures for one LB IP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnessed {
    /// As `metallb_layer2_requests_received`.
    pub requests_received: u64,
    /// As `metallb_layer2_responses_sent`.
    pub responses_sent: u64,
    /// As `metallb_layer2_gratuitous_sent`.
    pub gratuitous_sent: u64,
    /// What two readings must have in common to be compared.
    pub basis: Basis,
    /// What may explain a difference.
    pub context: Context,
}

impl Witnessed {
    /// One of the three.
    pub const fn of(&self, counter: Counter) -> u64 {
        match counter {
            Counter::RequestsReceived => self.requests_received,
            Counter::ResponsesSent => self.responses_sent,
            Counter::GratuitousSent => self.gratuitous_sent,
        }
    }
}

/// Changes when the figures of two readings don't count the same things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Of the LB IP: its counters begin at zero when it is watched anew.
    pub watched: u64,
    /// Of each interface that counts: likewise.
    pub ports: Vec<u64>,
    /// Solicitations of which it is not known whether they count: without link-layer option, where some came by
    /// unicast.
    pub unsure_requests: u64,
    /// Frames by sockets of programs that are known not to be the speaker: they are in the figures.
    pub others_frames: u64,
}

impl Basis {
    /// Whether two readings of one counter can be compared.
    pub fn serves(&self, other: &Self, counter: Counter) -> bool {
        let same = self.watched == other.watched && self.ports == other.ports;
        same && match counter {
            Counter::RequestsReceived => self.unsure_requests == other.unsure_requests,
            Counter::ResponsesSent | Counter::GratuitousSent => self.others_frames == other.others_frames,
        }
    }
}

/// What may explain a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Replies by the node's kernel.
    pub kernel: u64,
    /// Gratuitous requests of others.
    pub foreign: u64,
    /// One of the interfaces has no carrier.
    pub no_carrier: bool,
    /// IPv6: one of the interfaces has not joined the solicited-node group.
    pub no_group: bool,
    /// There are ARP sockets on interfaces that are not observed.
    pub unobserved: bool,
}

/// `None` if the LB IP is not in the tally.
pub fn witnessed(tally: &Tally, ip: IpAddr, scope: Scope<'_>) -> Option<Witnessed> {
    let TallyIp { watched, counts, others_frames, groups } = tally.ips.get(&ip)?;
    let counts: BTreeMap<u32, &TallyCounts> = tally.ports.iter().map(|port| port.index).zip(counts).collect();
    let observed: BTreeSet<u32> = counts.keys().copied().collect();
    let mut all = Witnessed {
        basis: Basis { watched: *watched, others_frames: *others_frames, ..Basis::default() },
        context: Context {
            unobserved: scope.sockets.is_some_and(|sockets| !sockets.is_subset(&observed)),
            ..Context::default()
        },
        ..Witnessed::default()
    };
    for port in tally.ports.iter().filter(|port| has_socket(port, ip, scope)) {
        let Some(count) = counts.get(&port.index) else { continue };
        let below = tally.ports.iter().filter(|above| above.above == Some(port.index));
        let mut own = (*count).clone();
        for above in below {
            let Some(above_count) = counts.get(&above.index) else { continue };
            own.without(above_count, above.layered);
        }
        add(&mut all, &own, ip);
        all.basis.ports.push(port.attached);
        all.context.no_carrier |= !port.carrier;
        all.context.no_group |= ip.is_ipv6() && !groups.contains(&port.index);
    }
    Some(all)
}

/// Whether the speaker has a socket there that serves this IP. Where nobody can say which interfaces have sockets,
/// one that is new gets its own within the 10 s of `MetalLB`'s scan.
fn has_socket(port: &TallyPort, ip: IpAddr, scope: Scope<'_>) -> bool {
    let opened = scope.sockets.map_or(port.settled, |sockets| sockets.contains(&port.index));
    let selected = scope.selected.is_none_or(|names| names.contains(&port.name));
    port.up && opened && selected && (ip.is_ipv4() || port.link_local)
}

impl TallyCounts {
    /// Takes away what only passed through to the interface above.
    fn without(&mut self, above: &Self, layered: Layered) {
        // Not read at one instant: a frame between the two readings must not turn a figure over.
        let less = |from: &mut u64, what: u64| *from = from.saturating_sub(what);
        less(&mut self.replies, above.replies);
        less(&mut self.announcements, above.announcements);
        if layered == Layered::Copied {
            return;
        }
        less(&mut self.group, above.group);
        less(&mut self.unicast, above.unicast);
        less(&mut self.other_host, above.other_host);
        less(&mut self.no_link_layer, above.no_link_layer);
        less(&mut self.probes, above.probes);
        less(&mut self.foreign, above.foreign);
    }
}

fn add(all: &mut Witnessed, own: &TallyCounts, ip: IpAddr) {
    let TallyCounts {
        group,
        unicast,
        other_host,
        no_link_layer,
        probes,
        foreign,
        replies,
        announcements,
        kernel_replies,
    } = own;
    all.responses_sent += replies;
    all.gratuitous_sent += announcements;
    all.context.kernel += kernel_replies;
    all.context.foreign += foreign;
    if ip.is_ipv4() {
        all.requests_received += group + unicast + probes + foreign;
    } else {
        all.requests_received += group.saturating_sub(*no_link_layer);
        if unicast + other_host > 0 {
            all.basis.unsure_requests += no_link_layer;
        }
    }
}

#[cfg(test)]
mod tests;
