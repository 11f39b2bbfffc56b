//! Each kind of handover.

use super::sample::{Segment, cause, claim, lines};

/// A name, what happens, what is told.
type Row = (&'static str, Segment, &'static [&'static str]);

/// It is announced for the first time.
const FIRST: &str = "first ->n0 - -";

fn segment() -> Segment {
    Segment::new().asked_until(60_000)
}

#[test]
fn every_kind_is_told_by_what_happened_on_the_wire() {
    let flaps = (0..6).fold(segment().owns(0, 0, 20_000), |segment, turn| {
        let from = 20_000 + turn * 2_000;
        segment.owns((turn as u8 + 1) % 2, from, if turn == 5 { 60_000 } else { from + 2_000 })
    });
    let table: [Row; 17] = [
        ("nobody ever had it", segment(), &[]),
        ("it stays", segment().owns(0, 0, 60_000), &[FIRST]),
        (
            "let go and taken at once",
            segment().owns(0, 0, 20_000).owns(1, 20_010, 60_000),
            &[FIRST, "planned n0>n1 100ms 0"],
        ),
        (
            "let go; taken half a second later",
            segment().owns(0, 0, 20_000).owns(1, 20_500, 60_000),
            &[FIRST, "planned n0>n1 600ms 5"],
        ),
        (
            "the speaker died",
            segment().owns(0, 0, 20_000).owns(1, 24_010, 60_000),
            &[FIRST, "crash n0>n1 4100ms 40"],
        ),
        (
            "the node's link went",
            segment().owns(0, 0, 60_000).cut(0, 20_000, 60_000).owns(1, 24_010, 60_000),
            &[FIRST, "crash n0>n1 - -"],
        ),
        (
            "both ways every two seconds",
            flaps,
            &[
                FIRST,
                "flap n0>n1 100ms 0",
                "flap n1>n0 100ms 0",
                "flap n0>n1 100ms 0",
                "flap n1>n0 100ms 0",
                "flap n0>n1 100ms 0",
                "flap n1>n0 100ms 0",
            ],
        ),
        (
            "taken back and answered for long before it is announced, and lost again",
            segment()
                .owns(0, 0, 20_000)
                .owns(1, 20_010, 22_100)
                .answers(0, 22_110, 24_000)
                .owns(0, 24_000, 26_000)
                .owns(1, 26_010, 60_000),
            &[FIRST, "flap n0>n1 100ms 0", "flap n1>n0 100ms 0", "flap n0>n1 100ms 0"],
        ),
        (
            "taken back within a second, and answered for before it is announced",
            segment()
                .owns(0, 0, 20_000)
                .owns(1, 20_010, 20_650)
                .answers(0, 20_600, 60_000)
                .announces(0, 20_720, 60_000),
            &[FIRST, "planned n0>n1 100ms 0", "planned n1>n0 100ms 0"],
        ),
        (
            "the speaker is started again",
            segment().owns(0, 0, 20_000).starts_again(0, 20_810, 60_000),
            &[FIRST, "interrupted n0>n0 900ms 8"],
        ),
        (
            "a moment of both",
            segment().owns(0, 0, 20_200).owns(1, 20_000, 60_000),
            &[FIRST, "planned n0>n1 -100ms 0"],
        ),
        ("both, for good", segment().owns(0, 0, 60_000).owns(1, 20_000, 60_000), &[FIRST, "split n0>n1 - -"]),
        (
            "both for ten seconds, then the new one",
            segment().owns(0, 0, 30_000).owns(1, 20_000, 60_000).announces(1, 30_000, 60_000),
            &[FIRST, "splithealed n0>n1 -9900ms 0"],
        ),
        (
            "both for ten seconds, then the old one",
            segment().owns(0, 0, 60_000).owns(1, 20_000, 30_000).announces(0, 30_000, 60_000),
            &[FIRST, "splithealed n0>n0 - -"],
        ),
        (
            "no announcement comes through",
            segment().owns(0, 0, 20_000).answers(1, 20_010, 60_000),
            &[FIRST, "unknown n0>n1 - -"],
        ),
        (
            "no announcement comes through, but the asker tells",
            segment().router().owns(0, 0, 20_000).answers(1, 20_010, 60_000),
            &[FIRST, "planned n0>n1 100ms 0"],
        ),
        (
            "somebody who is no node",
            segment().owns(0, 0, 20_000).owns(77, 20_010, 60_000),
            &[FIRST, "planned n0>00:00:5e:00:53:4d - -"],
        ),
    ];
    for (name, segment, expected) in table {
        let told = segment.told();
        assert_eq!(lines(&told), expected, "{name}: {told:#?}");
    }
}

#[test]
fn claims_and_the_control_plane_decide_where_the_wire_does_not() {
    let silent = || {
        Segment::new().asked_until(20_000).asked(24_000, 60_000).owns(0, 0, 20_000).owns(1, 24_000, 60_000)
    };
    let table: [Row; 4] = [
        ("nobody asked meanwhile", silent(), &["first ->n0 - -", "unknown n0>n1 4100ms 0"]),
        (
            "and the node was not ready",
            silent().said(2, 23_000, cause("Node/n0", "Ready became Unknown", None)),
            &["first ->n0 - -", "crash n0>n1 4100ms 0"],
        ),
        (
            "and its speaker had let go",
            silent().said(0, 21_000, claim(0, false)),
            &["first ->n0 - -", "planned n0>n1 4100ms 0"],
        ),
        (
            "its speaker let go, and nobody took it",
            Segment::new().asked_until(60_000).owns(0, 0, 20_000).said(0, 21_000, claim(0, false)),
            &["first ->n0 - -", "abandoned n0>- - -"],
        ),
    ];
    for (name, segment, expected) in table {
        let told = segment.told();
        assert_eq!(lines(&told), expected, "{name}: {told:#?}");
    }
}

#[test]
fn neighbor_discovery_has_one_advertisement_a_round() {
    let segment = Segment::new().asked_until(40_000).advertises(0, 0).answers(0, 0, 20_000);
    let told = segment.advertises(1, 20_010).answers(1, 20_010, 40_000).told();
    assert_eq!(lines(&told), ["first ->n0 - -", "planned n0>n1 100ms 0"]);
    let texts: Vec<_> = told.handovers[1].steps.iter().map(|step| step.text.as_str()).collect();
    assert!(texts.contains(&"round 5 of 5 on eth0: unsolicited advertisement"), "{texts:?}");
}
