//! What operators read, word by word.

use super::*;
use crate::{
    cli::failover::{
        document::Wanted,
        sample::{IP, at, party, planned, timeline},
    },
    timeline::{Kind, Party, StepKind, Unanswered},
    verdict::Coverage,
};

fn told(timeline: Timeline) -> String {
    let agents = Coverage { asked: 3, replied: 3, ..Coverage::default() };
    let wanted = Wanted { last: Some(9), since: None };
    text(&Document::new(vec![timeline], agents, at(60_000.0), wanted), |header| Table::plain(header, None))
}

#[test]
fn a_handover_is_a_headline_and_its_steps() {
    let mut handover = planned();
    handover.missing = vec!["how many rounds there were: n3's agent lost 3 events".to_owned()];
    let mut timeline = timeline(vec![handover]);
    timeline.incomplete = vec!["n4: connection refused".to_owned()];
    let expected = "\
192.0.2.10 moved from n2 to n3 on 2026-01-31 at 14:02:59 UTC: nobody answered for 1.20 s (± 60 µs); 2 requests of at least 2 askers went unanswered
  planned: the former owner was there and let go
  from  n2  eth0  00:00:5e:00:53:02  speaker  metallb-system/speaker-n2
  to    n3  eth0  00:00:5e:00:53:03  speaker  metallb-system/speaker-n3

  TIME (UTC)       SINCE LAST ANSWER  NODE  WHAT
  14:02:30.010000  -29.99 s           n1    Node/n2: unschedulable became true (its own time: 2026-01-31 14:02:30.000000)
  14:02:59.998000  0                  n2    last answer of metallb-system/speaker-n2
  14:03:00.038000  +40.0 ms           n2    default/web: the speaker no longer says that n2 announces it
  14:03:00.118000  +120.0 ms          n2    asked by 00:00:5e:00:53:fe
  14:03:00.655000  +657.0 ms          n2    asked by 00:00:5e:00:53:fd
  14:03:00.950000  +952.0 ms          n3    default/web: the speaker says that n3 announces it
  14:03:01.000000  +1.00 s            n3    announcement 1 of 5, request and reply form
  14:03:01.200000  +1.20 s            n3    first answer of metallb-system/speaker-n3
  14:03:02.100000  +2.10 s            n3    announcement 2 of 5, request and reply form
  14:03:02.500000  +2.50 s            n2    asked by unicast by 00:00:5e:00:53:fe
  14:03:03.200000  +3.20 s            n3    announcement 3 of 5, request and reply form
  14:03:04.300000  +4.30 s            n3    announcement 4 of 5, request and reply form
  14:03:05.400000  +5.40 s            n3    announcement 5 of 5, request and reply form

  Not known of it (unknown)
    how many rounds there were: n3's agent lost 3 events

Something may be missing
  n4: connection refused

Clocks
  n1: 1.5 ms ahead, ± 40 µs (12 frames seen by both); corrected
  n2: 12 µs behind, ± 60 µs (12 frames seen by both); corrected
  n3: all times are by its clock

Rests on what 3 of 3 agents told.
";
    assert_eq!(told(timeline), expected);
}

#[test]
fn no_handover_is_said_too() {
    let text = told(Timeline { clocks: Vec::new(), ..timeline(Vec::new()) });
    assert_eq!(
        text,
        "192.0.2.10: no handover is known of the time asked about\n\nRests on what 3 of 3 agents told.\n"
    );
}

