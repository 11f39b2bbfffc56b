//! Requests of the last seconds, one every few: the kernel keeps the last four, which may all be of this very second
//! where many ask, and then nothing says that there was no answer for longer.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
};

/// Kept per LB IP and interface.
const KEPT: usize = 4;
/// At least this far apart.
const APART_NS: u64 = 2_000_000_000;

/// Of all LB IPs that are asked for.
#[derive(Debug, Default)]
pub(crate) struct RequestTimes(HashMap<(IpAddr, u32), VecDeque<u64>>);

impl RequestTimes {
    /// The last request that came in for the IP on that interface, ns by the notes' clock; 0 if there was none.
    pub(crate) fn note(&mut self, ip: IpAddr, ifindex: u32, last: u64) {
        if last == 0 {
            return;
        }
        let times = self.0.entry((ip, ifindex)).or_default();
        if times.back().is_some_and(|known| last < *known + APART_NS) {
            return;
        }
        if times.len() == KEPT {
            times.pop_front();
        }
        times.push_back(last);
    }

    /// What was noted, oldest first.
    pub(crate) fn of(&self, ip: IpAddr, ifindex: u32) -> impl Iterator<Item = u64> {
        self.0.get(&(ip, ifindex)).into_iter().flatten().copied()
    }

    pub(crate) fn forget(&mut self, ip: IpAddr) {
        self.0.retain(|(known, _), _| *known != ip);
    }

    pub(crate) fn forget_interface(&mut self, ifindex: u32) {
        self.0.retain(|(_, known), _| *known != ifindex);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn one_of_every_two_seconds_is_kept_for_a_while() {
        let ip = [192, 0, 2, 1].into();
        let mut asked = RequestTimes::default();
        for tenth in 1..=150 {
            asked.note(ip, 2, tenth * SECOND / 10);
        }
        let seconds: Vec<_> = asked.of(ip, 2).map(|time| time / SECOND).collect();
        assert_eq!(seconds, [8, 10, 12, 14]);
        assert_eq!(asked.of(ip, 3).count(), 0);
    }

    #[test]
    fn who_was_never_asked_for_and_who_went_has_nothing() {
        let ip = [192, 0, 2, 1].into();
        let mut asked = RequestTimes::default();
        asked.note(ip, 2, 0);
        assert_eq!(asked.of(ip, 2).count(), 0);
        asked.note(ip, 2, SECOND);
        asked.note(ip, 3, SECOND);
        asked.forget_interface(2);
        assert_eq!((asked.of(ip, 2).count(), asked.of(ip, 3).count()), (0, 1));
        asked.forget(ip);
        assert!(asked.0.is_empty());
    }
}
