//! 4xx: what is said against what was seen, and what looks like it and is well.

use super::{Row, check, row};
use crate::{
    evidence::{Because, Counter, NodeReport, Reading},
    verdict::{
        judge,
        sample::{Node, T0, WEB, all, alone, at, before, in_pod, kube_vip, member, owner, peer, speaker},
        views,
    },
};

const STUCK: &str = "the speaker of n1 took over l2-k7hm2, which says n2 for good (MetalLB's issue 2930)";

#[test]
fn claims_are_held_against_the_wire() {
    check(mismatches().into_iter().chain(stale()).chain(disagreeing()).chain(quietly()).chain(counters()));
}

#[test]
fn what_is_to_be_deleted_is_named_unless_more_is_wrong() {
    for (announced, step) in [
        (false, "no outage: `kubectl -n metallb-system delete servicel2status l2-k7hm2`, "),
        (true, "no outage: only do not believe that claim; restart the speaker on n2"),
    ] {
        let found = judge(&views(&taken_over("n1", "n2", announced), &all(2), at(T0))[0], at(T0));
        assert!(found[0].next.starts_with(step), "{}", found[0].next);
    }
}

fn answerer(name: &str, mac: u8) -> Node {
    let own = in_pod(speaker(mac, 3600, 5), &format!("metallb-system/speaker-{name}"));
    member(name, mac).asked(5).local(own).announced(3596).replied(5)
}

fn mismatches() -> Vec<Row> {
    vec![
        row(
            "n1 answers, n2 is said to announce",
            vec![answerer("n1", 1).elected("n2").done(), peer("n2", 2, "n2").announces(WEB, 3600).done()],
            &["MISMATCH"],
        )
        .because("the speaker of n1 does not announce it"),
        row(
            "a speaker answers and nobody claims",
            vec![answerer("n1", 1).done(), member("n2", 2).done()],
            &["MISMATCH"],
        )
        .because("it did not stop when it withdrew the address, or its metrics are wrong"),
        row(
            "kube-vip answers where the speaker should",
            {
                let other = kube_vip(speaker(1, 3600, 5));
                let here = member("n1", 1).elected("n1").announces(WEB, 3600).asked(5).local(other);
                vec![here.announced(3596).done()]
            },
            &["MISMATCH"],
        ),
        row(
            "a speaker answered, and says minutes later that it does not announce",
            {
                let gone = answerer("n1", 1).replied(300).edit(|report| {
                    let lb = &mut report.lb_ips[0];
                    lb.local[0].last = before(300);
                    lb.interfaces[0].last.request = Some(before(300));
                    lb.interfaces[0].recent_requests = vec![before(300)];
                });
                vec![gone.done(), member("n2", 2).done()]
            },
            &[],
        ),
        row(
            "an agent without any speaker's word",
            vec![answerer("n1", 1).edit(|report| report.speaker = None).done()],
            &[],
        ),
        row(
            "n1 took over a moment ago and its speaker was not read since",
            vec![
                answerer("n1", 1).edit(|report| report.lb_ips[0].local[0].first = before(30)).done(),
                peer("n2", 2, "n2").announces(WEB, 3600).done(),
            ],
            &[],
        ),
    ]
}

fn stale() -> Vec<Row> {
    vec![
        row(
            "an old metric on another node",
            vec![owner("n1", 1).done(), peer("n2", 2, "n1").announces(WEB, 9000).done()],
            &["STALE-CLAIM"],
        ),
        row(
            "an old status",
            {
                let status =
                    |node: Node| node.edit(|report| report.lb_ips[0].said.statuses.clear()).status(WEB, "n2");
                vec![status(owner("n1", 1)).done(), status(peer("n2", 2, "n1")).done()]
            },
            &["STALE-CLAIM"],
        ),
        row(
            "a status that the owner's speaker took over and could not change",
            taken_over("n1", "n2", false),
            &["STALE-CLAIM"],
        )
        .because(STUCK),
        row(
            "the same, and n2's speaker says so, too: the status is not all",
            taken_over("n1", "n2", true),
            &["STALE-CLAIM"],
        ),
        row("a status that names the owner, whoever wrote it last", taken_over("n2", "n1", false), &[]),
        row(
            "an old metric, read long ago",
            vec![
                owner("n1", 1).done(),
                peer("n2", 2, "n1").announces(WEB, 9000).reading(Reading::TimedOut).done(),
            ],
            &[],
        ),
        row(
            "an old status, known only to an agent that lost the API server",
            {
                let lost = peer("n2", 2, "n1").status(WEB, "n2");
                let lost = lost.edit(|report| report.source_state.lost = Some(before(600)));
                vec![owner("n1", 1).done(), lost.done()]
            },
            &[],
        ),
        row(
            "an old metric on this node, by its own agent alone",
            vec![peer("n1", 1, "n2").announces(WEB, 9000).heard_of(2, "n2", 300).done()],
            &["PARTIAL-VIEW", "STALE-CLAIM"],
        )
        .resting_on(alone()),
        row(
            "another node took over a moment ago, by this node's agent alone",
            vec![peer("n1", 1, "n2").announces(WEB, 9000).heard_of(2, "n2", 30).done()],
            &["PARTIAL-VIEW"],
        )
        .resting_on(alone()),
    ]
}

