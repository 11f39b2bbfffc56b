//! How long nobody answered when this node lost an address.

use super::rings::Gap;
use crate::evidence::HandoverGaps;

/// The gaps so far. Without the LB IP: thousands of them on thousands of nodes would each have a row a bucket, and
/// `failover` tells of each one.
#[derive(Debug, Default)]
pub(super) struct Gaps(HandoverGaps);

impl Gaps {
    pub(super) fn add(&mut self, gap: Gap) {
        let seconds = gap.lasted.max(0) as f64 / 1e9;
        let Self(gaps) = self;
        gaps.buckets.resize(HandoverGaps::BOUNDS.len() + 1, 0);
        let place = HandoverGaps::BOUNDS.iter().position(|bound| seconds <= *bound);
        gaps.buckets[place.unwrap_or(HandoverGaps::BOUNDS.len())] += 1;
        gaps.sum_seconds += seconds;
    }

    pub(super) fn told(&self) -> HandoverGaps {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_counted_in_the_first_bucket_that_holds_it() {
        let table = [
            (0, Some(0)),
            (10_000_000, Some(0)),
            (10_000_001, Some(1)),
            (999_000_000, Some(6)),
            (300_000_000_000, Some(14)),
            (300_000_000_001, None),
        ];
        for (lasted, place) in table {
            let mut gaps = Gaps::default();
            gaps.add(Gap { lasted });
            let told = gaps.told();
            let found = told.buckets.iter().position(|count| *count == 1);
            assert_eq!(found, Some(place.unwrap_or(HandoverGaps::BOUNDS.len())), "{lasted}");
            assert!((told.sum_seconds - lasted as f64 / 1e9).abs() < 1e-9);
        }
    }
}
