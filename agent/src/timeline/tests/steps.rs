//! What happened, step by step.

use jiff::SignedDuration;

use super::sample::{Segment, cause, claim};
use crate::{
    evidence::{Event, Traffic, What},
    timeline::{
        StepKind, timeline,
        truth::terms::{MS, T0, stamp},
    },
};

use StepKind::{
    Announcement, Cause, ClaimBegan, ClaimEnded, FirstAnswer, LastAnswer, Request, StaleRequest, StaleTraffic,
};

#[test]
fn steps_are_told_in_the_order_of_time_whatever_the_nodes_clocks_say() {
    let traffic = What::Traffic(Traffic { packets: 7, last: stamp(T0 + 18_900 * MS) });
    let mut account = Segment::new()
        .asked_until(40_000)
        .owns(0, 0, 20_000)
        .owns(1, 20_300, 40_000)
        .believes(0, 21_730)
        .skewed([-3_000, 3_000, 0])
        .said(
            2,
            19_900,
            cause(
                "Node/n0",
                "label node.kubernetes.io/exclude-from-external-load-balancers added",
                Some(19_000),
            ),
        )
        .said(0, 19_980, claim(0, false))
        .said(1, 33_000, claim(1, true))
        .account();
    // Traffic is of the address: it stands in the node's own row.
    let mut event =
        account.events.iter().rfind(|event| event.node == "n0" && event.boot == "b").unwrap().clone();
    (event.seq, event.at, event.what) = (event.seq + 1, stamp(T0 + 19_000 * MS), traffic);
    account.events.push(event);
    for event in &mut account.events {
        event.boot = "b".to_owned();
    }
    let told = timeline(&account);

    let moved = &told.handovers[1];
    let reference = told.clocks.iter().find(|clock| clock.reference).unwrap();
    let skew = match reference.node.as_str() {
        "n0" => -3_000,
        "n1" => 3_000,
        _ => 0,
    };
    let steps: Vec<(i64, &str, StepKind)> = moved
        .steps
        .iter()
        .map(|step| ((step.at.as_nanosecond() as i64 - T0) / MS - skew, step.node.as_str(), step.kind))
        .collect();
    let expected = [
        (19_900, "n2", Cause),
        (19_950, "n0", LastAnswer),
        (19_980, "n0", ClaimEnded),
        (20_050, "n0", Request),
        (20_150, "n0", Request),
        (20_250, "n0", Request),
        (20_300, "n1", Announcement),
        (20_350, "n1", FirstAnswer),
        (21_400, "n1", Announcement),
        (21_730, "n0", StaleRequest),
        (21_900, "n0", StaleTraffic),
        (22_500, "n1", Announcement),
        (23_600, "n1", Announcement),
        (24_700, "n1", Announcement),
        (33_000, "n1", ClaimBegan),
    ];
    assert_eq!(steps.len(), expected.len(), "{steps:#?}");
    for ((at, node, kind), (wanted, on, of)) in steps.iter().zip(expected) {
        assert!((at - wanted).abs() <= 1 && kind == &of, "{steps:#?}");
        assert!(*node == on || of == Request, "{steps:#?}");
    }
    assert!(moved.steps.iter().all(|step| step.error_ns.is_some_and(|error| error < 5_000_000)));
    assert_eq!(moved.steps[0].own_time, Some(stamp(T0 + 19_000 * MS)));
    assert_eq!((moved.began, moved.ended), (moved.steps[0].at, moved.steps[14].at));
    let unanswered = moved.unanswered.as_ref().unwrap();
    assert_eq!((unanswered.least, unanswered.most, unanswered.askers), (3, 3, 1));
}

#[test]
fn what_several_tell_is_told_once() {
    let change = || cause("Node/n0", "Ready became False", None);
    let segment = Segment::new().asked_until(40_000).owns(0, 0, 20_000).owns(1, 24_000, 40_000);
    let told = segment.said(0, 22_000, change()).said(1, 22_003, change()).said(2, 22_001, change()).told();
    let causes: Vec<_> = told.handovers[1].steps.iter().filter(|step| step.kind == Cause).collect();
    assert_eq!(causes.len(), 1, "{causes:#?}");
}

/// A machine that stands still notes late what it heard: that is the same round, and none more.
#[test]
fn an_announcement_that_was_heard_late_is_no_round_of_its_own() {
    let mut account = Segment::new().asked_until(40_000).owns(0, 0, 20_000).owns(1, 20_010, 40_000).account();
    let heard = |event: &&mut Event| {
        event.node == "n0"
            && matches!(&event.what, What::Announcement(claimed) if !claimed.sent)
            && event.at > stamp(T0 + 21_000 * MS)
    };
    for event in account.events.iter_mut().filter(heard).take(2) {
        event.at += SignedDuration::from_millis(50);
    }
    let told = timeline(&account);
    let rounds = told.handovers[1].steps.iter().filter(|step| step.kind == Announcement);
    let rounds: Vec<_> = rounds.map(|step| step.text.clone()).collect();
    assert!(rounds.len() == 5 && rounds[4].contains("round 5 of 5"), "{rounds:#?}");
}
