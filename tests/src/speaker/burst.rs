//! When to announce: MetalLB's schedule as a state machine without a clock.
//!
//! An IP is announced at once and then on each tick of one ticker, common to all IPs, until 5 s have
//! passed. Alone that is t = 0, 1.1, 2.2, 3.3, 4.4 s; an IP that comes while another is being
//! announced gets the other's ticks. An IP that is already being announced only gets more time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// Between two rounds.
pub const INTERVAL: Duration = Duration::from_millis(1100);

/// From the (last) request to announce an IP to its last possible round.
pub const LENGTH: Duration = Duration::from_secs(5);

/// Rounds of an IP that is announced alone.
pub const ROUNDS: usize = 5;

/// Which IPs are being announced. Times are since any one moment.
#[derive(Clone, Debug, Default)]
pub struct Bursts {
    until: BTreeMap<IpAddr, Duration>,
    next: Option<Duration>,
}

impl Bursts {
    /// `ip` is to be announced; returns whether to send its first round now.
    pub fn announce(&mut self, ip: IpAddr, now: Duration) -> bool {
        if self.until.is_empty() {
            self.next = Some(now + INTERVAL);
        }
        self.until.insert(ip, now + LENGTH).is_none()
    }

    /// When the next tick is due; `None` while nothing is announced.
    pub fn next(&self) -> Option<Duration> {
        self.next
    }

    /// The tick that is due, however late it is seen; returns the IPs to send a round for.
    pub fn tick(&mut self) -> Vec<IpAddr> {
        self.until.retain(|_, until| self.next.is_some_and(|due| due <= *until));
        self.next = self.next.map(|due| due + INTERVAL).filter(|_| !self.until.is_empty());
        self.until.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 200));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 201));

    #[test]
    fn an_ip_alone_gets_five_rounds() {
        assert_eq!(rounds(&[(0, A)]), [(0, A), (1100, A), (2200, A), (3300, A), (4400, A)]);
    }

    #[test]
    fn a_second_ip_shares_the_ticks_of_the_first() {
        let rounds = rounds(&[(0, A), (1000, B)]);

        let of_b: Vec<_> = rounds.into_iter().filter(|(_, ip)| *ip == B).map(|(time, _)| time).collect();
        assert_eq!(of_b, [1000, 1100, 2200, 3300, 4400, 5500]);
    }

    #[test]
    fn announcing_again_gives_more_time_but_no_round_at_once() {
        let times: Vec<_> = rounds(&[(0, A), (2000, A)]).into_iter().map(|(time, _)| time).collect();

        assert_eq!(times, [0, 1100, 2200, 3300, 4400, 5500, 6600]);
    }

    #[test]
    fn after_a_burst_the_next_starts_afresh() {
        let times: Vec<_> = rounds(&[(0, A), (9000, A)]).into_iter().map(|(time, _)| time).collect();

        assert_eq!(times[5..], [9000, 10_100, 11_200, 12_300, 13_400]);
    }

    /// Plays `requests` (ms, IP) and returns the rounds that are sent.
    fn rounds(requests: &[(u64, IpAddr)]) -> Vec<(u64, IpAddr)> {
        let (mut bursts, mut sent) = (Bursts::default(), Vec::new());
        for time in 0..20_000 {
            let now = Duration::from_millis(time);
            for &(_, ip) in requests.iter().filter(|(at, _)| *at == time) {
                sent.extend(bursts.announce(ip, now).then_some((time, ip)));
            }
            if bursts.next() == Some(now) {
                sent.extend(bursts.tick().into_iter().map(|ip| (time, ip)));
            }
        }
        sent
    }
}
