//! The events of all LB IPs, within bounds.

use std::{collections::BTreeMap, net::IpAddr};

use jiff::Timestamp;

use super::{
    kept::{Kept, time},
    query::Query,
    rings::{Dropped, Gap, Ring, Rings, Room},
};
use crate::{
    cluster::Words,
    evidence::{Event, Lost, What},
};

/// Where the total is reached, this part of it goes at once: looking for the oldest of all costs.
const PART: usize = 16;
/// A page is made of events whose numbers are no further apart.
const PAGE: u64 = 1024;
/// What concerns the node as a whole is one row beside thousands, and has room for more.
const NODE: usize = 4;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events an LB IP.
    pub events: usize,
    /// Events in all.
    pub total: usize,
}

/// The events of all LB IPs, and under no IP those of the node as a whole.
#[derive(Debug)]
pub(super) struct Store {
    limits: Limits,
    seq: u64,
    len: usize,
    of: BTreeMap<Option<IpAddr>, Rings>,
    names: Words,
}

/// What is read at once.
#[derive(Debug)]
pub(super) struct Page {
    /// By seq.
    pub(super) events: Vec<Event>,
    /// Everything up to there was read.
    pub(super) cursor: u64,
}

impl Store {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, seq: 0, len: 0, of: BTreeMap::new(), names: Words::default() }
    }

    /// The number of the last event.
    pub(super) const fn seq(&self) -> u64 {
        self.seq
    }

    /// Events that are there.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Events that had to go, of each ring.
    pub(super) fn dropped(&self) -> [u64; 2] {
        Ring::ALL.map(|ring| self.of.values().map(|rings| rings.dropped(ring).count).sum())
    }

    /// Adds an event under the next number; says so if it ends a gap.
    pub(super) fn push(&mut self, ip: Option<IpAddr>, at: Timestamp, what: What) -> (u64, Option<Gap>) {
        self.seq += 1;
        let kept = Kept::new(self.seq, at, what, &mut self.names);
        let times = if ip.is_some() { 1 } else { NODE };
        let room = Room::of(self.limits.events.saturating_mul(times));
        let rings = self.of.entry(ip).or_default();
        let before = rings.len();
        let gap = rings.push(kept, room);
        self.len = self.len + rings.len() - before;
        if self.len > self.limits.total {
            self.trim();
        }
        (self.seq, gap)
    }

    /// Makes room: the oldest of all go first, and those of handovers only when there is nothing else.
    fn trim(&mut self) {
        let mut wanted = (self.limits.total / PART).max(1);
        for ring in Ring::ALL {
            let all = self.of.values().flat_map(|rings| rings.ring(ring));
            let mut seqs: Vec<u64> = all.map(|kept| kept.seq).collect();
            let from = if wanted < seqs.len() { *seqs.select_nth_unstable(wanted).1 } else { u64::MAX };
            let dropped: usize = self.of.values_mut().map(|rings| rings.drop_before(ring, from)).sum();
            self.len -= dropped;
            wanted = wanted.saturating_sub(dropped);
            if wanted == 0 {
                break;
            }
        }
        // What nobody has events of any more must not add up, nor be forgotten.
        let mut gone = Rings::default();
        self.of.retain(|ip, rings| {
            let stays = ip.is_none() || rings.len() > 0;
            if !stays {
                gone.drop_with(rings);
            }
            stays
        });
        self.of.entry(None).or_default().drop_with(&gone);
    }

    /// The next events after `cursor` and up to `until` that are wanted. None, and a cursor at `until`: that was all.
    ///
    /// What had to go is told where the newest of it was, as [`What::Lost`].
    pub(super) fn page(&self, query: &Query, cursor: u64, until: u64, node: &str, boot: &str) -> Page {
        let rows: Vec<_> = match query.ips() {
            None => self.of.iter().collect(),
            Some(ips) => ips.filter_map(|ip| self.of.get_key_value(&ip)).collect(),
        };
        let mut from = cursor;
        loop {
            let to = from.saturating_add(PAGE).min(until);
            let (mut events, mut next) = (Vec::new(), until);
            for (ip, rings) in &rows {
                for ring in Ring::ALL {
                    let kept = rings.ring(ring);
                    let start = kept.partition_point(|kept| kept.seq <= from);
                    for kept in kept.range(start..) {
                        if kept.seq > to {
                            next = next.min(kept.seq - 1);
                            break;
                        }
                        if query.wants(kept.kind(), kept.at) {
                            events.push(kept.event(node, boot, **ip));
                        }
                    }
                    let dropped = rings.dropped(ring);
                    if dropped.count == 0 || dropped.seq <= from {
                        continue;
                    }
                    if dropped.seq > to {
                        next = next.min(dropped.seq - 1);
                    } else if query.wants("lost", dropped.at) {
                        events.push(lost(ring, dropped, node, boot, **ip));
                    }
                }
            }
            if !events.is_empty() || to >= until {
                events.sort_unstable_by_key(|event| event.seq);
                return Page { events, cursor: to };
            }
            // Nothing here: on to where there is something.
            from = next.max(to);
        }
    }
}

fn lost(ring: Ring, dropped: Dropped, node: &str, boot: &str, ip: Option<IpAddr>) -> Event {
    let reason = match ring {
        Ring::Routine => "history_requests",
        Ring::Handovers => "history",
    };
    Event {
        node: node.to_owned(),
        boot: boot.to_owned(),
        seq: dropped.seq,
        at: time(dropped.at),
        ip,
        what: What::Lost(Lost { count: dropped.count, reason: reason.to_owned() }),
    }
}

#[cfg(test)]
mod tests;
