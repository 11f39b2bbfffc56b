//! One node of a replay: what was counted there, as its agent would have.

use std::net::IpAddr;

use l2witness_ebpf::{
    frame::{Kind, Mac, Message},
    layout::{self, Cause, Claims, Ignored, Slot, Stamp},
};

use super::{
    capture::{Seen, Way},
    count::{self, Sender},
    events::{self, Events},
    origin,
    owners::{Host, Tapped},
};
use crate::evidence::{Event, Origin, RequestTimes, Takeovers};

/// A node, or whoever else took the capture.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) ports: Vec<Port>,
    /// By the number of the address.
    pub(super) claims: Vec<Option<Box<Claims>>>,
    pub(super) takeovers: Takeovers,
    pub(super) request_times: RequestTimes,
    /// Time of its first frame, nanoseconds; 0 if there is none.
    pub(super) since: u64,
    names: Vec<String>,
    events: Events,
    passing: Passing,
}

/// One of its interfaces.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) name: String,
    /// Its own MACs, as far as they are known.
    pub(super) own: Vec<Mac>,
    pub(super) ignored: [u64; Ignored::COUNT],
    /// By the number of the address.
    pub(super) slots: Vec<Option<Box<Slot>>>,
}

impl Port {
    /// The way of a frame by its addresses. Where the own MAC is not known, all are somebody else's.
    fn way(&self, message: &Message) -> Way {
        if self.own.contains(&message.source) {
            Way::Out
        } else if message.destination.is_group() || self.own.contains(&message.destination) {
            Way::In
        } else {
            Way::InForOther
        }
    }

    fn slot(&mut self, number: u32) -> &mut Slot {
        entry(&mut self.slots, number, Slot::EMPTY)
    }
}

fn entry<T>(entries: &mut Vec<Option<Box<T>>>, number: u32, empty: T) -> &mut T {
    let at = number as usize;
    if entries.len() <= at {
        entries.resize_with(at + 1, || None);
    }
    entries[at].get_or_insert_with(|| Box::new(empty))
}

/// Where events go, if anybody wants them.
pub(super) type Tell<'a> = Option<&'a mut dyn FnMut(Event)>;

impl From<Host> for Node {
    fn from(host: Host) -> Self {
        let Host { name, since, taps } = host;
        let port =
            |tap: Tapped| Port { name: tap.name, own: tap.macs, ignored: tap.ignored, slots: Vec::new() };
        let ports: Vec<_> = taps.into_iter().map(port).collect();
        Self {
            names: ports.iter().map(|port| port.name.clone()).collect(),
            ports,
            claims: Vec::new(),
            takeovers: Takeovers::default(),
            request_times: RequestTimes::default(),
            since,
            events: Events::new(&name),
            passing: Passing::default(),
            name,
        }
    }
}

impl Node {
    /// Counts one frame, as the kernel programs do (`programs/mod.rs`, `account`); `seen.tap` is the port.
    pub(super) fn frame(&mut self, seen: &Seen, ips: &[IpAddr], tell: &mut Tell<'_>) {
        let Some(port) = self.ports.get_mut(seen.tap as usize) else { return };
        let message = &seen.message;
        let way = seen.way.unwrap_or_else(|| port.way(message));
        let out = way == Way::Out;
        if out && seen.subject.is_none() {
            // Of what this node sends, its own address counts for nothing.
            port.ignored[Ignored::NotWatched as usize] += 1;
            return;
        }
        let from = if out { self.passing.origin(seen) } else { layout::Origin::Socket };
        if let Some(number) = seen.subject {
            let slot = port.slot(number);
            if out {
                count::sent(slot, message, from, seen.time);
            } else {
                count::received(slot, message, way == Way::InForOther, seen.time);
                if let (Kind::Request, Some(ip)) = (message.kind, ips.get(number as usize)) {
                    self.request_times.note(*ip, index(seen.tap), slot.last[Stamp::Request as usize]);
                }
                self.passing.came_in(seen);
            }
            self.claim(seen, number, out.then_some(from), ips);
            self.tell(seen, number, out.then_some(from), ips, tell);
        }
        if let (false, Some(number)) = (out, seen.sender) {
            self.note_heard(seen, number, ips);
        }
    }

