//! How long things count. Ages are taken on the clock of whoever judges.

use jiff::{SignedDuration, Timestamp};

/// What began, or changed, less than this ago is not held against anybody yet: claims are read every few
/// seconds, `MetalLB` needs some to elect anew, and announces for five.
pub(super) const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// A reading of the speaker's metrics counts as its present word for this long.
pub(super) const FRESH: SignedDuration = SignedDuration::from_secs(90);

/// Clocks of nodes that agree better than this are believed to agree.
pub(super) const MAX_SKEW: SignedDuration = SignedDuration::from_secs(5);

/// Whether it was at most `span` ago. What lies in the future, beyond what clocks differ, was not.
pub(super) fn within(time: Timestamp, span: SignedDuration, now: Timestamp) -> bool {
    let age = now.duration_since(time);
    -MAX_SKEW <= age && age <= span
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::sample::{T0, at};

    #[test]
    fn neither_long_ago_nor_the_future_is_lately() {
        for (ago, lately) in [(0, true), (60, true), (61, false), (-5, true), (-6, false), (-86_400, false)] {
            assert_eq!(within(at(T0 - ago), GRACE, at(T0)), lately, "{ago}");
        }
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        assert!(!within(Timestamp::MIN, GRACE, Timestamp::MAX));
        assert!(!within(Timestamp::MAX, GRACE, Timestamp::MIN));
    }
}
