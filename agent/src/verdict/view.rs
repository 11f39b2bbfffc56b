//! What several nodes know about one LB IP, merged.

use std::{collections::BTreeMap, net::IpAddr};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    claims::{Claim, claims},
    figures::Figures,
    owners::Owners,
    program::{programs, same_program},
    seen::Seen,
    state::{State, began_after, last_reply, replaced, senders, state},
};
use crate::evidence::{Heard, LbIp, Local, MacAddr, NodeReport, Origin, Sender};

/// Clocks of nodes that agree better than this are believed to agree.
const MAX_SKEW: SignedDuration = SignedDuration::from_secs(5);

/// Whom the asked agents stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// This node only: there may be others, and nobody asked them.
    Node,
    /// All nodes that may answer, as far as whoever asked knows.
    #[default]
    Agents,
}

/// On whom an answer rests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Whom the asked agents stand for.
    pub scope: Scope,
    /// Agents asked.
    pub asked: usize,
    /// Agents that replied and know about it.
    pub replied: usize,
    /// The others, and why.
    pub failed: Vec<Failed>,
}

/// An agent that adds nothing to the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Its URL, or its node's name if it replied.
    pub agent: String,
    /// Why.
    pub error: String,
}

/// Everything known about one LB IP.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// The address.
    pub ip: IpAddr,
    /// On whom this rests.
    pub agents: Coverage,
    /// Who answers, answered or announced: by state, then by node.
    pub answerers: Vec<Answerer>,
    /// Claims of MACs that belong to none of the asked nodes.
    pub foreign: Vec<Claim>,
    /// Claims of asked nodes, as others heard them.
    pub heard: Vec<Claim>,
    /// Requests.
    pub requests: Figures,
    /// Frames of claimants that had no place.
    pub overflow: u64,
}

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

/// Merges reports into one view per LB IP, ordered by IP.
pub fn views(reports: &[NodeReport], coverage: &Coverage, now: Timestamp) -> Vec<View> {
    let owners = Owners::new(reports);
    let mut by_ip: BTreeMap<IpAddr, Vec<Seen<'_>>> = BTreeMap::new();
    for report in reports {
        for lb in &report.lb_ips {
            by_ip.entry(lb.ip).or_default().push(Seen { report, lb });
        }
    }
    let view = |(ip, seen): (IpAddr, Vec<Seen<'_>>)| {
        let (heard, foreign) = claims(&seen, &owners).into_iter().partition(|claim| claim.node.is_some());
        let overflow = seen.iter().map(|Seen { lb, .. }| lb.local_overflow + lb.heard_overflow).sum();
        View {
            ip,
            agents: rests_on(&seen, reports, coverage),
            answerers: answerers(&seen, now),
            foreign,
            heard,
            requests: Figures::new(&seen),
            overflow,
        }
    };
    by_ip.into_iter().map(view).collect()
}

/// Agents that replied and yet can't know about this IP count with those that failed.
fn rests_on(seen: &[Seen<'_>], reports: &[NodeReport], coverage: &Coverage) -> Coverage {
    let mut agents = coverage.clone();
    // In the order of the reports.
    let mut watching = seen.iter().map(Seen::node).peekable();
    for report in reports {
        let mut watches = false;
        while watching.next_if_eq(&report.node.as_str()).is_some() {
            watches = true;
        }
        let error = if report.interfaces.iter().all(|interface| interface.hook.is_none()) {
            "observes no interface"
        } else if watches {
            continue;
        } else {
            "does not watch this address"
        };
        agents.failed.push(Failed { agent: report.node.clone(), error: error.to_owned() });
    }
    agents.replied = agents.asked.saturating_sub(agents.failed.len());
    agents
}

fn answerers(seen: &[Seen<'_>], now: Timestamp) -> Vec<Answerer> {
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
