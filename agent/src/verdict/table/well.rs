//! What looks like a failure and is well.

use jiff::SignedDuration;

use super::{Row, check, row};
use crate::{
    evidence::{Local, Speaker},
    verdict::sample::{Node, WEB, alone, before, in_pod, member, owner, peer, speaker},
};

#[test]
fn what_is_well_has_no_finding() {
    check(steady().into_iter().chain(after_a_change()));
}

fn steady() -> Vec<Row> {
    let peers = || vec![owner("n1", 1).done(), peer("n2", 2, "n1").done(), peer("n3", 3, "n1").done()];
    let with = |first: Node| vec![first.done(), peer("n2", 2, "n1").done()];
    vec![
        row("an owner that all agree on", peers(), &[]),
        row("by its own agent alone", vec![owner("n1", 1).done()], &[]).resting_on(alone()),
        row(
            "an IPv6 address",
            vec![owner("n1", 1).ip("2001:db8::10").done(), peer("n2", 2, "n1").ip("2001:db8::10").done()],
            &[],
        ),
        row(
            "an address shared by agreement",
            {
                let share = |node: Node| {
                    node.edit(|report| report.lb_ips[0].said.services[0].shared = Some("key".into()))
                        .service("default/dns", Some("key"))
                        .predicted("default/dns", "n1")
                        .status("default/dns", "n1")
                };
                vec![
                    share(owner("n1", 1)).announces("default/dns", 3600).done(),
                    share(peer("n2", 2, "n1")).done(),
                ]
            },
            &[],
        ),
        row(
            "a Service that one agent does not know of any more",
            {
                let gone = peer("n2", 2, "n1").edit(|report| {
                    report.lb_ips.clear();
                    report.source_state.changed = Some(before(2));
                });
                vec![owner("n1", 1).done(), gone.done()]
            },
            &[],
        ),
        row(
            "a Service that one agent does not know of yet",
            {
                let new = owner("n1", 1).edit(|report| report.lb_ips[0].since = Some(before(4)));
                vec![new.done(), peer("n2", 2, "n1").edit(|report| report.lb_ips.clear()).done()]
            },
            &[],
        ),
        row(
            "Local policy",
            with(owner("n1", 1).edit(|report| {
                report.lb_ips[0].said.services[0].local_policy = true;
            })),
            &[],
        ),
    ]
}

fn after_a_change() -> Vec<Row> {
    let with = |first: Node| vec![first.done(), peer("n2", 2, "n1").done()];
    vec![
        row(
            "an agent that was restarted",
            {
                let anew = owner("n1", 1).edit(|report| {
                    report.source_state.synced = Some(before(3));
                    let lb = &mut report.lb_ips[0];
                    lb.since = Some(before(3));
                    lb.said.announced.clear();
                    lb.said.predicted.iter_mut().for_each(|one| one.since = Some(before(3)));
                    report.speaker = Some(Speaker::default());
                });
                with(anew)
            },
            &[],
        ),
        row(
            "a speaker that was restarted",
            {
                let anew = in_pod(speaker(1, 20, 5), "metallb-system/speaker-anew");
                let old = owner("n1", 1).edit(|report| {
                    report.lb_ips[0].local[0].last = before(30);
                    report.lb_ips[0].said.announced.clear();
                });
                let old = old
                    .speaker_is(|speaker| (speaker.started, speaker.ready) = (Some(before(20)), Some(true)));
                with(old.local(anew).announced(16).replied(5))
            },
            &[],
        ),
        row(
            "a speaker whose container was started anew in less than a second",
            {
                let anew = in_pod(speaker(1, 3, 3), "metallb-system/speaker-anew");
                let old = owner("n1", 1).asked(3).local(anew).replied(3).edit(|report| {
                    let [old, anew] = report.lb_ips[0].local.as_mut_slice() else { panic!("two") };
                    old.last = anew.first - SignedDuration::from_millis(600);
                    report.lb_ips[0].said.announced.clear();
                });
                with(old.speaker_is(|speaker| speaker.started = Some(before(3))))
            },
            &[],
        ),
        row(
            "the owner's agent was restarted after the move: it has not seen the announcement",
            {
                let quiet =
                    Local { announcements: 0, ..in_pod(speaker(1, 100, 5), "metallb-system/speaker-n1") };
                let heir = member("n1", 1).elected("n1").announces(WEB, 90).asked(5).local(quiet).replied(5);
                let heir = heir.edit(|report| report.lb_ips[0].since = Some(before(100)));
                let former = peer("n2", 2, "n1").local(speaker(2, 9000, 600)).announced(9000).replied(600);
                vec![heir.done(), former.heard(1, 596).done()]
            },
            &[],
        ),
        row(
            "claims that lag behind a move",
            {
                let former = peer("n2", 2, "n1").announces(WEB, 9000).asked(60).heard(1, 16);
                let former = former.local(speaker(2, 9000, 25)).announced(9000).replied(25);
                let heir = in_pod(speaker(1, 20, 5), "metallb-system/speaker-n1");
                let heir = member("n1", 1).asked(5).local(heir).announced(16).replied(5);
                vec![heir.predicted(WEB, "n1").predicted_since(21).status(WEB, "n2").done(), former.done()]
            },
            &["HANDOVER"],
        ),
        row(
            "an Event of long ago that names the former owner",
            {
                with(
                    owner("n1", 1).edit(|report| report.lb_ips[0].said.events.clear()).event(WEB, "n2", 3000),
                )
            },
            &[],
        ),
    ]
}
