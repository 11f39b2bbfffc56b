//! The kernel's clock and the wall's.

use jiff::{SignedDuration, Timestamp};
use nix::time::{ClockId, clock_gettime};

/// One reading of both clocks, to convert kernel times with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Wall time of the reading.
    pub(super) wall: Timestamp,
    /// `CLOCK_MONOTONIC` of the reading, nanoseconds.
    pub(super) monotonic: u64,
}

impl Clock {
    /// Reads both clocks, one right after the other.
    pub(super) fn read() -> Self {
        // CLOCK_MONOTONIC exists on every Linux; were it to fail, all kernel times would read as "now".
        let monotonic = clock_gettime(ClockId::CLOCK_MONOTONIC)
            .map_or(0, |time| time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64);
        Self { wall: Timestamp::now(), monotonic }
    }

    /// The wall time of a kernel time, `None` for 0 (= never).
    pub(super) fn wall(&self, kernel: u64) -> Option<Timestamp> {
        if kernel == 0 {
            return None;
        }
        let ago = self.monotonic.cast_signed() - kernel.cast_signed();
        Some(self.wall.checked_sub(SignedDuration::from_nanos(ago)).unwrap_or(self.wall))
    }
}
