//! Strangers, silence, and views that are not whole, by the wire alone.

use super::{Row, bystander, check, row};
use crate::{
    evidence::Local,
    verdict::sample::{alone, announcer, but_one, node, speaker},
};

#[test]
fn strangers_and_silence_are_told_where_everybody_was_heard() {
    check(strangers_and_silence());
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
