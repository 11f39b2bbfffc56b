//! What is told while it happens, and when it is over.

use super::*;
use crate::{
    cli::failover::sample::{IP, at, planned, timeline},
    evidence::{Asked, ControlChange, MacAddr, What},
};

fn event(seq: u64, what: What) -> Event {
    Event { node: "n1".to_owned(), boot: String::new(), seq, at: at(seq as f64), ip: Some(IP), what }
}

fn request(seq: u64) -> Event {
    let asked = Asked {
        interface: "eth0".to_owned(),
        mac: MacAddr([0; 6]),
        unicast: false,
        probe: false,
        count: seq,
    };
    event(seq, What::Request(asked))
}

fn cause(seq: u64) -> Event {
    let change = ControlChange {
        object: "Node/n2".to_owned(),
        change: "Ready became False".to_owned(),
        own_time: None,
    };
    event(seq, What::Cause(change))
}

/// The first so many steps of a planned handover.
fn part(steps: usize) -> Vec<Timeline> {
    let mut handover = planned();
    handover.steps.truncate(steps);
    if words::step(&handover, StepKind::FirstAnswer).is_none() {
        handover.kind = Kind::Abandoned;
        handover.to = None;
    }
    vec![timeline(vec![handover])]
}

#[test]
fn each_step_is_told_once_and_the_handover_is_over_when_somebody_answers() {
    let mut seen = Seen::new(at(-1.0), false);
    let mut lines = Vec::new();
    for steps in 0..=planned().steps.len() {
        lines.extend(seen.news(&part(steps)));
        let answered = words::step(&part(steps)[0].handovers[0], StepKind::FirstAnswer).is_some();
        assert_eq!(seen.over_at().is_some(), answered, "{steps}");
    }
    assert_eq!(seen.news(&part(99)), [""; 0], "nothing new");
    // What the control plane says is told when it comes, not as a step once more.
    let wire = planned().steps.into_iter().filter(|step| !said_before(step.kind)).count();
    assert_eq!(lines.len(), wire);
    assert_eq!(lines[0], "14:02:59.998000  n2        last answer of metallb-system/speaker-n2");
}

#[test]
fn a_step_whose_time_and_words_are_corrected_is_no_other_step() {
    let mut seen = Seen::new(at(-1.0), false);
    let steps = planned().steps.len();
    assert!(!seen.news(&part(steps - 1)).is_empty());
    let mut moved = part(steps);
    for step in &mut moved[0].handovers[0].steps {
        step.at = step.at.checked_add(SignedDuration::from_millis(300)).unwrap();
        step.text = step.text.replace("of 5", "of 6");
    }
    assert_eq!(seen.news(&moved), ["14:03:05.700000  n3        announcement 5 of 6, request and reply form"]);
}

#[test]
fn what_may_go_on_has_no_total_yet() {
    for (text, expected) in [
        ("round 1 of 1 on eth0: request form", "round 1 on eth0: request form"),
        ("round 3 of 3: request form", "round 3: request form"),
        ("answers for the last time", "answers for the last time"),
    ] {
        assert_eq!(so_far(text), expected);
    }
}

#[test]
fn what_was_over_before_is_not_waited_for() {
    let mut seen = Seen::new(at(60_000.0), false);
    seen.news(&part(99));
    assert!(seen.over_at().is_none());
}

#[test]
fn several_addresses_are_told_apart_and_all_have_to_be_over() {
    let mut seen = Seen::new(at(-1.0), true);
    let lines = seen
        .news(&[part(99).remove(0), Timeline { ip: "2001:db8::10".parse().unwrap(), ..part(2).remove(0) }]);
    assert!(lines.iter().any(|line| line.contains("  192.0.2.10  n3")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("  2001:db8::10  n2")), "{lines:?}");
    assert!(seen.over_at().is_none());
}

#[test]
fn causes_and_agents_that_go_are_told_at_once() {
    let mut record = Record::default();
    let lines = take(News::Event(cause(7)), &mut record);
    assert_eq!(
        lines,
        ["2026-01-31 14:03:00.007000  n1        192.0.2.10       cause         Node/n2: Ready became False"]
    );
    assert!(take(News::Event(request(8)), &mut record).is_empty());
    assert_eq!(record.events.len(), 2);
    let away = News::Away { agent: "n2".to_owned(), error: "it ended the connection".to_owned() };
    assert!(take(away, &mut record)[0].ends_with("n2: its agent is not heard: it ended the connection"));
    let back = News::Back { agent: "n2".to_owned() };
    assert!(take(back, &mut record)[0].ends_with("n2: its agent is heard again"));
}

#[test]
fn a_long_watch_forgets_requests_before_anything_else() {
    let mut events: Vec<_> =
        (0..EVENTS as u64).map(|seq| if seq < 10 { cause(seq) } else { request(seq) }).collect();
    keep(&mut events, cause(EVENTS as u64));
    assert_eq!(events.len(), EVENTS - EVENTS / 4 + 1);
    let causes = events.iter().filter(|event| matches!(event.what, What::Cause(_))).count();
    assert_eq!(causes, 11);
    let mut events: Vec<_> = (0..EVENTS as u64).map(cause).collect();
    keep(&mut events, cause(EVENTS as u64));
    assert_eq!((events.len(), events[0].seq), (EVENTS, 1));
}
