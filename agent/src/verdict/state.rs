//! What one sender on a node is doing now.

use std::{fmt, net::IpAddr};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::time::within;
use crate::evidence::{LbIp, Local, NodeReport, OnInterface, Origin};

/// Without a reply for this long nothing is proven any more: clients of an answerer that is well ask again
/// within minutes, those of one that nobody talks to may not ask for hours.
pub const TTL: SignedDuration = SignedDuration::from_mins(10);

/// An answer may be this late before silence means anything; a report may be this old.
pub(super) const SETTLE: SignedDuration = SignedDuration::from_secs(2);

/// Two that reply within this time may have replied to the same request: neither took over from the other.
const SAME_REQUEST: SignedDuration = SignedDuration::from_secs(1);

/// The same for two programs of one node, whose times are one clock's: a container is started anew in less than a second. A
/// kernel may wait for longer before it answers for others (`proxy_delay`).
const SAME_REQUEST_HERE: SignedDuration = SignedDuration::from_millis(200);

/// What a sender is doing now; the first that holds of several is the one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Replied within the [`TTL`], and nothing says that it stopped.
    Answering,
    /// Has only announced, or has announced again and not been asked since.
    Announced,
    /// Was asked since and did not answer.
    Silent,
    /// Somebody else took over later.
    Superseded,
    /// No proof within the [`TTL`].
    Stale,
}

impl State {
    /// As it stands in JSON and tables.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Answering => "answering",
            Self::Announced => "announced",
            Self::Silent => "silent",
            Self::Superseded => "superseded",
            Self::Stale => "stale",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// The state of one sender, told from its own node alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalState<'a> {
    /// The LB IP.
    pub ip: IpAddr,
    /// The sender, as in the report.
    pub local: &'a Local,
    /// What it is doing.
    pub state: State,
}

/// The state of every sender on one node, from this node's evidence alone.
///
/// Who the others on the wire are is not known here: whoever was heard to claim an LB IP after the node's own
/// last frame is taken for its successor. Frames that were only forwarded have no state.
pub fn local_states(report: &NodeReport, now: Timestamp) -> Vec<LocalState<'_>> {
    let own = |mac| report.interfaces.iter().any(|interface| interface.mac == mac);
    let of_ip = |lb: &'_ LbIp| lb.heard.iter().filter(|heard| !own(heard.mac)).map(|heard| heard.last).max();
    report
        .lb_ips
        .iter()
        .flat_map(|lb| {
            let heard = of_ip(lb);
            senders(lb).map(move |local| {
                let heard = heard.filter(|heard| *heard > local.last);
                let taken = replaced(local, lb).max(heard);
                LocalState { ip: lb.ip, local, state: state(local, lb, taken, now) }
            })
        })
        .collect()
}

/// The senders of this node itself.
pub(super) fn senders(lb: &LbIp) -> impl Iterator<Item = &Local> {
    lb.local.iter().filter(|local| local.origin != Origin::Forwarded)
}

/// The state of a sender that somebody took over from at `taken`, if anybody did.
pub(super) fn state(local: &Local, lb: &LbIp, taken: Option<Timestamp>, now: Timestamp) -> State {
    let reply = last_reply(local, lb);
    let on = on_interface(lb, &local.interface);
    let within_ttl = |time: Timestamp| within(time, TTL, now);
    if taken.is_some() {
        State::Superseded
    } else if on.is_some_and(|on| asked_after(on, local.last, now).is_some()) {
        State::Silent
    } else if reply.is_some_and(within_ttl) {
        State::Answering
    } else if reply.is_none() || within_ttl(local.last) {
        State::Announced
    } else {
        State::Stale
    }
}

/// When it last replied, at the latest: its last frame may have been an announcement, and the interface's last
/// reply another sender's.
pub(super) fn last_reply(local: &Local, lb: &LbIp) -> Option<Timestamp> {
    if local.replies == 0 {
        return None;
    }
    let sent = on_interface(lb, &local.interface).and_then(|on| on.last.reply_sent);
    Some(sent.map_or(local.last, |sent| sent.min(local.last)))
}

/// The last request that came in well after `frame` and has waited long enough for its answer.
pub(super) fn asked_after(on: &OnInterface, frame: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let known = on.recent_requests.iter().copied().chain(on.last.request);
    known
        .filter(|request| request.duration_since(frame) > SETTLE && now.duration_since(*request) >= SETTLE)
        .max()
}

/// Since when another sender holds the same interface: a restarted speaker, be it that the MAC changed meanwhile,
/// or, with the same MAC, the kernel in its place.
pub(super) fn replaced(local: &Local, lb: &LbIp) -> Option<Timestamp> {
    let programs = |other: &Local| local.origin != Origin::Kernel && other.origin != Origin::Kernel;
    senders(lb)
        .filter(|other| other.interface == local.interface)
        .filter(|other| other.mac == local.mac || programs(other))
        .filter(|other| {
            let margin = if programs(other) { SAME_REQUEST_HERE } else { SAME_REQUEST };
            other.first.duration_since(local.last) > margin
        })
        .map(|other| other.first)
        .max()
}

/// When a sender on another node began or resumed, if that was after `last`; by the two nodes' wall clocks.
///
/// Who takes over announces. Who only replies within a second may have answered the same request.
pub(super) fn began_after(other: &Local, lb: &LbIp, last: Timestamp) -> Option<Timestamp> {
    let announced = on_interface(lb, &other.interface)
        .and_then(|on| on.last.announcement_sent)
        .filter(|_| other.announcements > 0)
        .map(|time| time.min(other.last));
    let began = announced.map_or(other.first, |time| time.max(other.first));
    let margin = if announced.is_some() { SignedDuration::ZERO } else { SAME_REQUEST };
    (began.duration_since(last) > margin).then_some(began)
}

fn on_interface<'a>(lb: &'a LbIp, name: &str) -> Option<&'a OnInterface> {
    lb.interfaces.iter().find(|on| on.interface == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::sample::{T0, at, mac, node, speaker};

    fn only_state(report: &NodeReport) -> State {
        let states = local_states(report, at(T0));
        assert_eq!(states.len(), 1);
        states[0].state
    }

    #[test]
    fn a_speaker_that_replies_is_answering() {
        assert_eq!(only_state(&node("n1", 1).asked(5).local(speaker(1, 300, 5)).done()), State::Answering);
    }

    #[test]
    fn a_mac_heard_later_supersedes_and_one_heard_earlier_does_not() {
        let owner = || node("n1", 1).asked(60).local(speaker(1, 300, 60));
        assert_eq!(only_state(&owner().heard(9, 40).done()), State::Superseded);
        assert_eq!(only_state(&owner().heard(9, 90).done()), State::Answering);
    }

    #[test]
    fn the_node_s_own_other_interface_is_no_successor() {
        let report = node("n1", 1).nic("eth1", 2).asked(60).local(speaker(1, 300, 60)).heard(2, 40).done();
        assert_eq!(report.lb_ips[0].heard[0].mac, mac(2));
        assert_eq!(only_state(&report), State::Answering);
    }

    #[test]
    fn silence_counts_two_seconds_after_the_request() {
        let quiet = |asked| only_state(&node("n1", 1).asked(asked).local(speaker(1, 300, 60)).done());
        assert_eq!(quiet(1), State::Answering);
        assert_eq!(quiet(2), State::Silent);
        assert_eq!(quiet(58), State::Answering);
    }
}
