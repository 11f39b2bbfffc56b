//! 201: where the request was seen, and where it was lost.

use super::{Row, check, nobody::mute, row};
use crate::{
    evidence::{Counter, LinkLocal, Reading},
    verdict::sample::{Node, WEB, before, member, owner, peer, speaker},
};

#[test]
fn silence_is_told_with_where_the_request_was_lost() {
    check(before_the_speaker().into_iter().chain(inside_the_node()).chain(after_an_answer()));
}

fn deaf() -> Node {
    member("n1", 1).elected("n1").announces(WEB, 3600)
}

fn silent(name: &'static str, owner: Node, cause: &'static str) -> Row {
    row(name, vec![owner.done(), peer("n2", 2, "n1").done()], &["SILENT"]).because(cause)
}

/// The kernel's last four requests are younger than an answer may be late; those noted before are not.
fn asked_all_the_time(node: Node) -> Node {
    [2, 1, 1, 0, 0].into_iter().fold(node, Node::asked)
}

fn before_the_speaker() -> Vec<Row> {
    vec![
        row(
            "asked for several times a second, and silent for five",
            vec![asked_all_the_time(owner("n1", 1)).done(), asked_all_the_time(peer("n2", 2, "n1")).done()],
            &["SILENT"],
        ),
        row("no cause to be seen", vec![mute().done(), peer("n2", 2, "n1").done()], &["SILENT"]),
        silent(
            "a speaker that was stopped",
            mute().reading(Reading::TimedOut),
            "metallb-system/speaker-n1 hangs: it did not answer for its metrics either (n1)",
        ),
        silent(
            "a speaker that is not ready",
            mute().speaker_is(|speaker| speaker.ready = Some(false)),
            "metallb-system/speaker-n1 on n1 is not ready",
        ),
        row(
            "an interface that does not exist",
            vec![mute().selects(&["eth9"]).done(), peer("n2", 2, "n1").selects(&["eth9"]).done()],
            &["SILENT", "WRONG-INTERFACE"],
        )
        .because("the L2Advertisement selects eth9, which n1 does not have"),
        row(
            "asked on another interface than the selected one",
            {
                let elsewhere = mute().nic("eth1", 11).selects(&["eth1"]);
                vec![elsewhere.done(), peer("n2", 2, "n1").selects(&["eth1"]).done()]
            },
            &["SILENT"],
        )
        .because("asked on eth0, and the L2Advertisement selects eth1 only"),
        silent(
            "requests that never come to the owner",
            deaf(),
            "the requests that n2 on eth0 heard never came to n1: it is in another segment, or its NIC or switch \
             port drops them",
        ),
        row(
            "requests that never come to an owner without carrier",
            vec![deaf().without_carrier().done(), peer("n2", 2, "n1").done()],
            &["SILENT", "NO-CARRIER"],
        )
        .because("eth0 of n1 has no carrier"),
        row(
            "no link-local address",
            vec![
                mute().ip("2001:db8::10").link_local(LinkLocal::DadFailed).done(),
                peer("n2", 2, "n1").ip("2001:db8::10").done(),
            ],
            &["SILENT", "NO-LINK-LOCAL"],
        )
        .because("eth0's link-local address failed duplicate address detection"),
        silent(
            "announced by BGP",
            member("n1", 1).announces_by("bgp", WEB, 3600).asked(5).local(speaker(1, 3600, 900)),
            "the speaker of n1 does not announce it",
        ),
    ]
}

fn inside_the_node() -> Vec<Row> {
    vec![
        row(
            "requests that do not reach the speaker's socket",
            {
                let mute = mute().counted(Counter::RequestsReceived, 0, 40).counted(Counter::ResponsesSent, 0, 0);
                vec![mute.done(), peer("n2", 2, "n1").done()]
            },
            &["SILENT", "COUNTERS-DIFFER"],
        )
        .because(
            "requests come in on eth0 of n1 and its speaker did not count 40 of them: something takes them before its \
             socket, or it does not hold the address",
        ),
        row(
            "replies that do not leave",
            {
                let mute = mute().counted(Counter::RequestsReceived, 40, 40).counted(Counter::ResponsesSent, 40, 0);
                vec![mute.done(), peer("n2", 2, "n1").done()]
            },
            &["SILENT", "COUNTERS-DIFFER"],
        )
        .because("the speaker of n1 sent 40 replies that did not come to the interface: something takes them before"),
        silent(
            "requests that the speaker takes and does not answer",
            mute().counted(Counter::RequestsReceived, 40, 40).counted(Counter::ResponsesSent, 12, 12),
            "the speaker of n1 counted 40 requests and sent 12 replies",
        ),
        silent(
            "a stale configuration",
            mute().speaker_is(|speaker| speaker.config_stale = Some(true)),
            "metallb-system/speaker-n1 on n1 runs a stale configuration: it refused the present one",
        ),
    ]
}

fn after_an_answer() -> Vec<Row> {
    vec![
        row(
            "an owner that answered lately and does not hear any more",
            {
                let own = owner("n1", 1).replied(200).edit(|report| {
                    let lb = &mut report.lb_ips[0];
                    lb.local[0].last = before(200);
                    lb.interfaces[0].last.request = Some(before(200));
                    lb.interfaces[0].recent_requests = vec![before(200)];
                });
                vec![own.done(), peer("n2", 2, "n1").asked(8).heard(1, 3596).done()]
            },
            &["SILENT"],
        )
        .because(
            "the requests that n2 on eth0 heard never came to n1: it is in another segment, or its NIC or switch port \
             drops them",
        ),
        row(
            "another segment's requests are no business of the owner's",
            {
                let own = owner("n1", 1).replied(200).edit(|report| {
                    let lb = &mut report.lb_ips[0];
                    lb.local[0].last = before(200);
                    lb.interfaces[0].last.request = Some(before(200));
                    lb.interfaces[0].recent_requests = vec![before(200)];
                });
                vec![own.done(), peer("n2", 2, "n1").asked(8).done()]
            },
            &[],
        ),
    ]
}
