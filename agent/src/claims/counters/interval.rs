//! Where *speaker less wire* lies, as one reading tells.

/// From `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The least it can be.
    pub low: i64,
    /// The most it can be.
    pub high: i64,
}

impl Interval {
    /// The speaker's figure was taken while the wire's went from `before` to `after`, which is no less.
    pub const fn of(speaker: u64, before: u64, after: u64) -> Self {
        let speaker = speaker.cast_signed();
        Self { low: speaker - after.cast_signed(), high: speaker - before.cast_signed() }
    }

    /// What both allow; `None` if they contradict each other.
    pub fn meet(self, other: Self) -> Option<Self> {
        let met = Self { low: self.low.max(other.low), high: self.high.min(other.high) };
        (met.low <= met.high).then_some(met)
    }

    /// How far at least it is from here to there: 0 while they meet, negative if `other` lies below.
    pub const fn gap(self, other: Self) -> i64 {
        if other.low > self.high {
            other.low - self.high
        } else if other.high < self.low {
            other.high - self.low
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_while_both_are_read_is_no_gap() {
        let quiet = Interval::of(10, 100, 100);
        let table = [
            (Interval::of(10, 100, 100), 0),
            (Interval::of(15, 105, 105), 0),
            (Interval::of(15, 103, 107), 0),
            (Interval::of(15, 105, 107), 0),
            (Interval::of(14, 105, 107), -1),
            (Interval::of(10, 105, 105), -5),
            (Interval::of(16, 105, 105), 1),
            (Interval::of(20, 100, 103), 7),
        ];
        for (other, gap) in table {
            assert_eq!(quiet.gap(other), gap, "{other:?}");
            assert_eq!(quiet.meet(other).is_some(), gap == 0, "{other:?}");
        }
    }
}
