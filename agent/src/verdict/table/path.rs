//! 3xx: interface, MAC and carrier.

use super::{Row, check, row};
use crate::{
    evidence::Local,
    verdict::sample::{
        Node, WEB, announcer, before, in_pod, kernel, mac, member, node, owner, peer, speaker,
    },
};

#[test]
fn wrong_ways_are_told_with_their_cause() {
    check(interfaces().into_iter().chain(macs()).chain(carrier()).chain(announcements()).chain(traffic()));
}

fn interfaces() -> Vec<Row> {
    let idle = || member("n1", 1).elected("n1").announces(WEB, 3600);
    let two = || owner("n1", 1).nic("eth1", 11);
    let asked_on_eth1 = |node: Node| {
        node.edit(|report| {
            let [eth0, eth1] = report.lb_ips[0].interfaces.as_mut_slice() else { panic!("two interfaces") };
            eth1.recent_requests = vec![eth0.recent_requests[0]; 3];
            eth1.last.request = eth0.last.request;
            eth1.requests.group = 3;
        })
    };
    vec![
        row(
            "a selected interface that is not there",
            vec![idle().selects(&["eth9"]).done()],
            &["WRONG-INTERFACE", "IDLE"],
        )
        .because("the L2Advertisement selects eth9, which n1 does not have"),
        row(
            "a selected interface that is a port of a bond",
            {
                let bond = idle().nic("bond0", 11).selects(&["eth0"]);
                vec![bond.edit(|report| report.interfaces[0].host.master = Some("bond0".into())).done()]
            },
            &["WRONG-INTERFACE", "IDLE"],
        )
        .because("the L2Advertisement selects eth0, where n1 can't answer: eth0 is a port of bond0"),
        row(
            "a selected interface that is down",
            vec![idle().selects(&["eth0"]).edit(|report| report.interfaces[0].up = false).done()],
            &["WRONG-INTERFACE", "IDLE"],
        )
        .because("the L2Advertisement selects eth0, where n1 can't answer: eth0 is down"),
        row("a selected interface that works", vec![owner("n1", 1).selects(&["eth0", "eth9"]).done()], &[]),
        row(
            "asked on one interface and answers on another",
            vec![asked_on_eth1(two()).done()],
            &["WRONG-INTERFACE"],
        )
        .because("the speaker has no socket on eth1, or something takes the requests before it"),
        row(
            "asked where it is told not to answer",
            vec![asked_on_eth1(two()).selects(&["eth0"]).done()],
            &[],
        ),
        row(
            "a port of a bond with a MAC of its own",
            {
                let bond = owner("n1", 1).nic("eth1", 11);
                let bond = bond.edit(|report| report.interfaces[1].host.master = Some("bond0".into()));
                vec![bond.done(), peer("n2", 2, "n1").heard(11, 100).done()]
            },
            &["WRONG-INTERFACE"],
        )
        .because("eth1 of n1 is a port of bond0 and has a MAC of its own"),
        row(
            "a port of a bond with the bond's MAC",
            {
                let bond = owner("n1", 1).nic("eth1", 1);
                let bond = bond.edit(|report| report.interfaces[1].host.master = Some("bond0".into()));
                vec![bond.done(), peer("n2", 2, "n1").heard(1, 3596).done()]
            },
            &[],
        ),
    ]
}

fn macs() -> Vec<Row> {
    let changed = |node: Node| node.edit(|report| report.interfaces[0].mac = mac(77));
    vec![
        row("a MAC that the interface has no more", vec![changed(owner("n1", 1)).done()], &["STALE-MAC"])
            .because("eth0 has 00:00:5e:00:53:4d now"),
        row(
            "the speaker was restarted since",
            {
                let new = in_pod(speaker(77, 300, 5), "metallb-system/speaker-new");
                vec![
                    changed(owner("n1", 1).asked(400))
                        .edit(|report| {
                            report.lb_ips[0].local[0].last = before(400);
                        })
                        .local(new)
                        .announced(300)
                        .done(),
                ]
            },
            &[],
        ),
        row(
            "a kernel that used another MAC before",
            vec![changed(node("n1", 1).asked(5).local(kernel(1, 300, 5))).done()],
            &["SHADOW"],
        ),
        row(
            "a virtual router's MAC",
            {
                let vrrp = Local { mac: "00:00:5e:00:01:0a".parse().unwrap(), ..speaker(1, 300, 5) };
                vec![node("n1", 1).asked(5).local(vrrp).done()]
            },
            &[],
        ),
    ]
}

