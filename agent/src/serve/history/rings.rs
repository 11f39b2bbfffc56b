//! The events of one LB IP, in two rings: what tells of handovers is kept longer than who asked.

use std::collections::VecDeque;

use super::kept::{Kept, Role};
use crate::evidence::MacAddr;

/// Announcements closer together are one handover: a burst of `MetalLB`'s takes 5 s.
const BURST: i64 = 5_000_000_000;
/// An hour. Whoever announces later than this after a loss is not whom the address was lost to: that one was not heard,
/// as where the link was cut.
const LONGEST: i64 = 3_600_000_000_000;
/// Requests that are older when an address moves have nothing to do with it.
const BEFORE: i64 = 60_000_000_000;
/// And those that come so much later.
const AFTER: i64 = 60_000_000_000;
/// Of the requests before a handover the first after the last answer, and the last ones, stay with it.
const FIRST: usize = 8;
const LAST: usize = 16;
/// And so many of those after it.
const NEXT: usize = 16;

/// Which of the two rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ring {
    /// Requests, traffic, and replies after mere silence.
    Routine,
    /// Everything around handovers.
    Handovers,
}

impl Ring {
    pub(super) const ALL: [Self; 2] = [Self::Routine, Self::Handovers];
}

/// How many events of each ring there is room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room([usize; 2]);

impl Room {
    /// A quarter for routine: with the requests' counts in all other events, little is lost with them.
    pub(super) const fn of(events: usize) -> Self {
        let routine = events.div_ceil(4);
        Self([routine, events - routine])
    }
}

/// What a ring had to let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) count: u64,
    /// Of the newest of them.
    pub(super) seq: u64,
    pub(super) at: i64,
}

/// A handover as the node that lost the address saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// From the first request that stayed unanswered to the heir's first announcement, ns; 0 where all were answered.
    pub(super) lasted: i64,
}

/// The events of one LB IP, or of the node as a whole.
#[derive(Debug, Default)]
pub(super) struct Rings {
    /// Each ascending by seq.
    kept: [VecDeque<Kept>; 2],
    dropped: [Dropped; 2],
    /// The latest time of all events; a last reply comes with one in the past.
    now: i64,
    /// When the last handover was seen, and how many more routine events belong to it.
    moved: Option<i64>,
    next: usize,
    /// This node has lost the address, and the heir has not announced it yet.
    lost: Option<Loss>,
    /// Announcements by somebody else, since this node's own.
    heir: Option<Burst>,
    /// When a gap was told last.
    told: Option<i64>,
}

/// Announcements that belong together.
#[derive(Clone, Copy, Debug)]
struct Burst {
    mac: MacAddr,
    first: i64,
    last: i64,
}

#[derive(Debug)]
struct Loss {
    interface: Box<str>,
    /// The last reply.
    replied: i64,
    /// From when on nobody answered, as far as is known: a request, or the last reply.
    since: i64,
    /// The requests until the last reply.
    asked: Option<u64>,
}

impl Rings {
    pub(super) fn ring(&self, ring: Ring) -> &VecDeque<Kept> {
        &self.kept[ring as usize]
    }

