//! What one agent says by itself, of LB IPs and of its own sources.

use crate::{
    evidence::{LinkLocal, NodeReport, Reading},
    verdict::{
        node_findings, node_verdicts,
        sample::{Node, T0, WEB, at, before, kernel, member, node, owner, peer, speaker},
    },
};

fn names(report: &NodeReport) -> Vec<&'static str> {
    let of_ips = node_verdicts(report, at(T0)).into_iter().map(|(_, finding)| finding);
    of_ips.chain(node_findings(report, at(T0))).map(|finding| finding.verdict.name).collect()
}

#[test]
fn a_node_says_what_it_can_know_and_no_more() {
    let mute = || member("n1", 1).elected("n1").announces(WEB, 3600).asked(5);
    let rows: [(&str, Node, &[&str]); 13] = [
        ("nothing at all", node("n1", 1), &[]),
        ("asked, static addresses, not ours", node("n1", 1).asked(5), &[]),
        ("asked, another node's", peer("n1", 1, "n2"), &[]),
        ("another node's, heard of a stranger's MAC", peer("n1", 1, "n2").heard(9, 20), &[]),
        ("ours, and answered", owner("n1", 1), &[]),
        ("ours, and silent", mute(), &["SILENT"]),
        ("ours, silent, and somebody was heard to take over", mute().heard_of(2, "n2", 30), &[]),
        ("ours, and no carrier", owner("n1", 1).without_carrier(), &["NO-CARRIER"]),
        (
            "ours, and no group",
            mute().ip("2001:db8::10").link_local(LinkLocal::Usable),
            &["SILENT", "GROUP-LOST"],
        ),
        ("not ours, and the kernel answers", peer("n1", 1, "n2").local(kernel(1, 300, 5)), &["SHADOW"]),
        ("two programs here", owner("n1", 1).local(speaker(1, 3000, 5)), &["SPLIT"]),
        (
            "nobody's by the election, and asked",
            member("n1", 1).nobody("no endpoint is ready").asked(5),
            &["NO-OWNER"],
        ),
        ("somebody's by the election, and asked", member("n1", 1).predicted(WEB, "n2").asked(5), &[]),
    ];
    for (name, node, expected) in rows {
        assert_eq!(names(&node.done()), expected, "{name}");
    }
}

#[test]
fn a_verdict_of_one_node_is_about_that_node() {
    let report =
        member("n1", 1).elected("n1").announces(WEB, 3600).asked(5).reading(Reading::TimedOut).done();
    let [(ip, silent)] = node_verdicts(&report, at(T0)).try_into().unwrap();
    assert_eq!((ip, silent.node.as_deref()), (report.lb_ips[0].ip, Some("n1")));
    assert_eq!(
        silent.reason,
        "asked 5s ago (heard by n1 on eth0), and n1 did not answer, though its speaker announces it (default/web, for 60m)"
    );
    assert_eq!(
        silent.cause.as_deref(),
        Some("metallb-system/speaker-n1 hangs: it did not answer for its metrics either (n1)")
    );
}

#[test]
fn of_other_nodes_programs_one_node_says_nothing() {
    let report = member("n1", 1).elected("n2").asked(5).local(kernel(1, 60, 5)).done();
    let [(_, shadow)] = node_verdicts(&report, at(T0)).try_into().unwrap();
    assert_eq!(shadow.verdict.name, "SHADOW");
    assert!(shadow.reason.ends_with("; no program of this node does"), "{}", shadow.reason);
}

#[test]
fn a_speaker_that_can_t_be_read_has_a_hint_for_each_state() {
    let unread = |reading, read: i64| {
        let report = member("n1", 1).reading(reading).speaker_is(|speaker| {
            speaker.read = Some(before(read));
            speaker.error = Some("connection refused".to_owned());
        });
        node_findings(&report.done(), at(T0))
    };
    for (reading, hint) in [
        (Reading::Unreachable, "firewall"),
        (Reading::TimedOut, "hangs"),
        (Reading::Unauthorized, "nonResourceURLs"),
        (Reading::CannotAuthenticate, "TokenReviews"),
        (Reading::Refused, "look whether"),
        (Reading::TooLarge, "a few hundred bytes"),
        (Reading::Malformed, "no metallb_ series"),
    ] {
        let [finding] = unread(reading, 200).try_into().unwrap();
        assert_eq!(finding.verdict.name, "CLAIMS-UNREAD");
        assert!(finding.next.contains(hint), "{reading}: {}", finding.next);
        assert!(finding.reason.ends_with(": connection refused; last read 3m ago"), "{}", finding.reason);
        assert_eq!(unread(reading, 50), [], "{reading}: a restart takes some seconds");
    }
    assert_eq!(unread(Reading::NoSpeaker, 900), []);
    assert_eq!(unread(Reading::None, 900), []);
    assert_eq!(unread(Reading::Ok, 60), []);
    assert_eq!(unread(Reading::Ok, 900).len(), 1, "nobody reads any more");
}

#[test]
fn a_lost_source_is_told_with_its_age_and_a_partial_one_with_what_lacks() {
    let lost = |ago| member("n1", 1).edit(|report| report.source_state.lost = Some(before(ago))).done();
    let found = node_findings(&lost(300), at(T0));
    assert_eq!(found[0].verdict.name, "SOURCE-LOST");
    assert_eq!(
        found[0].reason,
        "nothing new from the API server for 5m; the set of 1 LB IPs of then stays in force"
    );
    assert_eq!(names(&lost(10)), [""; 0]);

    let partial = member("n1", 1).edit(|report| {
        let state = &mut report.source_state;
        state.missing.insert("EndpointSlice".to_owned(), "forbidden: no list".to_owned());
        state.missing.insert("ServiceL2Status".to_owned(), "not served".to_owned());
        state.bad.push("default/web: \"banana\"".to_owned());
    });
    let found = node_findings(&partial.done(), at(T0));
    assert_eq!(
        found[0].reason,
        "not followed: EndpointSlice: forbidden: no list; unusable addresses: default/web: \"banana\""
    );
}

#[test]
fn what_an_old_server_lacks_and_what_comes_back_at_once_is_no_finding() {
    let lacking = |kind: &str, why: &str| {
        let insert = |report: &mut NodeReport| {
            report.source_state.missing.insert(kind.to_owned(), why.to_owned());
        };
        member("n1", 1).edit(insert)
    };
    for (kind, why, expected) in [
        ("servicel2statuses", "not served".to_owned(), &[][..]),
        ("servicel2statuses", "not served as v1beta1, only as v1".to_owned(), &["SOURCE-PARTIAL"]),
        ("nodes", format!("lost since {:.0}: connection refused", before(20)), &[]),
        ("nodes", format!("lost since {:.0}: connection refused", before(200)), &["SOURCE-PARTIAL"]),
        ("election", "no speaker's image has a version for a tag".to_owned(), &["SOURCE-PARTIAL"]),
    ] {
        assert_eq!(names(&lacking(kind, &why).done()), expected, "{why}");
    }
    let without = lacking("election", "no pod has the labels of a MetalLB speaker");
    assert_eq!(names(&without.speaker_is(|speaker| speaker.pod = None).done()), [""; 0]);
}