fn carrier() -> Vec<Row> {
    vec![
        row(
            "announces, and has no way out",
            vec![member("n1", 1).elected("n1").announces(WEB, 3600).without_carrier().done()],
            &["NO-CARRIER", "IDLE"],
        ),
        row("answers into a dead interface", vec![owner("n1", 1).without_carrier().done()], &["NO-CARRIER"]),
        row(
            "another interface works",
            {
                let two = member("n1", 1).nic("eth1", 11).elected("n1").announces(WEB, 3600);
                vec![two.without_carrier().done()]
            },
            &["IDLE"],
        ),
    ]
}

fn announcements() -> Vec<Row> {
    let own = || owner("n1", 1).asked(9).announced(60);
    let peer = || peer("n2", 2, "n1").asked(9);
    vec![
        row("an announcement that others don't hear", vec![own().done(), peer().done()], &["UNHEARD"]),
        row("an announcement that others hear", vec![own().done(), peer().heard(1, 60).done()], &[]),
        row(
            "others are in another segment",
            vec![own().done(), member("n2", 2).elected("n1").asked(99).done()],
            &[],
        ),
        row("an announcement of long ago", vec![own().announced(3000).done(), peer().done()], &[]),
        row(
            "others began to count after it",
            vec![own().done(), peer().edit(|report| report.lb_ips[0].since = Some(before(30))).done()],
            &[],
        ),
        row(
            "one of several hears it",
            {
                let third = crate::verdict::sample::peer("n3", 3, "n1").asked(9).heard(1, 60);
                vec![own().done(), peer().done(), third.done()]
            },
            &[],
        ),
    ]
}

fn traffic() -> Vec<Row> {
    let heir = |since| node("n2", 2).asked(5).local(speaker(2, since, 5)).announced(since - 4);
    let former = |lost: i64| node("n1", 1).asked(5).local(speaker(1, 900, lost + 10)).heard(2, lost - 4);
    vec![
        row(
            "it was here, and packets still come",
            vec![former(400).reached(3).done(), heir(400).reached(1).done()],
            &["STALE-PATH"],
        )
        .because("n1 had it before: a client, router or switch still sends to 00:00:5e:00:53:01"),
        row(
            "packets come to a node that never had it",
            vec![node("n1", 1).asked(5).reached(3).done(), heir(400).done()],
            &["STALE-PATH"],
        )
        .because("nothing shows that n1 had it: a static entry or a route leads there"),
        row("the last ones came before", vec![former(400).reached(410).done(), heir(400).done()], &[]),
        row("some came right after", vec![former(400).reached(380).done(), heir(400).done()], &[]),
        row("they stopped a while ago", vec![former(400).reached(90).done(), heir(400).done()], &[]),
        row("a move just now", vec![former(30).reached(3).done(), heir(30).done()], &["HANDOVER"]),
        row("to whoever answers", vec![heir(400).reached(1).done(), node("n1", 1).asked(5).done()], &[]),
        row(
            "nobody has asked the heir since",
            vec![
                node("n1", 1).asked(900).local(speaker(1, 2000, 900)).heard(2, 800).reached(3).done(),
                node("n2", 2).asked(900).local(announcer(2, 804, 800)).done(),
            ],
            &["STALE-PATH", "IDLE"],
        ),
        row("nobody has it", vec![node("n1", 1).asked(900).reached(3).done()], &["IDLE"]),
        row(
            "by BGP it comes to any node",
            vec![
                member("n1", 1).announces_by("bgp", WEB, 3600).asked(5).reached(3).done(),
                owner("n2", 2).done(),
            ],
            &[],
        ),
        row("it is not counted", vec![former(400).done(), heir(400).done()], &[]),
    ]
}
