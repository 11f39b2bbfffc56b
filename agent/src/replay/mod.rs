//! Captures instead of agents: the same counting, evidence and judgement over pcap and pcapng files.
//!
//! [`Capture::read`] keeps of a file what is about the [`Watched`] addresses. [`Replay`] takes the captures of all
//! vantage points, finds out whose MAC is whose, and counts every frame on its node as the kernel programs would
//! have (`count`, held against the kernel by tests). What comes out is what agents give: a
//! [`NodeReport`] a node, and [`Event`]s, of which [`timelines`](crate::timeline) are made. `docs/replay.md` says what can't be told from a capture.

mod accounts;
mod capture;
pub mod count;
mod events;
mod node;
mod origin;
mod owners;
mod report;
#[cfg(test)]
mod sample;
mod watched;

use jiff::Timestamp;

use crate::evidence::{Event, MacAddr, NodeReport};
use capture::Seen;
pub use capture::{Capture, Damage, NoCapture};
use node::Node;
use owners::Host;
pub use owners::Unowned;
pub use watched::Watched;

/// All captures, ready to be counted.
#[derive(Debug)]
pub struct Replay {
    watched: Watched,
    nodes: Vec<Node>,
    /// Of all nodes, in the order of time; a node's number beside each.
    seen: Vec<(u32, Seen)>,
    unowned: Vec<Unowned>,
    last: u64,
}

impl Replay {
    /// From captures with the names of the nodes on which they were taken; several of one node are one vantage
    /// point. `macs` are nodes' own MACs, where somebody says so.
    pub fn new(watched: Watched, captures: Vec<(String, Capture)>, macs: &[(String, MacAddr)]) -> Self {
        let mut found = Found::default();
        for (name, capture) in captures {
            found.add(&name, capture);
        }
        let Found { mut hosts, mut seen, last } = found;
        let unowned = owners::settle(&mut hosts, &seen, macs);
        // Frames of one time stay in the order of their files.
        seen.sort_by_key(|(_, seen)| seen.time);
        let nodes = hosts.into_iter().map(Node::from).collect();
        Self { watched, nodes, seen, unowned, last }
    }

    /// Interfaces of which it is not known which frames their host sent: all count as received there.
    pub fn unowned(&self) -> &[Unowned] {
        &self.unowned
    }

    /// The time of the last frame; `None` if there is no frame at all.
    pub fn end(&self) -> Option<Timestamp> {
        if self.last == 0 { None } else { Timestamp::from_nanosecond(self.last.into()).ok() }
    }

    /// Counts all frames in the order of their times, and says what happened where that is asked for.
    pub fn run(&mut self, mut tell: Option<&mut dyn FnMut(Event)>) {
        let Self { watched, nodes, seen, .. } = self;
        for (node, seen) in std::mem::take(seen) {
            if let Some(node) = nodes.get_mut(node as usize) {
                node.frame(&seen, watched.ips(), &mut tell);
            }
        }
    }

    /// What the agents would report at `now`, a report a node.
    pub fn reports(&self, now: Timestamp) -> Vec<NodeReport> {
        self.nodes.iter().map(|node| report::of(node, self.watched.ips(), now)).collect()
    }
}

/// What the captures have together.
#[derive(Default)]
struct Found {
    /// In the order of their first captures.
    hosts: Vec<Host>,
    seen: Vec<(u32, Seen)>,
    last: u64,
}

impl Found {
    fn add(&mut self, name: &str, capture: Capture) {
        let Capture { taps, seen, span: (first, last), .. } = capture;
        let number = self.hosts.iter().position(|host| host.name == name).unwrap_or_else(|| {
            self.hosts.push(Host { name: name.to_owned(), since: 0, taps: Vec::new() });
            self.hosts.len() - 1
        });
        let host = &mut self.hosts[number];
        if first != 0 && (host.since == 0 || first < host.since) {
            host.since = first;
        }
        self.last = self.last.max(last);
        // From the capture's numbers of its interfaces to the host's.
        let numbers: Vec<u32> = taps.into_iter().map(|tap| host.add(tap)).collect();
        let of_host = seen.into_iter().map(|seen| {
            let tap = numbers.get(seen.tap as usize).copied().unwrap_or_default();
            (number as u32, Seen { tap, ..seen })
        });
        self.seen.extend(of_host);
    }
}

#[cfg(test)]
mod tests;
