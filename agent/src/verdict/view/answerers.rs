//! Who answers, answered or announced.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    evidence::{Heard, LbIp, Local, MacAddr, Named, Origin, Sender},
    verdict::{
        program::{programs, same_program},
        seen::Seen,
        state::{State, began_after, last_reply, replaced, senders, state},
        time::MAX_SKEW,
    },
};

/// One (node, MAC, origin, sender) that evidence proves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answerer {
    /// The node.
    pub node: String,
    /// The interface it sends from; of several, the one with most replies.
    pub interface: String,
    /// All interfaces on which its frames were counted: a VLAN and the NIC below it both count them.
    pub interfaces: Vec<String>,
    /// The MAC it answers with.
    pub mac: MacAddr,
    /// Who it is.
    pub origin: Origin,
    /// What it is doing now.
    pub state: State,
    /// Replies sent.
    pub replies: u64,
    /// Announcements sent.
    pub announcements: u64,
    /// First frame.
    pub first: Timestamp,
    /// Last frame.
    pub last: Timestamp,
    /// Last reply, at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reply: Option<Timestamp>,
    /// Who took over from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<Successor>,
    /// Whether any of its interfaces has carrier.
    pub carrier: bool,
    /// Whether another of its node's interfaces hears the same segment.
    pub same_segment: bool,
    /// What was odd about its last frames.
    pub flags: Vec<String>,
    /// The program, for origins `speaker` and `socket`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

/// Who took over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Successor {
    /// Its node.
    pub node: String,
    /// When, at the latest.
    pub at: Timestamp,
}

pub(super) fn answerers(seen: &[Seen<'_>], now: Timestamp) -> Vec<Answerer> {
    let mut merged: Vec<Answerer> = Vec::new();
    for here in seen {
        let mut programs = programs(here.lb);
        // Of equals, the VLAN (untagged inside) speaks for its NIC.
        programs.sort_by(|a, b| (b.replies, a.vlan, &a.interface).cmp(&(a.replies, b.vlan, &b.interface)));
        for local in &programs {
            let one = answerer(local, here, seen, now);
            match merged.iter_mut().find(|known| known.is_same(&one)) {
                Some(known) => known.merge(one),
                None => merged.push(one),
            }
        }
    }
    // Not by time alone: rows must not change places whenever somebody looks.
    merged.sort_by(|a, b| (a.state, &a.node, b.last).cmp(&(b.state, &b.node, a.last)));
    merged
}

fn answerer(local: &Local, here: &Seen<'_>, seen: &[Seen<'_>], now: Timestamp) -> Answerer {
    let successor = successor(local, here, seen);
    let Local { interface, mac, origin, sender, replies, announcements, first, last, vlan: _, flags } = local;
    Answerer {
        node: here.node().to_owned(),
        interface: interface.clone(),
        interfaces: vec![interface.clone()],
        mac: *mac,
        origin: *origin,
        state: state(local, here.lb, successor.as_ref().map(|successor| successor.at), now),
        replies: *replies,
        announcements: *announcements,
        first: *first,
        last: *last,
        last_reply: last_reply(local, here.lb),
        successor,
        carrier: here
            .report
            .interfaces
            .iter()
            .find(|known| known.name == *interface)
            .is_none_or(|i| i.carrier),
        same_segment: shares_segment(local, here),
        flags: flags.clone(),
        sender: sender.clone(),
    }
}

impl Answerer {
    /// Its name for people: the pod, the unit or the process where one is known, else what it is.
    pub fn who(&self) -> String {
        let sender = self.sender.as_ref();
        let pod = sender.and_then(|sender| sender.pod.as_deref());
        let name = pod.or_else(|| sender.filter(|_| self.origin == Origin::Socket).and_then(by_name));
        name.unwrap_or(self.origin.label()).to_owned()
    }

