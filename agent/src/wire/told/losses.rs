//! Who on this node has lost an address, and when it replied for the last time.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet},
    net::IpAddr,
};

use l2witness_ebpf::{
    frame::{Kind, Mac},
    layout::{self, Cause, Claims, Counter, Local, Slot, Stamp},
};

use super::{Naming, Told, Who};
use crate::{
    evidence::{Claimed, MacAddr, What},
    wire::Change,
};

const MAC_BITS: u64 = 0xffff_ffff_ffff;

/// All that is known of one LB IP on this node.
#[derive(Clone, Copy)]
pub(in crate::wire) struct OfIp<'a> {
    pub(in crate::wire) ip: IpAddr,
    pub(in crate::wire) claims: &'a Claims,
    /// The counters of an interface.
    pub(in crate::wire) slot: &'a dyn Fn(u32) -> Option<Slot>,
    pub(in crate::wire) naming: &'a dyn Naming,
}

/// Which last replies of this node's senders were told already, by LB IP and interface.
#[derive(Debug, Default)]
pub(in crate::wire) struct Losses {
    told: HashMap<(IpAddr, u32), Vec<Loss>>,
}

/// A last reply that was told.
#[derive(Debug)]
struct Loss {
    sender: Sender,
    /// When that was.
    replied: u64,
    /// Whether it was told, too, that the sender replies or announces again.
    taken_back: bool,
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
    pub(in crate::wire) fn by(&mut self, change: &Change, of_ip: OfIp<'_>) -> Vec<Told> {
        let announces = change.kind.announces();
        if change.sent && (announces || change.kind == Kind::Reply) {
            let told = self.by_restart(change, of_ip);
            self.take_back(change);
            return told;
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
    pub(in crate::wire) fn by_silence(
        &mut self,
        of_ip: OfIp<'_>,
        asked: impl Fn(u32) -> Option<u64>,
    ) -> Vec<Told> {
        let ignored =
            |loser: &Loser<'_>| asked(loser.local.ifindex).is_some_and(|asked| loser.replied < asked);
        self.of(of_ip, |_| true, ignored)
    }

    /// The last reply of each sender that can't answer any more: the interfaces `cut` have just lost their carrier.
    pub(in crate::wire) fn by_cut(&mut self, of_ip: OfIp<'_>, cut: &BTreeSet<u32>) -> Vec<Told> {
        self.of(of_ip, |_| true, |loser| cut.contains(&loser.local.ifindex))
    }

    /// Those who reply again after their last reply was told. After an announcement or ten seconds of silence an event
    /// tells that (`l2witness_ebpf::layout::News`); this is for who paused for less, or was cut off for a moment. To be
    /// asked after all that may tell a later last reply.
    pub(in crate::wire) fn again(&mut self, of_ip: OfIp<'_>) -> Vec<Told> {
        let OfIp { ip, claims, naming, .. } = of_ip;
        let is_open = |local: &Local| {
            let told = self.told.get(&(ip, local.ifindex));
            told.is_some_and(|told| told.iter().any(|loss| !loss.taken_back))
        };
        if !claims.local.iter().any(is_open) {
            return Vec::new();
        }
        let mut told = Vec::new();
        for Loser { local, sender, replied, .. } in losers(of_ip, |_| true) {
            let losses = self.told.get_mut(&(ip, local.ifindex));
            let loss = losses.and_then(|losses| losses.iter_mut().find(|loss| loss.sender == sender));
            if let Some(loss) = loss.filter(|loss| !loss.taken_back && loss.replied < replied) {
                loss.taken_back = true;
                let what = What::ReplyAgain(claimed(local, sender, None, naming));
                told.push(Told { ip, time: replied, what });
            }
        }
        told
    }

    /// An event tells that a sender replies or announces.
    fn take_back(&mut self, change: &Change) {
        let losses = self.told.get_mut(&(change.ip, change.ifindex)).into_iter().flatten();
        let own = losses.filter(|loss| change.origin == Some(loss.sender.1) && change.mac == loss.sender.0);
        for loss in own.filter(|loss| loss.replied < change.time) {
            loss.taken_back = true;
        }
    }

    /// The last replies of those of this node's senders that have lost the address and were not told yet, oldest first.
    /// `counts` says whose replies count at all.
    fn of(
        &mut self,
        of_ip: OfIp<'_>,
        counts: impl Fn(&Loser<'_>) -> bool,
        has_lost: impl Fn(&Loser<'_>) -> bool,
    ) -> Vec<Told> {
        let OfIp { ip, naming, .. } = of_ip;
        let mut losers = losers(of_ip, counts);
        losers.retain(|loser| {
            has_lost(loser) && self.is_news((ip, loser.local.ifindex), loser.sender, loser.replied)
        });
        losers.reverse();
        let told = losers.into_iter().map(|Loser { local, sender, replied, asked }| {
            let what = What::LastReply(claimed(local, sender, asked, naming));
            Told { ip, time: replied, what }
        });
        told.collect()
    }

    fn is_news(&mut self, place: (IpAddr, u32), sender: Sender, replied: u64) -> bool {
        let told = self.told.entry(place).or_default();
        let known = told.iter().position(|loss| loss.sender == sender);
        if known.is_some_and(|known| told[known].replied >= replied) {
            return false;
        }
        // An interface whose MAC changes again and again has no more senders than there are places.
        match known {
            Some(known) => drop(told.remove(known)),
            None if told.len() >= layout::LOCAL => drop(told.remove(0)),
            None => {}
        }
        told.push(Loss { sender, replied, taken_back: false });
        true
    }

    /// The address is not watched any more.
    pub(in crate::wire) fn forget(&mut self, ip: IpAddr) {
        self.told.retain(|(known, _), _| *known != ip);
    }

    /// The interface went.
    pub(in crate::wire) fn forget_interface(&mut self, index: u32) {
        self.told.retain(|(_, known), _| *known != index);
    }
}

/// This node's senders that ever replied, the last to do so first: a program that was restarted has two places, and
/// counts once. `counts` says whose replies count at all.
fn losers(OfIp { claims, slot, .. }: OfIp<'_>, counts: impl Fn(&Loser<'_>) -> bool) -> Vec<Loser<'_>> {
    let replied = claims.local.iter().filter(|local| local.last != 0 && local.replies != 0);
    let mut losers: Vec<_> =
        replied.filter_map(|local| Loser::new(local, claims, &slot(local.ifindex)?)).collect();
    losers.retain(counts);
    losers.sort_by_key(|loser| Reverse(loser.replied));
    let mut known = HashSet::new();
    losers.retain(|loser| known.insert((loser.local.ifindex, loser.sender)));
    losers
}

/// What a sender claims, of whom `asked` requests had come by then.
fn claimed(local: &Local, (mac, origin): Sender, asked: Option<u64>, naming: &dyn Naming) -> Claimed {
    let (origin, sender) = naming.who(Who { origin, cookie: local.cookie, cgroup: local.cgroup });
    Claimed {
        interface: naming.interface(local.ifindex),
        mac,
        sent: true,
        origin: Some(origin),
        sender,
        form: None,
        asked,
    }
}
