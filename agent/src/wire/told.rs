//! What the history of an LB IP says of a change. Pure: whoever asks brings the names and the map entries.

mod losses;

use std::net::IpAddr;

use l2witness_ebpf::{
    frame::{Kind, Protocol},
    layout::{self, Cause},
};

use super::Change;
use crate::evidence::{Asked, Claimed, Origin, What};
pub(super) use losses::{Losses, OfIp};

/// One thing for the history.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The LB IP.
    pub ip: IpAddr,
    /// When, `CLOCK_MONOTONIC` nanoseconds.
    pub time: u64,
    /// What.
    pub what: What,
}

/// Somebody on this node, as the kernel proved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Who {
    pub(super) origin: layout::Origin,
    pub(super) cookie: u64,
    pub(super) cgroup: u64,
}

/// Names for what the kernel knows by number.
pub(super) trait Naming {
    /// The interface of that index.
    fn interface(&self, index: u32) -> String;
    /// The origin, and the program in words people know it by.
    fn who(&self, who: Who) -> (Origin, Option<String>);
}

/// What a change says by itself; nothing, if it is a request for another address with the LB IP as its sender.
pub(super) fn what(change: &Change, naming: &dyn Naming) -> Option<What> {
    let interface = naming.interface(change.ifindex);
    if change.cause == Cause::Request {
        return Some(What::Request(Asked {
            interface,
            mac: change.mac,
            unicast: change.unicast,
            probe: change.kind == Kind::Probe,
            count: change.asked,
        }));
    }
    let form = match (change.protocol, change.kind) {
        (Protocol::Arp, Kind::AnnouncementRequest) => Some("request"),
        (Protocol::Arp, Kind::AnnouncementReply) => Some("reply"),
        _ => None,
    };
    let who = change.origin.map(|origin| Who { origin, cookie: change.cookie, cgroup: change.cgroup });
    let (origin, sender) = who.map(|who| naming.who(who)).unzip();
    let claimed = Claimed {
        interface,
        mac: change.mac,
        sent: change.sent,
        origin,
        sender: sender.flatten(),
        form: form.map(str::to_owned),
        asked: Some(change.asked),
    };
    match change.kind {
        Kind::Reply => Some(What::Reply(claimed)),
        Kind::AnnouncementRequest | Kind::AnnouncementReply => Some(What::Announcement(claimed)),
        Kind::Request | Kind::Probe => None,
    }
}

#[cfg(test)]
mod tests;