    /// Whether [`Self::who`] names one program rather than a kind.
    pub(in crate::verdict) fn is_named(&self) -> bool {
        let sender = self.sender.as_ref();
        sender.is_some_and(|sender| sender.pod.is_some() || by_name(sender).is_some())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.node == other.node
            && self.mac == other.mac
            && self.origin == other.origin
            && same_program(self.sender.as_ref(), other.sender.as_ref())
    }

    /// The same frames seen on a further interface: the larger figure, never the sum.
    fn merge(&mut self, other: Self) {
        self.interfaces.extend(other.interfaces);
        self.state = self.state.min(other.state);
        self.replies = self.replies.max(other.replies);
        self.announcements = self.announcements.max(other.announcements);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.last_reply = self.last_reply.max(other.last_reply);
        if self.state != State::Superseded {
            self.successor = None;
        }
        self.carrier |= other.carrier;
        self.same_segment |= other.same_segment;
        let new: Vec<_> = other.flags.into_iter().filter(|flag| !self.flags.contains(flag)).collect();
        self.flags.extend(new);
    }
}

fn by_name(sender: &Sender) -> Option<&str> {
    match sender.by {
        Named::Unit | Named::Process => Some(&sender.name),
        Named::Container | Named::Cgroup | Named::Cookie | Named::Length => sender.process.as_deref(),
    }
}

/// Who took over, if anybody did after this sender's last frame: the first to begin, and a program before a
/// kernel, which takes nothing over but answers beside whoever does.
fn successor(local: &Local, here: &Seen<'_>, seen: &[Seen<'_>]) -> Option<Successor> {
    let elsewhere = seen.iter().filter(|there| there.node() != here.node()).flat_map(|there| {
        senders(there.lb).filter_map(|other| {
            let at = took_over(other, there.lb, local, here.lb)?;
            Some((other.origin == Origin::Kernel, Successor { node: there.node().to_owned(), at }))
        })
    });
    let at_home = replaced(local, here.lb).map(|at| (false, Successor { node: here.node().to_owned(), at }));
    let first = elsewhere.chain(at_home).min_by_key(|(kernel, successor)| (*kernel, successor.at));
    first.map(|(_, successor)| successor)
}

/// What this node heard of the other is on its own clock and comes first. It may have heard nothing, because
/// it was cut off: then the other's wall clock counts, where it is later than clocks differ.
fn took_over(other: &Local, there: &LbIp, local: &Local, here: &LbIp) -> Option<Timestamp> {
    let of_other = |heard: &&Heard| heard.mac == other.mac;
    let heard = here.heard.iter().filter(of_other).map(|heard| heard.last).max();
    let began = began_after(other, there, local.last);
    match heard {
        Some(heard) if heard > local.last => Some(began.filter(|began| *began < heard).unwrap_or(heard)),
        Some(heard) => began.filter(|began| began.duration_since(heard) > MAX_SKEW),
        None => began,
    }
}

/// Whether another interface of this node hears what this one hears: its frames, or the same request.
fn shares_segment(local: &Local, here: &Seen<'_>) -> bool {
    senders(here.lb).filter(|other| other.mac != local.mac).any(|other| {
        hears(here.lb, &local.interface, other.mac)
            || hears(here.lb, &other.interface, local.mac)
            || asked_together(here.lb, &local.interface, &other.interface)
    })
}

fn hears(lb: &LbIp, interface: &str, mac: MacAddr) -> bool {
    lb.heard.iter().any(|heard| heard.interface == interface && heard.mac == mac)
}

fn asked_together(lb: &LbIp, one: &str, other: &str) -> bool {
    const SAME_FRAME: SignedDuration = SignedDuration::from_millis(5);
    let asked = |name| {
        let on = lb.interfaces.iter().find(|on| on.interface == name);
        on.map_or(&[][..], |on| on.recent_requests.as_slice())
    };
    asked(one).iter().any(|a| asked(other).iter().any(|b| a.duration_since(*b).abs() < SAME_FRAME))
}
