//! Clocks of which it is known how wrong they are.

use super::sample::{Segment, lines};
use crate::timeline::{NodeClock, Timeline};

fn skewed(skews: [i64; 3]) -> Segment {
    Segment::new().asked_until(40_000).owns(0, 0, 20_000).owns(1, 20_010, 40_000).skewed(skews)
}

/// Every clock that was compared is what it was made to be.
fn check(told: &Timeline, skews: [i64; 3]) {
    let of = |clock: &NodeClock| skews[clock.node[1..].parse::<usize>().unwrap()] * 1_000_000;
    let reference = told.clocks.iter().find(|clock| clock.reference).unwrap();
    for clock in &told.clocks {
        let off = (clock.offset_ns - (of(reference) - of(clock))).unsigned_abs();
        assert!(
            clock.error_ns.is_some_and(|error| off <= error && error <= 2_000_000),
            "{clock:?} is off by {off}"
        );
    }
}

#[test]
fn three_seconds_this_way_and_that_change_nothing_but_the_times() {
    for skews in [
        [0, 0, 0],
        [3_000, -3_000, 0],
        [-3_000, 3_000, 1_100],
        [1_100, 0, -1_100],
        [120, -120, 0],
        [9_000, 0, -9_000],
    ] {
        let told = skewed(skews).told();
        assert_eq!(lines(&told), ["first ->n0 - -", "planned n0>n1 100ms 0"], "{skews:?}");
        check(&told, skews);
    }
}

/// Asked as regularly as announced, and nobody has heard the first rounds but who sent them.
#[test]
fn what_fits_at_several_places_has_an_error_that_covers_them_all() {
    let segment = Segment::new().every(1_100);
    let skews = [0, 2_000, -1_500];
    // n2 was cut off for the first two rounds of n1, and hears nothing else.
    let told = segment.cut(2, 0, 22_000).announces(1, 20_000, 40_000).skewed(skews).told();
    let clock = told.clocks.iter().find(|clock| clock.node == "n2").unwrap();
    let reference = told.clocks.iter().find(|clock| clock.reference).unwrap();
    let skew = |clock: &NodeClock| skews[clock.node[1..].parse::<usize>().unwrap()] * 1_000_000;
    let error = clock.error_ns.unwrap();
    assert!((clock.offset_ns - (skew(reference) - skew(clock))).unsigned_abs() <= error, "{told:#?}");
    assert!(error >= 1_100_000_000, "{clock:?}");
}

#[test]
fn without_a_frame_that_both_saw_nothing_is_compared() {
    let segment =
        Segment::new().cut(0, 0, 60_000).asked_until(40_000).owns(0, 0, 20_000).owns(1, 20_010, 40_000);
    let told = segment.told();
    let clock = told.clocks.iter().find(|clock| clock.node == "n0").unwrap();
    assert_eq!((clock.error_ns, clock.frames), (None, 0));
    let words =
        "n0: no frame was seen there and elsewhere, so its clock is not known and what it saw is left out";
    assert_eq!(told.incomplete, [words]);
    assert!(told.handovers.iter().all(|handover| handover.gap_ns.is_none()), "{told:#?}");
}

#[test]
fn irregular_requests_alone_compare_clocks() {
    let mut account = skewed([0, 2_500, 0]).account();
    // As if every request came a little late, by a pattern that does not repeat.
    let late = |count: u64| (count * count * 7_919 % 10_007 % 83).cast_signed();
    account.events.retain(|event| !matches!(event.what, crate::evidence::What::Announcement(_)));
    account.numbered = crate::timeline::Numbered::No;
    for event in &mut account.events {
        if let crate::evidence::What::Request(asked) = &event.what {
            event.at += jiff::SignedDuration::from_millis(late(asked.count));
        }
    }
    check(&super::super::timeline(&account), [0, 2_500, 0]);
}