#[test]
fn the_headline_says_no_more_than_is_known() {
    let unanswered = |least, most, askers| Some(Unanswered { least, most, askers, first: None, last: None });
    let base = planned;
    let moved = "192.0.2.10 moved from n2 to n3 on 2026-01-31 at 14:02:59 UTC: ";
    let announced_only = || {
        let mut handover =
            Handover { kind: Kind::First, from: None, began: at(1000.0), gap_ns: None, ..base() };
        handover.steps.retain(|step| step.kind == StepKind::Announcement);
        handover
    };
    let other_interface = || Some(Party { interface: Some("eth1".to_owned()), ..party("n2", 4) });
    for (handover, expected) in [
        (
            Handover { unanswered: unanswered(0, 0, 0), ..base() },
            format!("{moved}1.20 s (± 60 µs) from the last answer to the first, and nobody asked meanwhile"),
        ),
        (
            Handover { error_ns: None, unanswered: None, ..base() },
            format!("{moved}nobody answered for 1.20 s (clock error unknown); whether anybody asked meanwhile is not known"),
        ),
        (
            Handover { error_ns: Some(0), unanswered: unanswered(1, 1, 1), ..base() },
            format!("{moved}nobody answered for 1.20 s (by one clock); 1 request of at least 1 asker went unanswered"),
        ),
        (
            Handover { unanswered: unanswered(0, 4, 0), ..base() },
            format!("{moved}nobody answered for 1.20 s (± 60 µs); up to 4 requests went unanswered"),
        ),
        (
            Handover { unanswered: unanswered(0, 1, 0), ..base() },
            format!("{moved}nobody answered for 1.20 s (± 60 µs); perhaps 1 request went unanswered"),
        ),
        (
            Handover { unanswered: unanswered(3, 5, 2), ..base() },
            format!("{moved}nobody answered for 1.20 s (± 60 µs); 3 to 5 requests of at least 2 askers went unanswered"),
        ),
        (
            Handover { gap_ns: Some(-30_000_000), ..base() },
            format!("{moved}both answered for 30.0 ms (± 60 µs)"),
        ),
        (
            Handover { gap_ns: Some(-20_000), unanswered: unanswered(0, 0, 0), ..base() },
            format!("{moved}gap or overlap, 20 µs (± 60 µs) can't tell; nobody asked meanwhile"),
        ),
        (
            Handover { gap_ns: None, unanswered: None, ..base() },
            format!("{moved}how long nobody answered is not known; whether anybody asked meanwhile is not known"),
        ),
        (
            Handover { kind: Kind::Abandoned, to: None, gap_ns: None, ..base() },
            "192.0.2.10 is answered by nobody since the last answer of n2 on 2026-01-31 at 14:02:59 UTC: 2 requests of at least 2 askers went unanswered".to_owned(),
        ),
        (
            Handover { kind: Kind::First, from: None, gap_ns: None, ..base() },
            "192.0.2.10 is answered by n3 since 2026-01-31 14:03:01 UTC; whether anybody answered before is not known".to_owned(),
        ),
        (
            announced_only(),
            "192.0.2.10 is announced by n3 since 2026-01-31 14:03:01 UTC; nobody was seen to answer".to_owned(),
        ),
        (
            Handover { kind: Kind::Split, gap_ns: None, ..base() },
            "192.0.2.10 is answered by n2 and n3 since 2026-01-31 14:02:59 UTC".to_owned(),
        ),
        (
            Handover { kind: Kind::SplitHealed, gap_ns: Some(-10_000_000_000), ..base() },
            "192.0.2.10 moved from n2 to n3 on 2026-01-31 at 14:02:59 UTC after both had answered for a while: both answered for 10.00 s (± 60 µs)".to_owned(),
        ),
        (
            Handover { to: other_interface(), unanswered: unanswered(0, 0, 0), ..base() },
            "192.0.2.10 moved from n2 (eth0) to n2 (eth1) on 2026-01-31 at 14:02:59 UTC: 1.20 s (± 60 µs) from the last answer to the first, and nobody asked meanwhile".to_owned(),
        ),
        (
            Handover { to: Some(Party { node: None, ..party("", 9) }), unanswered: unanswered(0, 0, 0), ..base() },
            "192.0.2.10 moved from n2 to 00:00:5e:00:53:09 on 2026-01-31 at 14:02:59 UTC: 1.20 s (± 60 µs) from the last answer to the first, and nobody asked meanwhile".to_owned(),
        ),
    ] {
        assert_eq!(words::headline(IP, &handover), expected);
    }
}

#[test]
fn lengths_and_errors_keep_their_meaning_when_rounded() {
    for (ns, expected) in [
        (0, "0 ms"),
        (1, "1 µs"),
        (412_345, "412 µs"),
        (1_000_000, "1.0 ms"),
        (123_963_000, "124.0 ms"),
        (999_949_999, "999.9 ms"),
        (999_950_000, "1.00 s"),
        (119_994_999_999, "119.99 s"),
        (119_995_000_000, "1m 59s"),
        (303_000_000_000, "5m 03s"),
    ] {
        assert_eq!(words::length(ns), expected);
    }
    // An error is never told smaller than it is.
    for (ns, expected) in [
        (1, "± 1 µs"),
        (6_001, "± 7 µs"),
        (999_999, "± 1000 µs"),
        (1_000_001, "± 1.1 ms"),
        (3_000_000_001, "± 3.01 s"),
    ] {
        assert_eq!(words::error(Some(ns)), expected);
    }
}

#[test]
fn a_name_from_outside_can_t_steer_the_terminal() {
    let mut handover = planned();
    for party in [&mut handover.from, &mut handover.to] {
        party.as_mut().unwrap().sender = Some("x\u{1b}[2J".to_owned());
    }
    handover.steps[0].text = "a\u{1b}]0;title\u{7}".to_owned();
    handover.missing = vec!["\u{1b}c".to_owned()];
    let mut timeline = timeline(vec![handover]);
    timeline.incomplete = vec!["n4\u{1b}".to_owned()];
    timeline.clocks[0].node = "n1\u{8}".to_owned();
    let text = told(timeline);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
}

#[test]
fn a_long_name_keeps_its_ends() {
    let name = format!("ip-10-0-0-1{}.example.internal", "-x".repeat(100));
    let short = words::short(&name);
    assert!(short.starts_with("ip-10-0-0-1") && short.ends_with(".example.internal"), "{short}");
    assert_eq!(short.chars().count(), 40);
    assert_eq!(words::short("n1"), "n1");
}
