//! Which MACs are whose.

use std::{collections::HashSet, fmt};

use l2witness_ebpf::{frame::Mac, layout::Ignored};

use super::capture::{Candidates, Seen, Tap, Way};
use crate::evidence::MacAddr;

/// MACs of one interface that are kept. Only what was captured on all interfaces together has more than one.
const MACS: usize = 64;

/// A host on which captures were taken.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: String,
    /// Time of its first frame, 0 if there is none.
    pub(super) since: u64,
    pub(super) taps: Vec<Tapped>,
}

/// An interface of a host, by all of its captures.
#[derive(Debug)]
pub(super) struct Tapped {
    pub(super) name: String,
    pub(super) ignored: [u64; Ignored::COUNT],
    /// Its own MACs, as far as they follow from anything.
    pub(super) macs: Vec<Mac>,
    named: Option<Mac>,
    candidates: Candidates,
    by_address: bool,
}

impl Host {
    /// Adds a capture's interface; returns its number among the host's.
    pub(super) fn add(&mut self, tap: Tap) -> u32 {
        if let Some(known) = self.taps.iter().position(|known| known.name == tap.name) {
            self.taps[known].merge(&tap);
            return known as u32;
        }
        let Tap { name, mac: named, own: candidates, by_address, ignored } = tap;
        self.taps.push(Tapped { name, ignored, macs: Vec::new(), named, candidates, by_address });
        self.taps.len() as u32 - 1
    }
}

impl Tapped {
    /// Another capture of the same interface.
    fn merge(&mut self, tap: &Tap) {
        self.candidates = self.candidates.with(tap.own);
        self.by_address |= tap.by_address;
        self.named = self.named.or(tap.mac);
        for (all, more) in self.ignored.iter_mut().zip(tap.ignored) {
            *all += more;
        }
    }

    /// Whether something followed that was not known before.
    fn learn(&mut self) -> bool {
        if !self.macs.is_empty() {
            return false;
        }
        match (self.named, self.candidates) {
            (Some(mac), _) | (None, Candidates::One(mac)) => self.macs.push(mac),
            _ => {}
        }
        !self.macs.is_empty()
    }
}

/// An interface of which nobody can say which frames its host sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unowned {
    /// The node.
    pub node: String,
    /// The interface.
    pub interface: String,
    /// The MACs of which one must be its own, if it is down to two.
    pub candidates: Option<(Mac, Mac)>,
}

impl fmt::Display for Unowned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, interface, candidates } = self;
        write!(f, "{node}: which frames {interface} sent is not known, so all count as received; ")?;
        match candidates {
            Some((one, other)) => write!(f, "give --mac {node}={one} or --mac {node}={other}"),
            None => write!(f, "unless it only listened, give --mac {node}=MAC"),
        }
    }
}

/// Finds the MACs of each interface: as somebody says (`given`, by node), as the capture names it, as its unicast
/// frames say, and by what remains of two when the other hosts' are known. Returns those of which nothing is known.
pub(super) fn settle(hosts: &mut [Host], seen: &[(u32, Seen)], given: &[(String, MacAddr)]) -> Vec<Unowned> {
    for host in hosts.iter_mut() {
        let of_host = given.iter().filter(|(node, _)| *node == host.name);
        let macs: Vec<_> = of_host.map(|(_, mac)| Mac::from_octets(mac.0)).collect();
        host.taps.iter_mut().for_each(|tap| tap.macs.clone_from(&macs));
    }
    add_senders(hosts, seen);
    while learn(hosts) {
        exclude(hosts);
    }
    let mut unowned = Vec::new();
    for host in hosts.iter() {
        for tap in host.taps.iter().filter(|tap| tap.macs.is_empty() && tap.by_address) {
            let candidates = match tap.candidates {
                Candidates::Two(one, other) => Some((one.min(other), one.max(other))),
                _ => None,
            };
            unowned.push(Unowned { node: host.name.clone(), interface: tap.name.clone(), candidates });
        }
    }
    unowned
}

fn learn(hosts: &mut [Host]) -> bool {
    let taps = hosts.iter_mut().flat_map(|host| &mut host.taps);
    taps.filter_map(|tap| tap.learn().then_some(())).count() > 0
}

/// What is one host's is no other's.
fn exclude(hosts: &mut [Host]) {
    let of = |(number, host): (usize, &Host)| -> Vec<(usize, Mac)> {
        host.taps.iter().flat_map(|tap| &tap.macs).map(|mac| (number, *mac)).collect()
    };
    let known: Vec<_> = hosts.iter().enumerate().flat_map(of).collect();
    for (number, host) in hosts.iter_mut().enumerate() {
        for tap in &mut host.taps {
            for (owner, mac) in &known {
                if *owner != number {
                    tap.candidates = tap.candidates.without(*mac);
                }
            }
        }
    }
}

/// Where the capture itself says what was sent, that shows the MACs: of what went out, all that had not come in.
fn add_senders(hosts: &mut [Host], seen: &[(u32, Seen)]) {
    let told = |way: fn(Way) -> bool| seen.iter().filter(move |(_, seen)| seen.way.is_some_and(way));
    let came: HashSet<(u32, Mac)> =
        told(|way| way != Way::Out).map(|(host, seen)| (*host, seen.message.source)).collect();
    for (host, seen) in told(|way| way == Way::Out) {
        let source = seen.message.source;
        if came.contains(&(*host, source)) {
            continue;
        }
        let tap = hosts.get_mut(*host as usize).and_then(|host| host.taps.get_mut(seen.tap as usize));
        if let Some(tap) = tap.filter(|tap| tap.macs.len() < MACS && !tap.macs.contains(&source)) {
            tap.macs.push(source);
        }
    }
}
