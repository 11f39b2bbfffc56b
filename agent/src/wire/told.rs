//! What the history of an LB IP says of a change. Pure: whoever asks brings the names and the map entries.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet},
    net::IpAddr,
};

use l2witness_ebpf::{
    frame::{Kind, Mac, Protocol},
    layout::{self, Cause, Claims, Counter, Local, Slot, Stamp},
};

use super::Change;
use crate::evidence::{Asked, Claimed, MacAddr, Origin, What};

const MAC_BITS: u64 = 0xffff_ffff_ffff;

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

/// All that is known of one LB IP on this node.
#[derive(Clone, Copy)]
pub(super) struct OfIp<'a> {
    pub(super) ip: IpAddr,
    pub(super) claims: &'a Claims,
    /// The counters of an interface.
    pub(super) slot: &'a dyn Fn(u32) -> Option<Slot>,
    pub(super) naming: &'a dyn Naming,
}

/// Which last replies of this node's senders were told already.
#[derive(Debug, Default)]
pub(super) struct Losses {
    told: HashMap<(IpAddr, u32), Vec<(Sender, u64)>>,
}

/// A sender on one interface of this node.
type Sender = (MacAddr, layout::Origin);

/// A sender that may have lost the address.
struct Loser<'a> {
    local: &'a Local,
    sender: Sender,
    /// Its last reply.
    replied: u64,
    /// Requests until then, where that is known.
    asked: Option<u64>,
}

impl<'a> Loser<'a> {
    /// `slot` are the counters of its interface.
    fn new(local: &'a Local, claims: &Claims, slot: &Slot) -> Option<Self> {
        let mac = MacAddr::from(Mac(local.mac_origin & MAC_BITS));
        let origin = layout::Origin::from_u8((local.mac_origin >> 48) as u8)?;
        let last = slot.last[Stamp::ReplySent as usize];
        // Both are no earlier than its last reply: the sender's last frame, and the interface's last reply.
        let replied = local.last.min(last);
        let asked = claims.asked(local.ifindex, slot.counts[Counter::RequestGroup as usize]);
        Some(Self { local, sender: (mac, origin), replied, asked: asked.filter(|_| replied == last) })
    }
}

impl Losses {
    /// The last reply of each sender on this node that has lost the address to whoever was heard: another MAC announced,
    /// and it has not replied since. Each is told once; who replies again can lose again.
    ///
    /// A reply that is heard is no such sign: a node hears one only if it asked itself, and an announcement in the form
    /// of a request is such a question, which the former owner may still answer. Nor is an announcement to whoever has
    /// replied since: its next reply may be no event any more, so nothing would take the last one back.
    pub(super) fn by(&mut self, change: &Change, of_ip: OfIp<'_>) -> Vec<Told> {
        let announces = change.kind.announces();
        if change.sent && (announces || change.kind == Kind::Reply) {
            return self.by_restart(change, of_ip);
        }
        if change.sent || !announces {
            return Vec::new();
        }
        let has_lost = |loser: &Loser<'_>| loser.sender.0 != change.mac && loser.replied < change.time;
        self.of(of_ip, |_| true, has_lost)
    }

    /// The last reply of a program that was started again, told as the new one comes: known by its MAC and interface
    /// and by another socket. A second program beside the first looks alike; the first one goes on, and that is told.
    fn by_restart(&mut self, change: &Change, of_ip: OfIp<'_>) -> Vec<Told> {
        if change.cause != Cause::NewClaimant || change.origin != Some(layout::Origin::Socket) {
            return Vec::new();
        }
        let sender = (change.mac, layout::Origin::Socket);
        let former = |loser: &Loser<'_>| {
            let same = loser.local.ifindex == change.ifindex && loser.sender == sender;
            same && loser.local.cookie != change.cookie && loser.replied < change.time
        };
        self.of(of_ip, former, |_| true)
    }

    /// The last reply of each sender on this node that did not answer when it was asked: `asked` gives, of an interface,
    /// a request that any owner would have answered by now. Nobody else needs to be heard for that, so a gap has a
    /// beginning even if its end is elsewhere.
    pub(super) fn by_silence(&mut self, of_ip: OfIp<'_>, asked: impl Fn(u32) -> Option<u64>) -> Vec<Told> {
        let ignored =
            |loser: &Loser<'_>| asked(loser.local.ifindex).is_some_and(|asked| loser.replied < asked);
        self.of(of_ip, |_| true, ignored)
    }

    /// The last reply of each sender that can't answer any more: the interfaces `cut` have just lost their carrier.
    pub(super) fn by_cut(&mut self, of_ip: OfIp<'_>, cut: &BTreeSet<u32>) -> Vec<Told> {
        self.of(of_ip, |_| true, |loser| cut.contains(&loser.local.ifindex))
    }

    /// The last replies of those of this node's senders that have lost the address and were not told yet, oldest first.
    /// `counts` says whose replies count at all.
    fn of(
        &mut self,
        OfIp { ip, claims, slot, naming }: OfIp<'_>,
        counts: impl Fn(&Loser<'_>) -> bool,
        has_lost: impl Fn(&Loser<'_>) -> bool,
    ) -> Vec<Told> {
        let replied = claims.local.iter().filter(|local| local.last != 0 && local.replies != 0);
        let mut losers: Vec<_> =
            replied.filter_map(|local| Loser::new(local, claims, &slot(local.ifindex)?)).collect();
        losers.retain(counts);
        // The latest first: a program that was restarted has two places, and replied last from one of them.
        losers.sort_by_key(|loser| Reverse(loser.replied));
        let mut known = HashSet::new();
        losers.retain(|loser| known.insert((loser.local.ifindex, loser.sender)));
        losers.retain(|loser| {
            has_lost(loser) && self.is_news((ip, loser.local.ifindex), loser.sender, loser.replied)
        });
        losers.reverse();
        let told = losers.into_iter().map(|Loser { local, sender: (mac, origin), replied, asked }| {
            let who = Who { origin, cookie: local.cookie, cgroup: local.cgroup };
            let (origin, sender) = naming.who(who);
            let what = What::LastReply(Claimed {
                interface: naming.interface(local.ifindex),
                mac,
                sent: true,
                origin: Some(origin),
                sender,
                form: None,
                asked,
            });
            Told { ip, time: replied, what }
        });
        told.collect()
    }

    fn is_news(&mut self, place: (IpAddr, u32), sender: Sender, replied: u64) -> bool {
        let told = self.told.entry(place).or_default();
        match told.iter_mut().find(|(known, _)| *known == sender) {
            Some((_, before)) if *before >= replied => false,
            Some((_, before)) => {
                *before = replied;
                true
            }
            None => {
                // An interface whose MAC changes again and again has no more senders than there are places.
                if told.len() >= layout::LOCAL {
                    told.remove(0);
                }
                told.push((sender, replied));
                true
            }
        }
    }

    /// The address is not watched any more.
    pub(super) fn forget(&mut self, ip: IpAddr) {
        self.told.retain(|(known, _), _| *known != ip);
    }

    /// The interface went.
    pub(super) fn forget_interface(&mut self, index: u32) {
        self.told.retain(|(_, known), _| *known != index);
    }
}

#[cfg(test)]
mod tests;