    /// Notes who claims the address that the frame is about.
    fn claim(&mut self, seen: &Seen, number: u32, origin: Option<layout::Origin>, ips: &[IpAddr]) {
        let message = &seen.message;
        if matches!(message.kind, Kind::Request | Kind::Probe) {
            return;
        }
        let Some(origin) = origin else { return self.note_heard(seen, number, ips) };
        let sender = Sender { origin, cookie: 0, cgroup: 0 };
        let claims = entry(&mut self.claims, number, Claims::EMPTY);
        let slot = &*self.ports[seen.tap as usize].slot(number);
        let cause = count::local(claims, message, message.vlan, (index(seen.tap), slot), sender, seen.time);
        self.changed(seen, number, cause, ips);
    }

    fn note_heard(&mut self, seen: &Seen, number: u32, ips: &[IpAddr]) {
        let claims = entry(&mut self.claims, number, Claims::EMPTY);
        let slot = &*self.ports[seen.tap as usize].slot(number);
        let cause = count::heard(claims, &seen.message, (index(seen.tap), slot), seen.time);
        self.changed(seen, number, cause, ips);
    }

    fn changed(&mut self, seen: &Seen, number: u32, cause: Option<Cause>, ips: &[IpAddr]) {
        if let (Some(_), Some(ip)) = (cause, ips.get(number as usize)) {
            self.takeovers.note(*ip, index(seen.tap), seen.message.hardware.into(), seen.time);
        }
    }

    fn tell(
        &mut self,
        seen: &Seen,
        number: u32,
        origin: Option<layout::Origin>,
        ips: &[IpAddr],
        tell: &mut Tell<'_>,
    ) {
        let (Some(tell), Some(ip)) = (tell.as_deref_mut(), ips.get(number as usize)) else { return };
        let frame = events::Frame {
            ip: *ip,
            time: seen.time,
            tap: seen.tap,
            interface: &self.names[seen.tap as usize],
            message: &seen.message,
            origin: origin.map(known),
        };
        self.events.frame(&frame, &self.names, tell);
    }
}

/// The index of a port, as an entry has it. Not 0: an empty entry has that.
pub(super) const fn index(tap: u32) -> u32 {
    tap + 1
}

/// The origin of a sender that nothing names.
pub(super) const fn known(origin: layout::Origin) -> Origin {
    match origin {
        layout::Origin::Socket => Origin::Socket,
        layout::Origin::Kernel => Origin::Kernel,
        layout::Origin::Forwarded => Origin::Forwarded,
    }
}

/// Frames that came in just now: a bridge sends the same ones out again by another interface.
#[derive(Debug, Default)]
struct Passing {
    last: [Option<Seen>; Self::KEPT],
    next: usize,
}

impl Passing {
    const KEPT: usize = 16;
    /// A bridge takes no longer.
    const WITHIN_NS: u64 = 100_000_000;

    fn came_in(&mut self, seen: &Seen) {
        // Only a capture that knows the way itself can hold both.
        if seen.way.is_some() {
            self.last[self.next] = Some(*seen);
            self.next = (self.next + 1) % Self::KEPT;
        }
    }

    fn origin(&self, seen: &Seen) -> layout::Origin {
        let same = |came: &Seen| {
            let (one, other) = (&came.message, &seen.message);
            (one.kind, one.subject, one.source, one.hardware)
                == (other.kind, other.subject, other.source, other.hardware)
                && seen.time.saturating_sub(came.time) <= Self::WITHIN_NS
        };
        if seen.way.is_some() && self.last.iter().flatten().any(same) {
            layout::Origin::Forwarded
        } else {
            origin::by_length(&seen.message, seen.length)
        }
    }
}
