//! From times to places across a picture, and which of them get a label.

use jiff::Timestamp;

use crate::cli::failover::words::nanos;

/// The first and the last place, per cent of the width: half a label has room beside them.
const FIRST: f64 = 6.0;
const LAST: f64 = 94.0;

/// A label is at most as wide as this share of the narrowest picture.
const LABELS: i64 = 6;

/// A second or less is told in tenths, fifths and halves; minutes and hours have their own.
const STEPS: [i64; 35] = {
    const MS: i64 = 1_000_000;
    const S: i64 = 1000 * MS;
    const MIN: i64 = 60 * S;
    const H: i64 = 60 * MIN;
    [
        1_000,
        2_000,
        5_000,
        10_000,
        20_000,
        50_000,
        100_000,
        200_000,
        500_000,
        MS,
        2 * MS,
        5 * MS,
        10 * MS,
        20 * MS,
        50 * MS,
        100 * MS,
        200 * MS,
        500 * MS,
        S,
        2 * S,
        5 * S,
        10 * S,
        20 * S,
        30 * S,
        MIN,
        2 * MIN,
        5 * MIN,
        10 * MIN,
        20 * MIN,
        30 * MIN,
        H,
        2 * H,
        6 * H,
        12 * H,
        24 * H,
    ]
};

/// The times that a picture shows, nanoseconds since its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    origin: Timestamp,
    from: i64,
    to: i64,
}

/// A labelled time.
#[derive(Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) place: f64,
    pub(super) label: String,
}

impl Scale {
    /// From one to the other; never empty.
    pub(super) fn new(origin: Timestamp, from: Timestamp, to: Timestamp) -> Self {
        let (from, to) = (nanos(from, origin), nanos(to, origin));
        Self { origin, from, to: to.max(from.saturating_add(1_000)) }
    }

    /// With so much more on both sides, as a share of the whole.
    pub(super) fn wider(self, share: f64) -> Self {
        let more = (self.width() * share) as i64;
        Self { from: self.from.saturating_sub(more), to: self.to.saturating_add(more), ..self }
    }

    fn width(self) -> f64 {
        self.to as f64 - self.from as f64
    }

    /// Which share of it a length of time is.
    pub(super) fn share(self, ns: u64) -> f64 {
        ns as f64 / self.width()
    }

    pub(super) fn shows(self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&nanos(at, self.origin))
    }

    /// Per cent of the width; what lies outside is at the edge.
    pub(super) fn place(self, at: Timestamp) -> f64 {
        self.of(nanos(at, self.origin))
    }

    fn of(self, ns: i64) -> f64 {
        let share = (ns as f64 - self.from as f64) / self.width();
        FIRST + share.clamp(0.0, 1.0) * (LAST - FIRST)
    }

    /// Round times, few enough for their labels never to touch.
    pub(super) fn ticks(self) -> Vec<Tick> {
        let fits = |step: &&i64| self.width() / (**step as f64) < LABELS as f64;
        let day = STEPS[STEPS.len() - 1];
        // Longer than six days: whole days, as many as it takes.
        let days = || (self.width() / day as f64 / LABELS as f64).ceil() as i64;
        let step = STEPS.iter().find(fits).copied().unwrap_or_else(|| day.saturating_mul(days()));
        let first = self.from.div_euclid(step) + i64::from(self.from.rem_euclid(step) != 0);
        let last = self.to.div_euclid(step);
        (first..=last)
            .map(|n| n * step)
            .map(|ns| Tick { place: self.of(ns), label: label(ns, step) })
            .collect()
    }
}

/// In the largest unit in which steps are whole.
fn label(ns: i64, step: i64) -> String {
    const UNITS: [(i64, &str); 5] = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "µs"),
    ];
    if ns == 0 {
        return "0".to_owned();
    }
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| step % unit == 0).unwrap_or((1, "ns"));
    format!("{}{} {name}", if ns < 0 { "\u{2212}" } else { "+" }, (ns / unit).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failover::sample::at;

    fn labels(from: f64, to: f64) -> Vec<String> {
        Scale::new(at(0.0), at(from), at(to)).ticks().into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (from, to, expected) in [
            (-100.0, 900.0, "0 +200 ms +400 ms +600 ms +800 ms"),
            (-29_990.0, 5_400.0, "−20 s −10 s 0"),
            (0.0, 0.004, "0 +1 µs +2 µs +3 µs +4 µs"),
            (-1.0, 2.5, "−1 ms 0 +1 ms +2 ms"),
            (0.0, 400_000.0, "0 +2 min +4 min +6 min"),
            (0.0, 90_000_000.0, "0 +6 h +12 h +18 h +24 h"),
        ] {
            assert_eq!(labels(from, to).join(" "), expected, "{from}..{to}");
        }
    }

    #[test]
    fn any_length_has_between_one_and_six_short_labels() {
        for exponent in 0..60 {
            let length = 1.37_f64.powi(exponent) / 1000.0;
            let labels = labels(-length / 3.0, length);
            assert!((1..=7).contains(&labels.len()), "{length}: {labels:?}");
            assert!(labels.iter().all(|label| label.chars().count() <= 8), "{length}: {labels:?}");
        }
    }

    #[test]
    fn what_is_outside_is_at_the_edge_and_nothing_divides_by_nothing() {
        let scale = Scale::new(at(0.0), at(0.0), at(0.0));
        assert!((scale.place(at(-5.0)) - FIRST).abs() < 1e-9);
        assert!((scale.place(at(5.0)) - LAST).abs() < 1e-9);
        assert!(!scale.shows(at(5.0)) && scale.shows(at(0.0)));
    }
}
