//! Ticks of a capture's clock.

const NANOSECONDS: u64 = 1_000_000_000;

/// How an interface's times are to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    unit: Unit,
    /// Seconds to be added (`if_tsoffset`).
    offset: i64,
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    /// So many nanoseconds a tick.
    Nanoseconds(u64),
    /// So many ticks a nanosecond.
    Finer(u64),
    /// 2^-n seconds a tick.
    Binary(u32),
}

impl Clock {
    /// `resolution` as in `if_tsresol`: 10^-n seconds, or 2^-n if the highest bit is set.
    pub(super) const fn new(resolution: u8, offset: i64) -> Self {
        let power = (resolution & 0x7f) as u32;
        let unit = if resolution & 0x80 != 0 {
            Unit::Binary(power)
        } else if power <= 9 {
            Unit::Nanoseconds(10_u64.pow(9 - power))
        } else {
            match 10_u64.checked_pow(power - 9) {
                Some(ticks) => Unit::Finer(ticks),
                None => Unit::Finer(u64::MAX),
            }
        };
        Self { unit, offset }
    }

    /// Nanoseconds since the epoch; at least 1, because 0 means "never" to all that counts.
    pub(super) fn nanoseconds(self, ticks: u64) -> u64 {
        let nanoseconds = match self.unit {
            Unit::Nanoseconds(each) => ticks.saturating_mul(each),
            Unit::Finer(ticks_each) => ticks / ticks_each,
            Unit::Binary(power) => {
                let nanoseconds = (u128::from(ticks) * u128::from(NANOSECONDS)) >> power;
                u64::try_from(nanoseconds).unwrap_or(u64::MAX)
            }
        };
        let offset = self.offset.unsigned_abs().saturating_mul(NANOSECONDS);
        let moved = if self.offset < 0 {
            nanoseconds.saturating_sub(offset)
        } else {
            nanoseconds.saturating_add(offset)
        };
        moved.clamp(1, i64::MAX as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_every_resolution_become_nanoseconds() {
        for (resolution, offset, ticks, expected) in [
            (6, 0, 1_500_000, 1_500_000_000),
            (9, 0, 1_500_000_000, 1_500_000_000),
            (0, 0, 3, 3_000_000_000),
            (12, 0, 2_999, 2),
            (0x8a, 0, 1024 + 512, 1_500_000_000),
            (0xa0, 0, 1 << 31, 500_000_000),
            (6, 10, 0, 10_000_000_000),
            (6, -1, 2_000_000, 1_000_000_000),
            (6, -9, 2_000_000, 1),
            (77, 0, u64::MAX, 1),
            (0, 0, u64::MAX, i64::MAX as u64),
        ] {
            let clock = Clock::new(resolution, offset);
            assert_eq!(clock.nanoseconds(ticks), expected, "{resolution:#x} {offset} {ticks}");
        }
    }
}
