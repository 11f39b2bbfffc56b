//! The rules, as a table: what was seen, and what is found.

use super::{
    Coverage, State, corrected, judge,
    sample::{T0, all, alone, announcer, at, before, but_one, kernel, node, speaker},
    views,
};
use crate::evidence::{Local, Named, NodeReport, Origin};

struct Row {
    name: &'static str,
    reports: Vec<NodeReport>,
    coverage: Coverage,
    findings: &'static [&'static str],
}

fn row(name: &'static str, reports: Vec<NodeReport>, findings: &'static [&'static str]) -> Row {
    let coverage = all(reports.len());
    Row { name, reports, coverage, findings }
}

impl Row {
    fn resting_on(mut self, coverage: Coverage) -> Self {
        self.coverage = coverage;
        self
    }
}

/// A node that hears the request and has no part in it.
fn bystander(name: &str, mac: u8, asked: i64) -> NodeReport {
    node(name, mac).asked(asked).done()
}

fn one_answerer() -> Vec<Row> {
    let owner = |asked| node("n1", 1).asked(asked).local(speaker(1, 300, asked)).done();
    vec![
        row("a healthy owner", vec![owner(5), bystander("n2", 2, 5)], &[]),
        row("nobody ever asked", vec![node("n1", 1).done(), node("n2", 2).done()], &["IDLE"]),
        row("no proof for longer than the TTL", vec![owner(700)], &["IDLE"]),
        row("announced, not asked since", vec![node("n1", 1).local(announcer(1, 9, 5)).done()], &["IDLE"]),
        row("a healthy owner, told by its own agent alone", vec![owner(5)], &[]).resting_on(alone()),
        row(
            "a healthy owner of an IPv6 address",
            {
                let v6 = node("n1", 1).ip("2001:db8::10").asked(5).local(speaker(1, 300, 5)).done();
                vec![v6, node("n2", 2).ip("2001:db8::10").asked(5).done()]
            },
            &[],
        ),
        row(
            "one VLAN seen twice, on itself and on its NIC",
            {
                let vlan = Local { interface: "eth0.100".into(), ..speaker(1, 300, 5) };
                let nic = Local { vlan: 100, ..speaker(1, 300, 5) };
                vec![node("n1", 1).nic("eth0.100", 1).asked(5).local(nic).local(vlan).done()]
            },
            &[],
        ),
        row(
            "what is forwarded is nobody's answer",
            {
                let bridged = Local { origin: Origin::Forwarded, sender: None, ..speaker(9, 300, 5) };
                vec![node("n1", 1).asked(5).local(speaker(1, 300, 5)).local(bridged).done()]
            },
            &[],
        ),
        row(
            "a restarted speaker with a new socket",
            {
                let old = speaker(1, 3000, 90);
                let mut new = speaker(1, 80, 5);
                if let Some(sender) = &mut new.sender {
                    sender.cookie = 9;
                }
                vec![node("n1", 1).asked(5).local(old).local(new).done()]
            },
            &[],
        ),
    ]
}

fn several_answerers() -> Vec<Row> {
    let owner = || node("n1", 1).asked(60).asked(5).local(speaker(1, 300, 5));
    let shadow = || node("n2", 2).asked(60).asked(5).local(kernel(2, 200, 5)).done();
    let two_nics = || {
        let other = Local { interface: "eth1".into(), mac: super::sample::mac(2), ..speaker(2, 300, 5) };
        node("n1", 1).nic("eth1", 2).local(speaker(1, 300, 5)).local(other)
    };
    vec![
        row(
            "two speakers",
            vec![owner().done(), node("n2", 2).asked(5).local(speaker(2, 200, 5)).announced(190).done()],
            &["SPLIT"],
        ),
        row(
            "two speakers, each heard by the other long ago",
            {
                let other =
                    node("n2", 2).asked(5).local(speaker(2, 200, 5)).announced(190).heard(1, 299).done();
                vec![owner().heard(2, 190).done(), other]
            },
            &["SPLIT"],
        ),
        row(
            "two programs on one node",
            {
                let stranger = Local { origin: Origin::Socket, sender: None, ..speaker(1, 200, 5) };
                vec![owner().local(stranger).done()]
            },
            &["SPLIT"],
        ),
        row("a speaker and another node's kernel", vec![owner().done(), shadow()], &["SHADOW"]),
        row(
            "a speaker and its own node's kernel",
            vec![owner().local(kernel(1, 250, 5)).done()],
            &["SHADOW"],
        ),
        row("a kernel alone", vec![shadow(), bystander("n3", 3, 5)], &["SHADOW"]),
        row(
            "two speakers and a kernel",
            vec![
                owner().done(),
                node("n3", 3).asked(5).local(speaker(3, 200, 5)).announced(190).done(),
                shadow(),
            ],
            &["SPLIT", "SHADOW"],
        ),
        row(
            "two NICs on one segment, told by the same request",
            vec![two_nics().asked(5).done()],
            &["SPLIT"],
        ),
        row(
            "two NICs on one segment, one hears the other",
            vec![two_nics().heard_on("eth1", 1, 299).done()],
            &["SPLIT"],
        ),
        row("two NICs on two segments", vec![two_nics().done()], &[]),
        row(
            "two that answered the one request there was",
            {
                let first = node("n1", 1).asked(5).local(kernel(1, 5, 5)).done();
                vec![first, node("n2", 2).asked(5).local(kernel(2, 5, 5)).done()]
            },
            &["SHADOW"],
        ),
        row(
            "two NICs on two segments, a socket for each",
            {
                let with_cookie = |mut local: Local, cookie| {
                    if let Some(sender) = &mut local.sender {
                        (sender.cookie, sender.by) = (cookie, Named::Cookie);
                    }
                    local
                };
                let other = Local { interface: "eth1".into(), ..speaker(2, 300, 5) };
                let here = node("n1", 1).nic("eth1", 2).local(with_cookie(speaker(1, 300, 5), 1));
                vec![here.local(with_cookie(other, 2)).done()]
            },
            &[],
        ),
    ]
}

fn handovers() -> Vec<Row> {
    let heir = |first| node("n2", 2).asked(5).local(speaker(2, first, 5)).announced(first - 4).done();
    let former = || node("n1", 1).asked(60).local(speaker(1, 300, 60));
    vec![
        row("a handover just now, heard", vec![former().heard(2, 36).done(), heir(40)], &["HANDOVER"]),
        row("a handover just now, not heard", vec![former().done(), heir(40)], &["HANDOVER"]),
        row(
            "a handover some minutes ago",
            {
                let former = node("n1", 1).asked(5).local(speaker(1, 900, 360)).heard(2, 350).done();
                vec![former, node("n2", 2).asked(5).local(speaker(2, 355, 5)).announced(350).done()]
            },
            &[],
        ),
        row(
            "an heir that has not been asked yet",
            {
                vec![former().heard(2, 10).done(), node("n2", 2).asked(60).local(announcer(2, 14, 10)).done()]
            },
            &["HANDOVER", "IDLE"],
        ),
        row(
            "back where it was before, by an announcement",
            {
                let back =
                    node("n2", 2).asked(500).local(speaker(2, 900, 30)).announced(30).replied(500).done();
                vec![former().heard(2, 30).done(), back]
            },
            &["HANDOVER"],
        ),
        row(
            "cut off, and so it heard nothing of its successor",
            {
                let heir = node("n2", 2).asked(5).local(speaker(2, 9000, 5)).announced(20).done();
                vec![former().heard(2, 8000).done(), heir]
            },
            &["HANDOVER"],
        ),
        row(
            "announced again, hours after the former one's last answer",
            {
                let heir = node("n2", 2).asked(5).local(speaker(2, 200_000, 5)).announced(20).done();
                vec![node("n1", 1).asked(5).local(speaker(1, 90_000, 4000)).heard(2, 20).done(), heir]
            },
            &[],
        ),
        row(
            "a handover between clocks three seconds apart",
            {
                let ahead = node("n1", 1).asked(41).local(speaker(1, 300, 41)).skewed(3).done();
                vec![ahead, heir(40)]
            },
            &["HANDOVER"],
        ),
        row(
            "two speakers between clocks three seconds apart",
            {
                let behind = node("n1", 1).asked(60).asked(5).local(speaker(1, 300, 5)).skewed(-3).done();
                vec![behind, node("n2", 2).asked(5).local(speaker(2, 200, 5)).announced(190).done()]
            },
            &["SPLIT"],
        ),
    ]
}

fn strangers_and_silence() -> Vec<Row> {
    let owner = || node("n1", 1).asked(5).local(speaker(1, 300, 5));
    let former = || node("n1", 1).asked(60).asked(5).local(speaker(1, 300, 60)).done();
    vec![
        row("a foreign announcement beside the owner", vec![owner().heard(9, 20).done()], &["FOREIGN"]),
        row("a foreign announcement and no owner", vec![node("n1", 1).heard(9, 20).done()], &["FOREIGN"]),
        row("a foreign announcement of long ago", vec![owner().heard(9, 900).done()], &[]),
        row(
            "a foreign announcement while an agent is missing",
            vec![owner().heard(9, 20).done()],
            &["PARTIAL-VIEW"],
        )
        .resting_on(but_one(2)),
        row(
            "another node's announcement, told by one agent alone",
            vec![node("n1", 1).asked(5).heard(9, 20).done()],
            &["PARTIAL-VIEW"],
        )
        .resting_on(alone()),
        row(
            "an asked node's announcement",
            vec![owner().done(), node("n2", 2).asked(5).heard(1, 299).done()],
            &[],
        ),
        row(
            "asked, and nobody ever answered",
            vec![bystander("n1", 1, 5), bystander("n2", 2, 5)],
            &["SILENT"],
        ),
        row("asked, and the owner fell silent", vec![former(), bystander("n2", 2, 5)], &["SILENT"]),
        row("asked a second ago: the answer may be under way", vec![bystander("n1", 1, 1)], &["IDLE"]),
        row("asked longer ago than the TTL", vec![bystander("n1", 1, 700)], &["IDLE"]),
        row(
            "asked, not answered here, told by one agent alone",
            vec![bystander("n1", 1, 5)],
            &["PARTIAL-VIEW"],
        )
        .resting_on(alone()),
        row("asked, not answered here, an agent is missing", vec![bystander("n1", 1, 5)], &["PARTIAL-VIEW"])
            .resting_on(but_one(2)),
        row("a healthy owner, an agent is missing", vec![owner().done()], &["PARTIAL-VIEW"])
            .resting_on(but_one(2)),
        row(
            "two speakers, an agent is missing",
            vec![owner().done(), node("n2", 2).asked(5).local(speaker(2, 200, 5)).announced(190).done()],
            &["SPLIT", "PARTIAL-VIEW"],
        )
        .resting_on(but_one(3)),
        row(
            "an agent that does not watch the address",
            vec![owner().done(), node("n2", 2).edit(|report| report.lb_ips.clear()).done()],
            &["PARTIAL-VIEW"],
        ),
        row(
            "an agent that observes nothing",
            vec![owner().done(), node("n2", 2).observing_nothing().done()],
            &["PARTIAL-VIEW"],
        ),
        row(
            "a second NIC without carrier that only announces",
            {
                let other = Local { interface: "eth1".into(), ..announcer(2, 300, 290) };
                vec![
                    node("n1", 1)
                        .nic("eth1", 2)
                        .local(speaker(1, 300, 5))
                        .local(other)
                        .edit(|report| report.interfaces[1].carrier = false)
                        .done(),
                ]
            },
            &[],
        ),
        row(
            "the only one that announces has no carrier",
            vec![node("n1", 1).local(announcer(1, 300, 290)).without_carrier().done()],
            &["NO-CARRIER", "IDLE"],
        ),
        row("an owner without carrier", vec![owner().without_carrier().done()], &["NO-CARRIER"]),
        row(
            "an owner with another Ethernet source",
            {
                let odd = Local { flags: vec!["hardware-mismatch".into()], ..speaker(1, 300, 5) };
                vec![node("n1", 1).asked(5).local(odd).done()]
            },
            &["SENDER-MISMATCH"],
        ),
        row("more claimants than places", vec![owner().overflowing().done()], &["OVERFLOW"]),
    ]
}

#[test]
fn every_row_of_the_table_is_judged_as_it_says() {
    let rows: Vec<_> = [one_answerer(), several_answerers(), handovers(), strangers_and_silence()]
        .into_iter()
        .flatten()
        .collect();
    assert!(rows.len() >= 25);
    for Row { name, reports, coverage, findings } in rows {
        let reports: Vec<_> = reports.into_iter().map(|report| corrected(report, at(T0), at(T0)).0).collect();
        let views = views(&reports, &coverage, at(T0));
        let found = judge(&views[0], at(T0));
        let names: Vec<_> = found.iter().map(|finding| finding.verdict.name).collect();
        assert_eq!(names, findings, "{name}: {found:#?}\n{views:#?}");
    }
}

#[test]
fn a_vlan_and_its_nic_are_one_answerer_with_two_interfaces() {
    let vlan = Local { interface: "eth0.100".into(), ..speaker(1, 300, 5) };
    let nic = Local { vlan: 100, ..speaker(1, 300, 5) };
    let report = node("n1", 1).nic("eth0.100", 1).asked(5).local(nic).local(vlan).done();

    let reports = [report];
    let views = views(&reports, &all(1), at(T0));

    let [one] = views[0].answerers.as_slice() else { panic!("{views:#?}") };
    assert_eq!((one.interface.as_str(), one.replies), ("eth0.100", 12));
    assert_eq!(one.interfaces, ["eth0.100", "eth0"]);
}

#[test]
fn requests_of_several_nodes_are_the_most_and_never_the_sum() {
    let reports = [bystander("n1", 1, 5), node("n2", 2).asked(9).asked(5).done(), node("n3", 3).done()];
    let view = &views(&reports, &all(3), at(T0))[0];
    assert_eq!((view.requests.group, view.requests.last), (2, Some(before(5))));
}

#[test]
fn unanswered_is_the_least_of_those_that_were_asked() {
    let with = |name, mac, unanswered| {
        node(name, mac).asked(5).edit(|report| report.lb_ips[0].interfaces[0].unanswered = unanswered).done()
    };
    let reports = [with("n1", 1, 3), with("n2", 2, 9), node("n3", 3).done()];
    assert_eq!(views(&reports, &all(3), at(T0))[0].requests.unanswered, 3);
}

#[test]
fn an_announcement_of_long_ago_is_still_all_that_was_said() {
    let report = node("n1", 1).local(announcer(1, 9000, 8000)).done();
    assert_eq!(views(&[report], &all(1), at(T0))[0].answerers[0].state, State::Announced);
}

#[test]
fn a_resumed_speaker_is_announced_until_it_replies() {
    let report = node("n1", 1).asked(2000).local(speaker(1, 9000, 30)).announced(30).replied(2000).done();
    assert_eq!(views(&[report], &all(1), at(T0))[0].answerers[0].state, State::Announced);
}

#[test]
fn reasons_carry_the_numbers() {
    let reports = [
        node("n1", 1).asked(5).local(speaker(1, 300, 5)).done(),
        node("n2", 2).asked(5).local(kernel(2, 200, 4)).done(),
    ];
    let found = judge(&views(&reports, &all(2), at(T0))[0], at(T0));
    assert_eq!(
        found[0].reason,
        "answered by a kernel: n2 (kernel, 00:00:5e:00:53:02, 4s ago); beside: n1 (speaker, 00:00:5e:00:53:01, 5s ago)"
    );
    assert!(found[0].next.starts_with("on n2, "), "{}", found[0].next);
}

#[test]
fn a_kernel_that_answers_beside_the_heir_took_nothing_over() {
    let reports = [
        node("n1", 1).asked(60).local(speaker(1, 300, 60)).heard(2, 36).done(),
        node("n2", 2).asked(5).local(speaker(2, 40, 5)).announced(36).done(),
        node("n3", 3).asked(5).local(kernel(3, 20, 5)).done(),
    ];
    let found = judge(&views(&reports, &all(3), at(T0))[0], at(T0));
    let [shadow, handover] = found.as_slice() else { panic!("{found:#?}") };
    assert!(shadow.reason.starts_with("answered by a kernel: n3"), "{}", shadow.reason);
    assert!(handover.reason.starts_with("n2 took over from n1"), "{}", handover.reason);
}
