//! 202, and what keeps 2xx from being told too early.

use super::{Row, check, row};
use crate::{
    evidence::Reading,
    verdict::sample::{Node, WEB, alone, before, kube_vip, member, peer, speaker},
};

#[test]
fn an_address_without_announcer_is_told_with_the_reason() {
    check(without_owner());
}

#[test]
fn silence_is_not_told_while_anything_changes() {
    check(changes());
}

/// A speaker that is said to announce, was asked, and answered last ten minutes ago.
pub(super) fn mute() -> Node {
    member("n1", 1)
        .elected("n1")
        .announces(WEB, 3600)
        .asked(300)
        .asked(5)
        .local(speaker(1, 3600, 600))
        .announced(3596)
}

fn without_owner() -> Vec<Row> {
    let none = |name: &str, mac| member(name, mac).nobody("no endpoint is ready");
    vec![
        row(
            "nobody should, and nobody asks",
            vec![none("n1", 1).done(), none("n2", 2).done()],
            &["NO-OWNER", "IDLE"],
        )
        .because("default/web: no endpoint is ready"),
        row("nobody should, and clients ask", vec![none("n1", 1).asked(5).done()], &["NO-OWNER"])
            .because("default/web: no endpoint is ready"),
        row(
            "one node alone, asked in vain",
            vec![none("n1", 1).asked(5).done()],
            &["NO-OWNER", "PARTIAL-VIEW"],
        )
        .because("default/web: no endpoint is ready")
        .resting_on(alone()),
        row("one node alone, and nobody asks", vec![none("n1", 1).done()], &["IDLE"]).resting_on(alone()),
        row(
            "one node alone, and a status names another one",
            vec![none("n1", 1).status(WEB, "n2").asked(5).done()],
            &["PARTIAL-VIEW"],
        )
        .resting_on(alone()),
        row(
            "somebody should and does not",
            vec![member("n1", 1).predicted(WEB, "n2").done(), member("n2", 2).predicted(WEB, "n2").done()],
            &["NO-OWNER", "IDLE"],
        )
        .because(
            "by the rules of MetalLB 0.11+ it goes to n2 (predicted), whose speaker does not announce it",
        ),
        row(
            "somebody should, and its speaker is gone",
            {
                let gone =
                    member("n2", 2).predicted(WEB, "n2").reading(Reading::NoSpeaker).announces(WEB, 3600);
                vec![member("n1", 1).predicted(WEB, "n2").done(), gone.done()]
            },
            &["NO-OWNER", "IDLE"],
        )
        .because("there is no speaker on n2"),
        row(
            "somebody should, and runs a stale configuration",
            {
                let stale = member("n2", 2).predicted(WEB, "n2");
                let stale = stale.speaker_is(|speaker| speaker.config_stale = Some(true));
                vec![member("n1", 1).predicted(WEB, "n2").done(), stale.done()]
            },
            &["NO-OWNER", "IDLE"],
        )
        .because("metallb-system/speaker-n2 on n2 runs a stale configuration: it refused the present one"),
        row(
            "a speaker's word is not known",
            vec![none("n1", 1).asked(5).done(), none("n2", 2).asked(5).reading(Reading::Unauthorized).done()],
            &["SILENT"],
        ),
        row(
            "announced by BGP only",
            vec![member("n1", 1).predicted(WEB, "n1").announces_by("bgp", WEB, 3600).done()],
            &["IDLE"],
        ),
        row(
            "a Service of another class, and nobody asks",
            vec![member("n1", 1).elsewhere("the speakers serve the loadBalancerClass lab only").done()],
            &["IDLE"],
        ),
        row(
            "a Service of another class, asked in vain",
            vec![
                member("n1", 1)
                    .elsewhere("the speakers serve the loadBalancerClass lab only")
                    .asked(5)
                    .done(),
            ],
            &["SILENT"],
        )
        .because("default/web: the speakers serve the loadBalancerClass lab only"),
        row(
            "another program answers for it",
            vec![none("n1", 1).asked(5).local(kube_vip(speaker(1, 3600, 5))).announced(3596).done()],
            &[],
        ),
    ]
}

fn changes() -> Vec<Row> {
    let none = || member("n1", 1).asked(5);
    vec![
        row(
            "a Service that has just come",
            vec![
                none()
                    .predicted(WEB, "n1")
                    .edit(|report| {
                        report.lb_ips[0].since = Some(before(20));
                    })
                    .done(),
            ],
            &["HANDOVER"],
        ),
        row(
            "a speaker that has just begun to announce",
            vec![none().elected("n1").announces(WEB, 20).done(), peer("n2", 2, "n1").done()],
            &["HANDOVER"],
        ),
        row(
            "endpoints that went a moment ago",
            vec![none().nobody("no endpoint is ready").predicted_since(30).done()],
            &["HANDOVER"],
        ),
        row(
            "the election gives another node since a moment ago",
            vec![
                mute()
                    .edit(|report| report.lb_ips[0].said.predicted.clear())
                    .predicted(WEB, "n2")
                    .predicted_since(10)
                    .done(),
                member("n2", 2).predicted(WEB, "n2").predicted_since(10).asked(5).done(),
            ],
            &["HANDOVER"],
        ),
        row(
            "a speaker that has just been restarted",
            vec![mute().speaker_is(|speaker| speaker.started = Some(before(15))).done()],
            &["HANDOVER"],
        ),
        row(
            "an idle Service without endpoints since a moment ago",
            vec![member("n1", 1).nobody("no endpoint is ready").predicted_since(30).done()],
            &["IDLE"],
        ),
        row(
            "an Event that repeats what is known",
            vec![mute().event("other/web", "n1", 10).done(), peer("n2", 2, "n1").done()],
            &["SILENT"],
        ),
        row(
            "an Event that names another node",
            vec![mute().event("other/web", "n3", 10).done(), peer("n2", 2, "n1").done()],
            &["HANDOVER"],
        ),
        row(
            "a Service that has just come, was answered for and is silent",
            vec![mute_since_then().done(), peer("n2", 2, "n1").done()],
            &["SILENT"],
        ),
        row(
            "a Service that has just come, on an interface that does not exist",
            vec![
                none().elected("n1").announces(WEB, 20).selects(&["eth9"]).done(),
                peer("n2", 2, "n1").selects(&["eth9"]).done(),
            ],
            &["SILENT"],
        ),
    ]
}

/// It came 50 s ago and answered until 20 s ago.
fn mute_since_then() -> Node {
    let own = member("n1", 1).elected("n1").asked(5).local(speaker(1, 48, 20)).announced(44).replied(20);
    own.edit(|report| report.lb_ips[0].since = Some(before(50)))
}
