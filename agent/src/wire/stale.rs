//! Data packets to an address that this node has lost.

use std::{collections::HashMap, net::IpAddr};

use jiff::Timestamp;
use l2witness_ebpf::layout::{Slot, Stamp, Traffic};

use super::Told;
use crate::evidence::{self, What};

/// Right after a loss each look tells what came since the last one …
const CLOSELY_NS: u64 = 60_000_000_000;
/// … and later, so that one forgotten client does not fill the history, one in a minute.
const SPARSELY_NS: u64 = 60_000_000_000;

/// What was told so far, by LB IP.
#[derive(Debug, Default)]
pub(super) struct StaleTraffic(HashMap<IpAddr, Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Packets at the last look, told or while the address was here.
    packets: u64,
    /// When it was told last.
    told: u64,
    /// Whether the address was lost by then.
    lost: bool,
}

impl StaleTraffic {
    /// The event of one LB IP, of which `interfaces` are the node's, if there is something to tell. Once somebody else
    /// announced it, and this node, which had it, has neither replied nor announced since, it is lost.
    pub(super) fn look(
        &mut self,
        ip: IpAddr,
        interfaces: impl Iterator<Item = (Slot, Traffic)>,
        now: u64,
        wall: impl Fn(u64) -> Option<Timestamp>,
    ) -> Option<Told> {
        let (mut own, mut others, mut packets, mut reached) = (0, 0, 0, 0);
        for (slot, traffic) in interfaces {
            let stamp = |stamp: Stamp| slot.last[stamp as usize];
            own = stamp(Stamp::ReplySent).max(stamp(Stamp::AnnouncementSent)).max(own);
            others = stamp(Stamp::AnnouncementReceived).max(others);
            packets += traffic.packets;
            reached = traffic.last.max(reached);
        }
        let seen = self.0.entry(ip).or_default();
        let lost = own != 0 && own < others;
        if !lost || reached <= others {
            // What came until the loss was on its right way.
            *seen = Seen { packets, told: 0, lost };
            return None;
        }
        // At the first look after the loss only of the last one is it known that it came later.
        let since = if seen.lost { packets.saturating_sub(seen.packets) } else { 1 };
        let closely = now.saturating_sub(others) < CLOSELY_NS;
        if since == 0 || !closely && now.saturating_sub(seen.told) < SPARSELY_NS {
            return None;
        }
        *seen = Seen { packets, told: now, lost };
        let what = What::Traffic(evidence::Traffic { packets: since, last: wall(reached)? });
        Some(Told { ip, time: reached, what })
    }

    /// The address is not watched any more.
    pub(super) fn forget(&mut self, ip: IpAddr) {
        self.0.remove(&ip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    /// Seconds: own reply, somebody else's announcement, packets until then and the last of them.
    type Look = (u64, u64, u64, u64);

    fn tell(stale: &mut StaleTraffic, now: u64, (own, others, packets, last): Look) -> Option<u64> {
        let mut slot = Slot::EMPTY;
        slot.last[Stamp::ReplySent as usize] = own * SECOND;
        slot.last[Stamp::AnnouncementReceived as usize] = others * SECOND;
        let traffic = Traffic { packets, last: last * SECOND };
        let wall = |time: u64| Timestamp::from_nanosecond(time.into()).ok();
        let told = stale.look(IP, [(slot, traffic)].into_iter(), now * SECOND, wall)?;
        assert_eq!((told.ip, told.time), (IP, last * SECOND));
        let What::Traffic(traffic) = told.what else { panic!("{told:?}") };
        assert_eq!(traffic.last.as_second().cast_unsigned(), last);
        Some(traffic.packets)
    }

    #[test]
    fn what_comes_after_the_loss_is_told_closely_at_first_and_sparsely_later() {
        let mut stale = StaleTraffic::default();
        let table = [
            ("it is here", 10, (9, 0, 100, 10), None),
            ("lost, and nothing came since", 12, (9, 11, 120, 10), None),
            ("a packet after the loss", 13, (9, 11, 121, 13), Some(1)),
            ("nothing more", 14, (9, 11, 121, 13), None),
            ("more", 15, (9, 11, 125, 15), Some(4)),
            ("a minute later", 76, (9, 11, 130, 76), Some(5)),
            ("not each second any more", 77, (9, 11, 131, 77), None),
            ("but once in a minute", 136, (9, 11, 140, 131), Some(10)),
            ("it came back", 140, (139, 11, 200, 140), None),
            ("and went again: most came before", 150, (139, 149, 300, 150), Some(1)),
            ("more", 151, (139, 149, 303, 151), Some(3)),
        ];
        for (name, now, look, expected) in table {
            assert_eq!(tell(&mut stale, now, look), expected, "{name}");
        }
    }

    #[test]
    fn a_node_that_never_had_the_address_has_not_lost_it() {
        assert_eq!(tell(&mut StaleTraffic::default(), 20, (0, 11, 5, 19)), None);
    }

    #[test]
    fn what_is_forgotten_begins_anew() {
        let mut stale = StaleTraffic::default();
        assert_eq!(tell(&mut stale, 13, (9, 11, 7, 13)), Some(1));
        stale.forget(IP);
        assert_eq!(tell(&mut stale, 14, (9, 11, 7, 13)), Some(1));
    }
}