/// n1 answers; the one status there is was written last by `by` and names `named`; whether n2's speaker says
/// that it announces, too.
fn taken_over(by: &str, named: &str, announced: bool) -> Vec<NodeReport> {
    let status =
        |node: Node| node.edit(|report| report.lb_ips[0].said.statuses.clear()).status_by(WEB, named, by);
    let two = status(peer("n2", 2, "n1"));
    let two = if announced { two.announces(WEB, 9000) } else { two };
    vec![status(owner("n1", 1)).done(), two.done()]
}

fn disagreeing() -> Vec<Row> {
    let claims = |name: &str, mac| member(name, mac).elected("n1").announces(WEB, 3600);
    vec![
        row(
            "two speakers claim, nobody asks",
            vec![claims("n1", 1).done(), claims("n2", 2).done()],
            &["CLAIMS-DISAGREE", "IDLE"],
        )
        .because(
            "the speakers of n1, n2 each announce it: they do not see each other (memberlist, port 7946)",
        ),
        row(
            "a speaker claims, the status names another node, nobody asks",
            vec![member("n1", 1).status(WEB, "n2").announces(WEB, 3600).done(), member("n2", 2).done()],
            &["CLAIMS-DISAGREE", "IDLE"],
        ),
        row(
            "a speaker claims, a status that it took over names another node, nobody asks",
            vec![
                member("n1", 1).status_by(WEB, "n2", "n1").announces(WEB, 3600).done(),
                member("n2", 2).done(),
            ],
            &["CLAIMS-DISAGREE", "IDLE"],
        )
        .because(STUCK),
        row(
            "this node's speaker claims and the status names another, by its agent alone",
            vec![member("n1", 1).status(WEB, "n2").announces(WEB, 3600).done()],
            &["CLAIMS-DISAGREE", "IDLE"],
        )
        .resting_on(alone()),
        row("only the recomputed election differs", vec![owner("n1", 1).predicted(WEB, "n2").done()], &[]),
        row(
            "one claims by BGP, one on layer 2",
            vec![claims("n1", 1).done(), member("n2", 2).elected("n1").announces_by("bgp", WEB, 3600).done()],
            &["IDLE"],
        ),
        row(
            "two Services without a common key",
            vec![owner("n1", 1).service("shop/web", Some("key")).done()],
            &["UNSHARED"],
        ),
    ]
}

fn quietly() -> Vec<Row> {
    let back = || owner("n1", 1).announced(3596);
    vec![
        row(
            "n2 announced it since, and n1 answers",
            vec![back().heard(2, 600).done(), peer("n2", 2, "n1").heard(1, 3596).done()],
            &["UNANNOUNCED"],
        ),
        row(
            "n2 answered it since, and n1 answers and never announced",
            {
                let mut quiet = in_pod(speaker(1, 500, 5), "metallb-system/speaker-n1");
                quiet.announcements = 0;
                let former = peer("n2", 2, "n1").local(speaker(2, 9000, 600)).announced(9000).replied(600);
                vec![
                    member("n1", 1).elected("n1").announces(WEB, 500).asked(5).local(quiet).done(),
                    former.done(),
                ]
            },
            &["UNANNOUNCED"],
        ),
        row(
            "n2 announced it since, by the agent of n1 alone",
            vec![back().heard_of(2, "n2", 600).done()],
            &["PARTIAL-VIEW", "UNANNOUNCED"],
        )
        .resting_on(alone()),
        row(
            "n2 announced it, and n1 announced it after that",
            vec![back().heard(2, 600).announced(300).done(), peer("n2", 2, "n1").done()],
            &[],
        ),
        row(
            "n2 announced it a moment ago",
            vec![back().heard(2, 40).done(), peer("n2", 2, "n1").done()],
            &[],
        ),
        row("n2 announced it hours ago", vec![back().heard(2, 7200).done(), peer("n2", 2, "n1").done()], &[]),
    ]
}

fn counters() -> Vec<Row> {
    let counted = |counter, speaker, wire| vec![owner("n1", 1).counted(counter, speaker, wire).done()];
    let because = |reason| {
        let owner = owner("n1", 1).counted_because(Counter::RequestsReceived, 9_000, 10_000, Some(reason));
        vec![owner.done()]
    };
    vec![
        row("counts that agree", counted(Counter::RequestsReceived, 10_000, 10_000), &[]),
        row(
            "counts that differ by a frame at the edge",
            counted(Counter::ResponsesSent, 10_000, 10_002),
            &[],
        ),
        row("replies that are lost", counted(Counter::ResponsesSent, 10_000, 9_000), &["COUNTERS-DIFFER"]),
        row(
            "replies that were lost an hour ago",
            {
                let mut reports = counted(Counter::ResponsesSent, 10_000, 9_000);
                reports[0].lb_ips[0].said.counters[0].changed = Some(before(3600));
                reports
            },
            &[],
        ),
        row("requests that the kernel answers", because(Because::KernelAnswered), &["COUNTERS-DIFFER"])
            .because("the node's kernel answered requests that the speaker did not count"),
    ]
}