    pub(super) const fn dropped(&self, ring: Ring) -> Dropped {
        self.dropped[ring as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.kept.iter().map(VecDeque::len).sum()
    }

    /// Adds an event; says so if it ends a gap.
    pub(super) fn push(&mut self, kept: Kept, room: Room) -> Option<Gap> {
        self.now = self.now.max(kept.at);
        let mut gap = None;
        match kept.role() {
            Role::Lost(interface, sent, asked) => {
                if sent {
                    let since = self.unanswered_since(kept.at, interface, asked);
                    self.lost = Some(Loss { interface: interface.into(), replied: kept.at, since, asked });
                }
                self.moves(Some(kept.at));
            }
            Role::Announced(interface, heir, asked) => {
                let burst = self.heir.take();
                if let Some(mac) = heir {
                    let burst = burst.filter(|burst| burst.mac == mac && kept.at - burst.last <= BURST);
                    let first = burst.map_or(kept.at, |burst| burst.first);
                    self.heir = Some(Burst { mac, first, last: kept.at });
                    gap = self.heir(first, interface, asked);
                }
                self.moves(None);
            }
            Role::Replied(interface, _, true) | Role::Again(interface) => {
                // It had not lost the address, or has it back.
                self.lost.take_if(|loss| *loss.interface == *interface && loss.replied < kept.at);
            }
            _ => {}
        }
        let ring = if self.matters(&kept) { Ring::Handovers } else { Ring::Routine };
        self.insert(ring, kept, room);
        gap
    }

    /// Whether it has to do with a handover.
    fn matters(&mut self, kept: &Kept) -> bool {
        match kept.role() {
            Role::Lost(..) | Role::Again(..) | Role::Announced(..) | Role::Said => true,
            Role::Replied(interface, mac, _) => {
                // The first since anything moved.
                let since = self.ring(Ring::Handovers).iter().rev();
                for earlier in since {
                    match earlier.role() {
                        Role::Replied(on, of, _) if on == interface && of == mac => return false,
                        Role::Lost(..) | Role::Announced(..) => return true,
                        _ => {}
                    }
                }
                true
            }
            Role::Asked(..) | Role::Routine => {
                let around = self.moved.is_some_and(|moved| self.now - moved <= AFTER);
                let matters = around && self.next > 0;
                self.next -= usize::from(matters);
                matters
            }
        }
    }

    /// The address moves: what was asked before stays with it. `since` is the last reply's time, where it is known.
    fn moves(&mut self, since: Option<i64>) {
        let known = self.moved.replace(self.now);
        if since.is_none() && known.is_some_and(|moved| self.now - moved <= BURST) {
            return;
        }
        self.next = NEXT;
        let from = since.unwrap_or(i64::MIN).max(self.now.saturating_sub(BEFORE));
        let [routine, handovers] = &mut self.kept;
        let around = routine.iter().filter(|kept| kept.at >= from).count();
        let mut place = 0;
        for kept in std::mem::take(routine) {
            let stays = kept.at < from || {
                place += 1;
                place > FIRST && place + LAST <= around
            };
            if stays {
                routine.push_back(kept);
            } else {
                let at = handovers.partition_point(|other| other.seq < kept.seq);
                handovers.insert(at, kept);
            }
        }
    }

    /// From when on nobody answered: the first request after the last reply, if that one has an event; else the reply
    /// itself. Where requests are held back, many come, and the first one was not long after it.
    fn unanswered_since(&self, reply: i64, interface: &str, asked: Option<u64>) -> i64 {
        let all = self.kept.iter().flatten();
        let counted = |kept: &Kept| match kept.role() {
            Role::Asked(on, count) if on == interface && kept.at > reply => Some((count, kept.at)),
            _ => None,
        };
        match all.filter_map(counted).min() {
            Some((count, at)) if asked.is_none_or(|asked| count == asked + 1) => at,
            _ => reply,
        }
    }

    /// An heir announces, for the first time `at`: a loss may show only at a later round, as long as this node replies.
    fn heir(&mut self, at: i64, interface: &str, asked: Option<u64>) -> Option<Gap> {
        let loss = self.lost.take_if(|loss| *loss.interface == *interface)?;
        // Seen once on each interface, told once.
        if self.told.is_some_and(|told| at - told <= BURST) {
            return None;
        }
        if at - loss.since > LONGEST {
            return None;
        }
        self.told = Some(at);
        let all_answered = matches!((loss.asked, asked), (Some(before), Some(now)) if now <= before);
        Some(Gap { lasted: if all_answered { 0 } else { (at - loss.since).max(0) } })
    }

    fn insert(&mut self, ring: Ring, kept: Kept, room: Room) {
        self.kept[ring as usize].push_back(kept);
        // What moved from one ring to the other may have filled it, too.
        for ring in Ring::ALL {
            while self.ring(ring).len() > room.0[ring as usize] {
                self.drop_first(ring);
            }
        }
    }

    /// Lets go of all that is older; says how many that were.
    pub(super) fn drop_before(&mut self, ring: Ring, seq: u64) -> usize {
        let before = self.ring(ring).len();
        while self.ring(ring).front().is_some_and(|kept| kept.seq < seq) {
            self.drop_first(ring);
        }
        let left = &mut self.kept[ring as usize];
        let dropped = before - left.len();
        if dropped > 0 && left.capacity() > 2 * left.len() + 8 {
            left.shrink_to_fit();
        }
        dropped
    }

    fn drop_first(&mut self, ring: Ring) {
        let Some(kept) = self.kept[ring as usize].pop_front() else { return };
        let dropped = &mut self.dropped[ring as usize];
        dropped.count += 1;
        if kept.seq > dropped.seq {
            (dropped.seq, dropped.at) = (kept.seq, kept.at);
        }
    }

    /// Takes over what another one let go.
    pub(super) fn drop_with(&mut self, other: &Self) {
        for (own, other) in self.dropped.iter_mut().zip(other.dropped) {
            own.count += other.count;
            if other.seq > own.seq {
                (own.seq, own.at) = (other.seq, other.at);
            }
        }
    }
}

#[cfg(test)]
mod tests;
