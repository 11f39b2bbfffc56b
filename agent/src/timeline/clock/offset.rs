//! How one clock stands to another, and that they drift apart.

/// Two clocks part by no more than this in a second.
const DRIFT_PPM: i64 = 100;

/// The offset at one time is that of the frames around it.
const AROUND_NS: i64 = 3_000_000_000;

/// Of so many, at most.
const KNOTS: usize = 16;

/// How far clocks may have parted in so many nanoseconds.
pub(in super::super) const fn drift(nanoseconds: i64) -> i64 {
    nanoseconds / 1_000_000 * DRIFT_PPM
}

/// The other's clock beside the one's.
#[derive(Clone, Debug)]
pub(in super::super) struct Offset {
    /// By the one's clock, in the order of time: when both saw a frame, and how far the other was ahead then. Empty for
    /// a clock beside itself.
    pub(in super::super) knots: Vec<(i64, i64)>,
    /// How far off all of them may be together.
    pub(in super::super) error: i64,
    /// Frames that both saw.
    pub(in super::super) frames: u32,
}

impl Offset {
    pub(in super::super) const fn itself(frames: u32) -> Self {
        Self { knots: Vec::new(), error: 0, frames }
    }

    /// How far the other is ahead at a time by the one's clock, and how far off that may be.
    pub(in super::super) fn at(&self, at: i64) -> (i64, i64) {
        let after = self.knots.partition_point(|(time, _)| *time < at);
        let apart = |(time, _): &(i64, i64)| time.saturating_sub(at).saturating_abs();
        let around =
            self.knots.get(after.saturating_sub(1)..(after + 1).min(self.knots.len())).unwrap_or_default();
        let Some(nearest) = around.iter().min_by_key(|knot| apart(knot)) else { return (0, self.error) };
        let half = KNOTS / 2;
        let near = &self.knots[after.saturating_sub(half)..(after + half).min(self.knots.len())];
        let near = near.iter().filter(|(time, _)| (time - nearest.0).abs() <= AROUND_NS);
        let mut differences = [0; KNOTS];
        let mut length = 0;
        for ((_, by), place) in near.zip(&mut differences) {
            *place = *by;
            length += 1;
        }
        let differences = &mut differences[..length];
        differences.sort_unstable();
        let by = differences.get(length / 2).copied().unwrap_or(nearest.1);
        let spread = differences.iter().map(|difference| (difference - by).abs()).max().unwrap_or(0);
        (by, self.error + spread + drift(apart(nearest)))
    }

    /// The time by the one's clock at a time by the other's, and how far off that may be.
    pub(in super::super) fn map(&self, at: i64) -> (i64, i64) {
        let rough = self.knots.get(self.knots.len() / 2).map_or(0, |(_, by)| *by);
        let (by, _) = self.at(at.saturating_sub(rough));
        let (by, error) = self.at(at.saturating_sub(by));
        (at.saturating_sub(by), error)
    }

    /// A third clock beside the one's, where `next` says how it stands to this other.
    pub(in super::super) fn then(&self, next: &Self) -> Self {
        let mut error = self.error;
        let knot = |(at, by): &(i64, i64)| {
            let (mapped, of) = self.map(*at);
            error = error.max(of);
            (mapped, at + by - mapped)
        };
        let knots = next.knots.iter().map(knot).collect();
        Self { knots, error: error + next.error, frames: next.frames }
    }
}
