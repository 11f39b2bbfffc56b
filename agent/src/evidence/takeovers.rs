//! When an LB IP came to another hardware address, as this node heard or sent it.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
};

use jiff::Timestamp;

use super::{MacAddr, Takeover};

/// Kept of one IP.
const KEPT: usize = 8;

/// One handover is seen on every interface, each with its own pair of addresses, within a burst of announcements:
/// 5 s of MetalLB's.
const BURST_NS: u64 = 5_000_000_000;

/// Whoever hands over may still claim the IP for this long. Speakers decide alone: the former one answers the new one's
/// very first announcement, which has the form of a request, and may announce for up to two rounds more. Who goes on
/// for longer has taken it back.
const OVERLAP_NS: u64 = 2_000_000_000;

/// Of all watched IPs.
#[derive(Debug, Default)]
pub(crate) struct Takeovers(BTreeMap<IpAddr, History>);

/// Of one IP.
#[derive(Debug, Default)]
struct History {
    /// The last claimant on each interface, and when it was heard.
    holders: BTreeMap<u32, (MacAddr, u64)>,
    /// The time by the notes' clock, ns, and who has it since, oldest first.
    last: VecDeque<(u64, MacAddr)>,
    /// All there were.
    count: u64,
    /// Where the last one was noted, and who had it before.
    noted_on: u32,
    former: MacAddr,
}

impl Takeovers {
    /// Somebody claimed the IP. It has changed hands if somebody else did before on this interface.
    pub(crate) fn note(&mut self, ip: IpAddr, ifindex: u32, mac: MacAddr, time: u64) {
        let history = self.0.entry(ip).or_default();
        let Some((holder, since)) = history.holders.insert(ifindex, (mac, time)) else { return };
        if since > time {
            // Events of two CPUs may come out of order; the later one stands.
            history.holders.insert(ifindex, (holder, since));
            return;
        }
        if holder == mac {
            return;
        }
        if let Some((at, _)) = history.last.back() {
            let ago = time.saturating_sub(*at);
            if ifindex != history.noted_on && ago <= BURST_NS {
                return;
            }
            if mac == history.former && ago < OVERLAP_NS {
                history.holders.insert(ifindex, (holder, since));
                return;
            }
        }
        history.count += 1;
        (history.noted_on, history.former) = (ifindex, holder);
        if history.last.len() == KEPT {
            history.last.pop_front();
        }
        history.last.push_back((time, mac));
    }

    /// The last few, oldest first, with `wall` giving the wall time; and how many there were.
    pub(crate) fn of(&self, ip: IpAddr, wall: &dyn Fn(u64) -> Option<Timestamp>) -> (Vec<Takeover>, u64) {
        let Some(history) = self.0.get(&ip) else { return (Vec::new(), 0) };
        let takeover = |(time, mac): &(u64, MacAddr)| Some(Takeover { at: wall(*time)?, mac: *mac });
        (history.last.iter().filter_map(takeover).collect(), history.count)
    }

    /// The IP is not watched any more.
    pub(crate) fn forget(&mut self, ip: IpAddr) {
        self.0.remove(&ip);
    }

    /// The interface went; its index may come to another one.
    pub(crate) fn forget_interface(&mut self, ifindex: u32) {
        for history in self.0.values_mut() {
            history.holders.remove(&ifindex);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// A name, claims, and the takeovers they make: second and last byte of the MAC.
    type Case = (&'static str, &'static [Claim], &'static [(u64, u8)]);

    /// Seconds, interface, last byte of the MAC.
    type Claim = (u64, u32, u8);

    fn wall(time: u64) -> Option<Timestamp> {
        Timestamp::from_nanosecond(time.into()).ok()
    }

    fn play(claims: &[Claim]) -> (Vec<(u64, u8)>, u64) {
        let ip = [192, 0, 2, 1].into();
        let mut takeovers = Takeovers::default();
        for (second, ifindex, last) in claims {
            takeovers.note(ip, *ifindex, MacAddr([0, 0, 0x5e, 0, 0x53, *last]), second * SECOND);
        }
        let (last, count) = takeovers.of(ip, &wall);
        (last.iter().map(|one| (one.at.as_second() as u64, one.mac.0[5])).collect(), count)
    }

    #[test]
    fn a_claim_by_another_address_is_a_takeover_and_nothing_else_is() {
        let table: [Case; 9] = [
            ("the first that is seen took it from nobody", &[(1, 2, 1)], &[]),
            ("the same again", &[(1, 2, 1), (2, 2, 1), (90, 2, 1)], &[]),
            ("handed over", &[(1, 2, 1), (60, 2, 2), (61, 2, 2)], &[(60, 2)]),
            ("and back", &[(1, 2, 1), (60, 2, 2), (90, 2, 1)], &[(60, 2), (90, 1)]),
            ("flapping", &[(1, 2, 1), (3, 2, 2), (5, 2, 1), (7, 2, 2)], &[(3, 2), (5, 1), (7, 2)]),
            ("both announce for a moment", &[(1, 2, 1), (60, 2, 2), (61, 2, 1), (62, 2, 2)], &[(60, 2)]),
            ("two interfaces, one address each", &[(1, 2, 1), (1, 3, 7), (2, 2, 1), (2, 3, 7)], &[]),
            (
                "handed over on two interfaces is one handover",
                &[
                    (1, 2, 1),
                    (1, 3, 7),
                    (60, 2, 2),
                    (60, 3, 8),
                    (61, 2, 2),
                    (61, 3, 8),
                    (99, 3, 7),
                    (99, 2, 1),
                ],
                &[(60, 2), (99, 7)],
            ),
            ("out of order", &[(5, 2, 2), (4, 2, 1), (6, 2, 2)], &[]),
        ];
        for (name, claims, expected) in table {
            assert_eq!(play(claims), (expected.to_vec(), expected.len() as u64), "{name}");
        }
    }

    #[test]
    fn a_former_holder_that_still_answers_for_a_moment_took_nothing_back() {
        let ip = [192, 0, 2, 1].into();
        let mac = |last| MacAddr([0, 0, 0x5e, 0, 0x53, last]);
        let table =
            [(0, 1, 0), (1000, 2, 1), (1001, 1, 1), (1100, 2, 1), (2999, 1, 1), (3000, 1, 2), (3001, 2, 2)];
        let mut takeovers = Takeovers::default();
        for (millisecond, last, count) in table {
            takeovers.note(ip, 2, mac(last), millisecond * 1_000_000);
            assert_eq!(takeovers.of(ip, &wall).1, count, "at {millisecond} ms");
        }
    }

    #[test]
    fn the_last_eight_are_kept_and_all_are_counted() {
        let claims: Vec<Claim> = (0..21).map(|turn| (2 * turn, 2, (turn % 2) as u8)).collect();
        let (last, count) = play(&claims);
        assert_eq!(last.iter().map(|(time, _)| *time).collect::<Vec<_>>(), [26, 28, 30, 32, 34, 36, 38, 40]);
        assert_eq!(count, 20);
    }

    #[test]
    fn what_is_forgotten_begins_anew() {
        let ip = [192, 0, 2, 1].into();
        let mut takeovers = Takeovers::default();
        takeovers.note(ip, 2, MacAddr([1; 6]), 1);
        takeovers.forget_interface(2);
        takeovers.note(ip, 2, MacAddr([2; 6]), 2);
        takeovers.note(ip, 2, MacAddr([1; 6]), 3);
        assert_eq!(takeovers.of(ip, &wall).1, 1);
        takeovers.forget(ip);
        assert_eq!(takeovers.of(ip, &wall), (Vec::new(), 0));
    }
}
