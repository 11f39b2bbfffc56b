//! Whether somebody set the wall clock. Pure: what it has drifted is an argument.

use jiff::{SignedDuration, Timestamp};

/// Less is slewing, and the reading itself.
const STEP: SignedDuration = SignedDuration::from_millis(50);

/// The steps so far.
#[derive(Debug, Default)]
pub(super) struct Steps {
    drift: SignedDuration,
    count: u64,
    last: Option<Timestamp>,
}

impl Steps {
    /// The wall clock is off the events' clock by `drift` now; gives the step if it was set since the last look.
    pub(super) fn look(&mut self, drift: SignedDuration, now: Timestamp) -> Option<SignedDuration> {
        let step = drift - std::mem::replace(&mut self.drift, drift);
        if step.abs() < STEP {
            return None;
        }
        self.count += 1;
        self.last = Some(now);
        Some(step)
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// When the last one was seen, by the wall clock.
    pub(super) const fn last(&self) -> Option<Timestamp> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample::at, *};

    #[test]
    fn a_step_is_told_once_and_slewing_never() {
        let mut steps = Steps::default();
        let drifts = [0, 10, 30, 60, 3060, 3061, 3061, 61];
        let told = drifts.map(|drift| {
            let step = steps.look(SignedDuration::from_millis(drift), at(drift));
            step.map_or(0, |step| step.as_millis())
        });
        assert_eq!(told, [0, 0, 0, 0, 3000, 0, 0, -3000]);
        assert_eq!((steps.count(), steps.last()), (2, Some(at(61))));
    }
}
