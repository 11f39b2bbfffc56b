//! Handovers for tests.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::{
    evidence::{MacAddr, Origin},
    timeline::{Handover, Kind, NodeClock, Party, Step, StepKind, Timeline, Unanswered},
};

pub(super) const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 10));

/// Milliseconds after 14:03:00.
pub(super) fn at(ms: f64) -> Timestamp {
    let start: Timestamp = "2026-01-31T14:03:00Z".parse().unwrap();
    Timestamp::from_nanosecond(start.as_nanosecond() + (ms * 1e6) as i128).unwrap()
}

pub(super) fn party(node: &str, mac: u8) -> Party {
    Party {
        node: Some(node.to_owned()),
        interface: Some("eth0".to_owned()),
        mac: MacAddr([0, 0, 0x5e, 0, 0x53, mac]),
        origin: Some(Origin::Speaker),
        sender: Some(format!("metallb-system/speaker-{node}")),
    }
}

pub(super) fn step(ms: f64, node: &str, kind: StepKind, text: &str) -> Step {
    Step {
        at: at(ms),
        error_ns: Some(60_000),
        node: node.to_owned(),
        kind,
        text: text.to_owned(),
        own_time: None,
    }
}

/// A drain: 1.2 s without answers, five rounds, a client that still believes n2.
pub(super) fn planned() -> Handover {
    let mut steps = vec![
        Step {
            own_time: Some(at(-30_000.0)),
            ..step(-29_990.0, "n1", StepKind::Cause, "Node/n2: unschedulable became true")
        },
        step(-2.0, "n2", StepKind::LastAnswer, "last answer of metallb-system/speaker-n2"),
        step(
            38.0,
            "n2",
            StepKind::ClaimEnded,
            "default/web: the speaker no longer says that n2 announces it",
        ),
        step(118.0, "n2", StepKind::Request, "asked by 00:00:5e:00:53:fe"),
        step(655.0, "n2", StepKind::Request, "asked by 00:00:5e:00:53:fd"),
        step(950.0, "n3", StepKind::ClaimBegan, "default/web: the speaker says that n3 announces it"),
    ];
    for round in 0..5 {
        let text = format!("announcement {} of 5, request and reply form", round + 1);
        steps.push(step(1000.0 + 1100.0 * f64::from(round), "n3", StepKind::Announcement, &text));
    }
    steps.push(step(1200.0, "n3", StepKind::FirstAnswer, "first answer of metallb-system/speaker-n3"));
    steps.push(step(2500.0, "n2", StepKind::StaleRequest, "asked by unicast by 00:00:5e:00:53:fe"));
    steps.sort_by_key(|step| step.at);
    Handover {
        kind: Kind::Planned,
        from: Some(party("n2", 2)),
        to: Some(party("n3", 3)),
        began: at(-29_990.0),
        ended: at(5400.0),
        gap_ns: Some(1_202_000_000),
        error_ns: Some(60_000),
        unanswered: Some(Unanswered {
            least: 2,
            most: 2,
            askers: 2,
            first: Some(at(118.0)),
            last: Some(at(655.0)),
        }),
        steps,
        missing: Vec::new(),
    }
}

pub(super) fn timeline(handovers: Vec<Handover>) -> Timeline {
    let clock = |node: &str, offset_ns, error_ns, reference| NodeClock {
        node: node.to_owned(),
        boot: String::new(),
        offset_ns,
        error_ns,
        frames: 12,
        reference,
    };
    let clocks = vec![
        clock("n1", -1_500_000, Some(40_000), false),
        clock("n2", 12_000, Some(60_000), false),
        clock("n3", 0, Some(0), true),
    ];
    Timeline { ip: IP, clocks, handovers, incomplete: Vec::new() }
}
