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
    /// By which socket, and how many replies it had sent by then.
    by: (u64, u32),
    /// Nobody else was heard: the sender may go on without an event.
    quiet: bool,
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

    const fn by(&self) -> (u64, u32) {
        (self.local.cookie, self.local.replies)
    }

    /// Whether it has replied since then. The time alone does not say so: it may have announced, while another sender on
    /// its interface replied.
    fn has_replied_since(&self, loss: &Loss) -> bool {
        self.replied > loss.replied && self.by() != loss.by
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
            let mut told = self.by_restart(change, of_ip);
            told.extend(self.take_back(change, of_ip));
            return told;
        }
        if change.sent || !announces {
            return Vec::new();
        }
        let has_lost = |loser: &Loser<'_>| loser.sender.0 != change.mac && loser.replied < change.time;
        self.of(of_ip, false, |_| true, has_lost)
    }

    /// The last reply of a program that was started again, told as the new one comes: known by its MAC and interface
    /// and by another socket. A second program beside the first looks alike, and is on the same node.
    fn by_restart(&mut self, change: &Change, of_ip: OfIp<'_>) -> Vec<Told> {
        if change.cause != Cause::NewClaimant || change.origin != Some(layout::Origin::Socket) {
            return Vec::new();
        }
        let sender = (change.mac, layout::Origin::Socket);
        let former = |loser: &Loser<'_>| {
            let same = loser.local.ifindex == change.ifindex && loser.sender == sender;
            same && loser.local.cookie != change.cookie && loser.replied < change.time
        };
        self.of(of_ip, false, former, |_| true)
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
        self.of(of_ip, true, |_| true, ignored)
    }

    /// The last reply of each sender that can't answer any more: the interfaces `cut` have just lost their carrier.
    pub(in crate::wire) fn by_cut(&mut self, of_ip: OfIp<'_>, cut: &BTreeSet<u32>) -> Vec<Told> {
        self.of(of_ip, true, |_| true, |loser| cut.contains(&loser.local.ifindex))
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
        for loser in losers(of_ip, |_| true) {
            let losses = self.told.get_mut(&(ip, loser.local.ifindex));
            let loss = losses.and_then(|losses| losses.iter_mut().find(|loss| loss.sender == loser.sender));
            if let Some(loss) = loss.filter(|loss| !loss.taken_back && loser.has_replied_since(loss)) {
                loss.taken_back = true;
                told.push(reply_again(ip, &loser, loser.replied, naming));
            }
        }
        told
    }

    /// An event tells that a sender replies or announces: that is its first sign after a silence of ten seconds, and after
    /// an announcement that was heard. Where it is not sure to be the first, it is told to have replied again before it.
    fn take_back(&mut self, change: &Change, of_ip: OfIp<'_>) -> Option<Told> {
        let origin = change.origin?;
        let sender = (change.mac, origin);
        let losses = self.told.get_mut(&(change.ip, change.ifindex))?;
        let loss = losses.iter_mut().find(|loss| loss.sender == sender && loss.replied < change.time)?;
        let was_open = !std::mem::replace(&mut loss.taken_back, true);
        let first = matches!(change.cause, Cause::Resumed | Cause::NewClaimant);
        if !was_open || !loss.quiet || first {
            return None;
        }
        let known = |loser: &Loser<'_>| loser.local.ifindex == change.ifindex && loser.sender == sender;
        let loser = losers(of_ip, known).pop()?;
        let more = loser.local.replies.saturating_sub(loss.by.1);
        let before = loser.local.cookie == loss.by.0 && more > u32::from(change.kind == Kind::Reply);
        before.then(|| reply_again(of_ip.ip, &loser, change.time.saturating_sub(1), of_ip.naming))
    }

    /// The last replies of those of this node's senders that have lost the address and were not told yet, oldest first.
    /// `counts` says whose replies count at all; `quiet` that nobody else was heard.
    fn of(
        &mut self,
        of_ip: OfIp<'_>,
        quiet: bool,
        counts: impl Fn(&Loser<'_>) -> bool,
        has_lost: impl Fn(&Loser<'_>) -> bool,
    ) -> Vec<Told> {
        let OfIp { ip, naming, .. } = of_ip;
        let mut losers = losers(of_ip, counts);
        losers.retain(|loser| has_lost(loser) && self.is_news(ip, loser, quiet));
        losers.reverse();
        let told = losers.into_iter().map(|Loser { local, sender, replied, asked }| {
            let what = What::LastReply(claimed(local, sender, asked, naming));
            Told { ip, time: replied, what }
        });
        told.collect()
    }

    fn is_news(&mut self, ip: IpAddr, loser: &Loser<'_>, quiet: bool) -> bool {
        let told = self.told.entry((ip, loser.local.ifindex)).or_default();
        let known = told.iter().position(|loss| loss.sender == loser.sender);
        if known.is_some_and(|known| !loser.has_replied_since(&told[known])) {
            return false;
        }
        // An interface whose MAC changes again and again has no more senders than there are places.
        match known {
            Some(known) => drop(told.remove(known)),
            None if told.len() >= layout::LOCAL => drop(told.remove(0)),
            None => {}
        }
        let Loser { sender, replied, .. } = *loser;
        told.push(Loss { sender, replied, by: loser.by(), quiet, taken_back: false });
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

fn reply_again(ip: IpAddr, loser: &Loser<'_>, time: u64, naming: &dyn Naming) -> Told {
    Told { ip, time, what: What::ReplyAgain(claimed(loser.local, loser.sender, None, naming)) }
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
