//! Whatever comes: never a crash, and never a wrong verdict.

use jiff::Timestamp;

use super::{check, row};
use crate::{
    evidence::{Counter, NodeReport, Reading},
    verdict::{
        judge, local_states, node_findings, node_verdicts,
        sample::{
            Node, T0, WEB, all, alone, announcer, at, before, kernel, member, node, owner, peer, speaker,
        },
        views,
    },
};

#[test]
fn what_can_t_be_is_judged_as_unknown() {
    check([
        row("no report at all but one that is empty", vec![node("n1", 1).done()], &["IDLE"]),
        row(
            "evidence from the future",
            vec![node("n1", 1).asked(-3600).local(speaker(1, 300, -3600)).done()],
            &["PARTIAL-VIEW"],
        ),
        row(
            "one of two nodes' clocks was set back",
            vec![owner("n1", 1).done(), peer("n2", 2, "n1").asked(-7200).done()],
            &["PARTIAL-VIEW"],
        ),
        row(
            "claims from the future",
            vec![
                owner("n1", 1).announces(WEB, -9000).done(),
                peer("n2", 2, "n1").announces(WEB, -9000).done(),
            ],
            &[],
        ),
        row("an Event from the future", vec![owner("n1", 1).event("other/web", "n3", -9000).done()], &[]),
        row(
            "a silent owner whose claim is from the future",
            vec![member("n1", 1).elected("n1").announces(WEB, -9000).asked(5).done()],
            &["SILENT"],
        ),
        row(
            "claims about nodes that nobody knows",
            vec![owner("n1", 1).predicted("", "").event("", "", 3600).done()],
            &[],
        ),
        row(
            "empty names",
            vec![member("", 1).predicted("", "").announces("", 3600).selects(&[""]).done()],
            &["WRONG-INTERFACE", "IDLE"],
        ),
        row(
            "two agents that call themselves the same",
            vec![owner("n1", 1).done(), owner("n1", 1).done()],
            &["PARTIAL-VIEW"],
        ),
    ]);
}

/// A few of everything, with times from one end of history to the other.
fn wild(step: i64) -> Vec<NodeReport> {
    let wild = |node: Node| {
        node.edit(|report| {
            let time = Timestamp::from_second(T0.saturating_add(step.saturating_mul(1_000_003)))
                .unwrap_or(Timestamp::MIN);
            let lb = &mut report.lb_ips[0];
            lb.local.iter_mut().for_each(|local| (local.first, local.last) = (Timestamp::MAX, time));
            lb.heard.iter_mut().for_each(|heard| (heard.first, heard.last) = (time, Timestamp::MIN));
            for on in &mut lb.interfaces {
                on.last.request = Some(time);
                on.recent_requests = vec![Timestamp::MIN, Timestamp::MAX, time];
                on.last.announcement_sent = Some(Timestamp::MAX);
                on.requests.group = u64::MAX;
                on.requests.no_link_layer = u64::MAX;
            }
            (lb.local_overflow, lb.heard_overflow) = (u64::MAX, u64::MAX);
            lb.takeovers.iter_mut().for_each(|change| change.at = time);
            lb.said.announced.iter_mut().for_each(|word| word.since = time);
            lb.said
                .counters
                .iter_mut()
                .for_each(|one| (one.since, one.until) = (Timestamp::MAX, Timestamp::MIN));
            lb.said.counters.iter_mut().for_each(|one| one.difference = i64::MIN);
            (report.time, report.since) = (if step % 2 == 0 { time } else { Timestamp::MAX }, Timestamp::MAX);
            report.source_state.lost = Some(time);
            if let Some(speaker) = &mut report.speaker {
                (speaker.read, speaker.started) = (Some(time), Some(Timestamp::MAX));
            }
        })
    };
    let own = owner("n1", 1).local(kernel(1, 9, 9)).heard(9, 5).came_to(&[(1, 1), (2, 2), (3, 1), (4, 2)]);
    let own = own.counted(Counter::ResponsesSent, u64::MAX, 0).nobody("").service("b", None);
    let other = member("n2", 2).local(announcer(2, 9, 9)).heard_of(1, "n1", 9).reading(Reading::Malformed);
    vec![wild(own).done(), wild(other).done(), wild(node("n3", 3)).done()]
}

#[test]
fn absurd_times_and_counts_never_crash_anything() {
    for step in -40..40 {
        let reports = wild(step);
        for now in [Timestamp::MIN, at(T0), Timestamp::MAX] {
            for coverage in [all(3), alone(), crate::verdict::Coverage::default()] {
                for view in views(&reports, &coverage, now) {
                    judge(&view, now);
                    serde_json::to_string(&view).unwrap();
                }
            }
            for report in &reports {
                node_verdicts(report, now);
                node_findings(report, now);
                local_states(report, now);
                crate::verdict::corrected(report.clone(), now, now);
            }
        }
    }
}

#[test]
fn nothing_is_nothing() {
    assert_eq!(views(&[], &all(0), at(T0)), []);
    let mut report = node("n1", 1).done();
    report.lb_ips.clear();
    assert_eq!(node_verdicts(&report, at(T0)), []);
    report.interfaces.clear();
    report.since = before(0);
    assert_eq!(node_findings(&report, at(T0)), []);
}
