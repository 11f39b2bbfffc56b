//! One of the speaker's counters, from baseline to baseline.

use std::time::Instant;

use jiff::Timestamp;

use super::Interval;
use crate::evidence::{Because, Compared, Counter};

/// What a reading may be taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Doubt {
    /// Nothing can be compared with the reading before.
    pub(super) new_baseline: bool,
    /// If the speaker counted fewer since the reading before, it may have been right to.
    pub(super) fewer: bool,
    /// If it counted more, it may have been right to.
    pub(super) more: bool,
}

/// What became of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It begins a new baseline.
    Baseline,
    /// Speaker and wire agree.
    Agree,
    /// They don't; the next reading decides.
    Pending,
    /// They have not for two readings: this much was counted by the speaker alone, or, if negative, by the wire alone.
    Apart(i64),
}

#[derive(Clone, Copy, Debug)]
struct Baseline {
    /// Where the difference lay at first.
    base: Interval,
    /// Where it lies now; the same as `base` until they drift apart.
    now: Interval,
    /// A reading that contradicts `now`, while it is the only one.
    pending: Option<Interval>,
}

impl Baseline {
    const fn new(read: Interval) -> Self {
        Self { base: read, now: read, pending: None }
    }

    const fn difference(&self) -> i64 {
        self.base.gap(self.now)
    }

