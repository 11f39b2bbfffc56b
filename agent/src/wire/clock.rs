//! The kernel's clock and the wall's.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use nix::time::{ClockId, clock_gettime};

/// Readings of which the best is taken: a process that is interrupted between its two clocks reads them apart.
const READINGS: u32 = 8;

/// One reading of both clocks, to convert kernel times with.
///
/// Of one reading all conversions have the same distances and the same order as the kernel times, whatever is done to
/// the wall clock: an agent takes one for its life for what has to stay in order, and [`Clock::drift`] tells how far
/// off it is by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Wall time of the reading.
    pub wall: Timestamp,
    /// `CLOCK_MONOTONIC` of the reading, nanoseconds.
    pub monotonic: u64,
}

impl Clock {
    /// Reads both clocks at one moment, as far as that is possible.
    pub fn read() -> Self {
        let reading = |_| {
            let before = monotonic();
            let wall = Timestamp::now();
            let apart = monotonic().saturating_sub(before);
            (apart, Self { wall, monotonic: before + apart / 2 })
        };
        let best = (0..READINGS).map(reading).min_by_key(|(apart, _)| *apart);
        best.map_or(Self { wall: Timestamp::now(), monotonic: monotonic() }, |(_, clock)| clock)
    }

    /// The wall time of a kernel time, `None` for 0 (= never).
    pub fn wall(&self, kernel: u64) -> Option<Timestamp> {
        if kernel == 0 {
            return None;
        }
        let ago = self.monotonic.cast_signed() - kernel.cast_signed();
        Some(self.wall.checked_sub(SignedDuration::from_nanos(ago)).unwrap_or(self.wall))
    }

    /// By how much the wall clock was set forward since the reading, less than zero if it was set back. What is
    /// slewed, as by NTP in the steady state, moves both clocks alike.
    pub fn drift(&self) -> SignedDuration {
        self.drift_at(&Self::read())
    }

    fn drift_at(&self, later: &Self) -> SignedDuration {
        let passed = SignedDuration::from_nanos(later.monotonic.cast_signed() - self.monotonic.cast_signed());
        later.wall.duration_since(self.wall) - passed
    }

    /// Which boot of the node, and which reading of its clocks: times of one such word are on one clock.
    pub fn boot(&self) -> String {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot = boot.trim().split('-').next().unwrap_or_default().to_owned();
        format!("{boot}-{:x}", self.monotonic)
    }
}

/// Nanoseconds since the node booted.
fn monotonic() -> u64 {
    // CLOCK_MONOTONIC exists on every Linux; were it to fail, all kernel times would read as "now".
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map_or(0, |time| time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn at(wall: i64, monotonic: i64) -> Clock {
        Clock { wall: Timestamp::from_second(wall).unwrap(), monotonic: (monotonic * SECOND) as u64 }
    }

    #[test]
    fn a_step_of_the_wall_clock_is_drift_and_what_passes_is_none() {
        for (later, drift) in [(at(1060, 65), 0), (at(1063, 65), 3), (at(1057, 65), -3), (at(400, 65), -660)]
        {
            assert_eq!(at(1000, 5).drift_at(&later).as_secs(), drift, "{later:?}");
        }
        assert!(Clock::read().drift().abs() < SignedDuration::from_millis(100));
    }

    #[test]
    fn kernel_times_keep_their_order_and_their_distances() {
        let clock = at(1000, 5);
        let times: Vec<_> = [1, 5 * SECOND as u64, 5 * SECOND as u64 + 1].map(|time| clock.wall(time)).into();
        assert_eq!(times[1].map(Timestamp::as_second), Some(1000));
        assert_eq!(times[0].map(Timestamp::as_nanosecond), Some(995_000_000_001));
        assert_eq!(times[2].map(Timestamp::as_nanosecond), Some(1_000_000_000_001));
        assert_eq!(clock.wall(0), None);
    }

    #[test]
    fn a_boot_is_told_by_the_kernel_and_a_life_by_its_beginning() {
        let (one, other) = (at(1000, 5), at(1000, 6));
        assert_eq!(one.boot(), one.boot());
        assert_ne!(one.boot(), other.boot());
        assert!(one.boot().len() > "-12a05f200".len(), "{}", one.boot());
    }
}