    fn step(&mut self, read: Interval) -> Step {
        if let Some(met) = self.now.meet(read) {
            if self.base == self.now {
                self.base = met;
            }
            (self.now, self.pending) = (met, None);
            return Step::Agree;
        }
        let gap = self.now.gap(read);
        let same_side = |pending: &Interval| self.now.gap(*pending).signum() == gap.signum();
        let Some(pending) = self.pending.filter(same_side) else {
            self.pending = Some(read);
            return Step::Pending;
        };
        let before = self.difference();
        // What both readings allow; if the second is further off, it waits for the next one's word.
        (self.now, self.pending) = match pending.meet(read) {
            Some(met) => (met, None),
            None if self.now.gap(pending).abs() < gap.abs() => (pending, Some(read)),
            None => (read, None),
        };
        Step::Apart(self.difference() - before)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Track {
    counter: Counter,
    /// Of former baselines.
    settled: i64,
    /// Of the present one, if there is one.
    baseline: Option<Baseline>,
    /// The speaker's figure at the last reading.
    figure: u64,
    /// What it gained since the last reading on which both agreed.
    held: u64,
    /// What the speaker and the wire gained over all windows that are settled.
    speaker: u64,
    wire: u64,
    since: Instant,
    until: Option<Instant>,
    /// When the two last came apart.
    apart: Option<Instant>,
    reason: Option<Because>,
}

impl Track {
    /// `read` is `None` if the wire can't be compared with itself before and after.
    pub(super) fn new(counter: Counter, figure: u64, read: Option<Interval>, at: Instant) -> Self {
        Self {
            counter,
            settled: 0,
            baseline: read.map(Baseline::new),
            figure,
            held: 0,
            speaker: 0,
            wire: 0,
            since: at,
            until: None,
            apart: None,
            reason: None,
        }
    }

    pub(super) fn step(&mut self, figure: u64, read: Option<Interval>, at: Instant, doubt: Doubt) -> Step {
        // A counter that fell began anew, whatever else was noticed of it.
        let gained = figure.checked_sub(self.figure);
        self.figure = figure;
        if let (Some(gained), Some(baseline), Some(read), false) =
            (gained, &mut self.baseline, read, doubt.new_baseline)
        {
            // Not only where they contradict each other: what is hidden in traffic now would come out later.
            let Interval { low, high } = baseline.now;
            let doubted = (doubt.fewer && read.low < low) || (doubt.more && read.high > high);
            if !doubted {
                let step = baseline.step(read);
                self.held += gained;
                if matches!(step, Step::Apart(_)) {
                    self.apart = Some(at);
                }
                if step != Step::Pending {
                    self.settle(at);
                }
                return step;
            }
        }
        self.settled = self.difference();
        self.baseline = read.map(Baseline::new);
        self.held = 0;
        Step::Baseline
    }

    fn settle(&mut self, at: Instant) {
        self.speaker += std::mem::take(&mut self.held);
        // As a difference comes out more clearly, the wire's share may turn out to be less than was told.
        self.wire = self.wire.max(self.speaker.saturating_add_signed(-self.difference()));
        self.until = Some(at);
    }

    pub(super) const fn explain(&mut self, because: Because) {
        self.reason = Some(because);
    }

    fn difference(&self) -> i64 {
        self.settled + self.baseline.as_ref().map_or(0, Baseline::difference)
    }

    /// `None` before there was a window. `wall` says what the clock on the wall shows at an instant.
    pub(super) fn compared(&self, wall: &impl Fn(Instant) -> Timestamp) -> Option<Compared> {
        let difference = self.difference();
        Some(Compared {
            counter: self.counter,
            speaker: self.speaker,
            wire: self.wire,
            difference,
            changed: self.apart.map(wall),
            since: wall(self.since),
            until: wall(self.until?),
            reason: self.reason.filter(|_| difference != 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name, readings, what became of each, and in the end the speaker's total, the wire's and the difference.
    type Case = (&'static str, &'static [Line], &'static [Step], Option<(u64, u64, i64)>);

    /// One reading: the speaker's figure, the wire's before and after, and what may be doubted.
    type Line = (u64, u64, u64, Doubt);

    const SURE: Doubt = Doubt { new_baseline: false, fewer: false, more: false };
    const NEW: Doubt = Doubt { new_baseline: true, ..SURE };
    const FEWER: Doubt = Doubt { fewer: true, ..SURE };
    const MORE: Doubt = Doubt { more: true, ..SURE };

    fn play(lines: &[Line]) -> (Vec<Step>, Option<(u64, u64, i64)>) {
        let mut lines = lines.iter();
        let &(figure, before, after, _) = lines.next().unwrap();
        let at = Instant::now();
        let read = |figure, before, after| (before <= after).then(|| Interval::of(figure, before, after));
        let mut track = Track::new(Counter::ResponsesSent, figure, read(figure, before, after), at);
        let steps = lines
            .map(|&(figure, before, after, doubt)| track.step(figure, read(figure, before, after), at, doubt))
            .collect();
        (
            steps,
            track
                .compared(&|_| Timestamp::UNIX_EPOCH)
                .map(|compared| (compared.speaker, compared.wire, compared.difference)),
        )
    }

    #[test]
    fn readings_become_agreement_difference_or_a_new_baseline() {
        use Step::{Agree, Apart, Baseline, Pending};
        let table: [Case; 17] = [
            ("one reading is no window", &[(5, 7, 7, SURE)], &[], None),
            ("alike", &[(5, 7, 7, SURE), (9, 11, 11, SURE)], &[Agree], Some((4, 4, 0))),
            ("traffic meanwhile", &[(5, 7, 7, SURE), (9, 9, 14, SURE)], &[Agree], Some((4, 4, 0))),
            (
                "a late one comes",
                &[(5, 5, 5, SURE), (5, 6, 6, SURE), (6, 6, 6, SURE)],
                &[Pending, Agree],
                Some((1, 1, 0)),
            ),
            (
                "three lost",
                &[(5, 5, 5, SURE), (5, 8, 8, SURE), (6, 9, 9, SURE)],
                &[Pending, Apart(-3)],
                Some((1, 4, -3)),
            ),
            (
                "three lost in traffic, found out bit by bit",
                &[(0, 0, 0, SURE), (7, 8, 12, SURE), (17, 18, 22, SURE), (27, 30, 30, SURE)],
                &[Pending, Apart(-1), Agree],
                Some((27, 30, -3)),
            ),
            (
                "lost twice",
                &[(0, 0, 0, SURE), (0, 2, 2, SURE), (0, 5, 5, SURE), (0, 5, 5, SURE)],
                &[Pending, Apart(-2), Apart(-3)],
                Some((0, 5, -5)),
            ),
            (
                "one too many",
                &[(0, 0, 0, SURE), (3, 2, 2, SURE), (4, 3, 3, SURE)],
                &[Pending, Apart(1)],
                Some((4, 3, 1)),
            ),
            (
                "too many in traffic: what was told of the wire is never taken back",
                &[(0, 0, 0, SURE), (9, 4, 8, SURE), (10, 5, 9, SURE), (10, 7, 7, SURE), (20, 17, 17, SURE)],
                &[Pending, Apart(1), Agree, Agree],
                Some((20, 17, 3)),
            ),
            (
                "now fewer, now more",
                &[(0, 0, 0, SURE), (0, 1, 1, SURE), (2, 1, 1, SURE), (2, 2, 2, SURE)],
                &[Pending, Pending, Agree],
                Some((2, 2, 0)),
            ),
            (
                "the speaker restarts",
                &[(5, 5, 5, SURE), (6, 6, 6, SURE), (2, 9, 9, SURE), (3, 10, 10, SURE)],
                &[Agree, Baseline, Agree],
                Some((2, 2, 0)),
            ),
            (
                "a difference survives a new baseline",
                &[(5, 5, 5, SURE), (5, 6, 6, SURE), (5, 6, 6, SURE), (9, 30, 30, NEW), (9, 30, 30, SURE)],
                &[Pending, Apart(-1), Baseline, Agree],
                Some((0, 1, -1)),
            ),
            (
                "it may have been right to count fewer",
                &[(5, 5, 5, SURE), (5, 6, 6, FEWER), (6, 7, 7, FEWER), (9, 9, 9, SURE), (9, 9, 9, SURE)],
                &[Baseline, Agree, Pending, Apart(1)],
                Some((4, 3, 1)),
            ),
            (
                "the same, hidden in traffic",
                &[(5, 5, 5, SURE), (9, 8, 11, FEWER), (9, 10, 10, SURE), (9, 10, 10, SURE)],
                &[Baseline, Agree, Agree],
                Some((0, 0, 0)),
            ),
            (
                "it may have been right to count more",
                &[(5, 5, 5, SURE), (15, 6, 6, MORE), (16, 7, 7, SURE)],
                &[Baseline, Agree],
                Some((1, 1, 0)),
            ),
            (
                "a wire that begins anew while it is read is no baseline",
                &[(5, 7, 0, SURE), (6, 1, 1, SURE), (7, 2, 0, NEW), (9, 1, 1, SURE), (10, 2, 2, SURE)],
                &[Baseline, Baseline, Baseline, Agree],
                Some((1, 1, 0)),
            ),
            (
                "the second is nearer",
                &[(0, 0, 0, SURE), (0, 5, 5, SURE), (2, 5, 5, SURE), (2, 5, 5, SURE)],
                &[Pending, Apart(-3), Agree],
                Some((2, 5, -3)),
            ),
        ];
        for (name, lines, steps, compared) in table {
            assert_eq!(play(lines), (steps.to_vec(), compared), "{name}");
        }
    }
}
