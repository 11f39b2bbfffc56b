//! 1xx, with causes: claims and host facts beside the wire.

use super::{Row, check, row};
use crate::verdict::sample::{Node, WEB, in_pod, kernel, kube_vip, member, owner, peer, speaker, unit};

#[test]
fn several_answerers_are_told_with_their_cause() {
    check(splits().into_iter().chain(overlaps()).chain(shadows()).chain(flaps()));
}

/// A second speaker that answers: it took part at the same time as the first.
fn second(name: &str, mac: u8) -> Node {
    let own = in_pod(speaker(mac, 3500, 4), &format!("metallb-system/speaker-{name}"));
    member(name, mac).elected("n1").asked(4).local(own).announced(3490).replied(4)
}

fn splits() -> Vec<Row> {
    let first = || owner("n1", 1).heard(2, 3490).done();
    let heard = |node: Node| node.heard(1, 3596);
    vec![
        row("speakers that do not see each other", vec![first(), heard(second("n2", 2)).announces(WEB, 3400).done()], &[
            "SPLIT",
        ])
        .because("the speakers of n1, n2 each announce it: they do not see each other (memberlist, port 7946)"),
        row(
            "speakers of 0.8 that were told different things",
            vec![
                owner("n1", 1).by_rules("0.8").heard(2, 3490).done(),
                heard(second("n2", 2)).announces(WEB, 3400).by_rules("0.8").done(),
            ],
            &["SPLIT"],
        )
        .because("the speakers of n1, n2 each announce it: they were told different things by the API server"),
        row(
            "two Services of one address, by the old hash",
            {
                let share = |node: Node| {
                    node.service("default/dns", Some("key"))
                        .edit(|report| report.lb_ips[0].said.services[0].shared = Some("key".into()))
                        .predicted("default/dns", "n2")
                        .by_rules("0.9-0.10")
                };
                let second = share(heard(second("n2", 2))).announces("default/dns", 3400);
                vec![share(owner("n1", 1)).heard(2, 3490).done(), second.done()]
            },
            &["SPLIT"],
        )
        .because(
            "Services share the address and were given to different nodes: default/dns to n2, default/web to n1",
        ),
        row(
            "kube-vip beside MetalLB",
            {
                let other = kube_vip(speaker(2, 3500, 4));
                let second = peer("n2", 2, "n1").local(other).announced(3490).replied(4).heard(1, 3596);
                vec![first(), second.done()]
            },
            &["SPLIT"],
        )
        .because("kube-system/kube-vip-n2 on n2 answers beside MetalLB's speaker"),
        row(
            "keepalived on the same node",
            {
                let other = unit(speaker(1, 3500, 4), "keepalived.service");
                vec![owner("n1", 1).local(other).done(), peer("n2", 2, "n1").done()]
            },
            &["SPLIT"],
        )
        .because("keepalived.service on n1 answers beside MetalLB's speaker"),
        row(
            "a speaker that answers and does not claim to",
            vec![first(), heard(second("n2", 2)).done()],
            &["SPLIT"],
        )
        .because("n2 answers, though its speaker does not announce it"),
    ]
}

/// Two speakers that answer, of which the address came to one lately.
fn overlaps() -> Vec<Row> {
    // The address came to these MACs; the two replied last so many seconds ago.
    let two = |changes: &[(i64, u8)], replied: (i64, i64)| {
        let one = |node: Node, mac: u8, ago: i64| {
            let own = in_pod(speaker(mac, 3500, ago), "metallb-system/speaker");
            node.asked(ago).local(own).announced(3490).replied(ago).came_to(changes).done()
        };
        vec![
            one(member("n1", 1).elected("n1").announces(WEB, 3400), 1, replied.0),
            one(member("n2", 2).elected("n1").announces(WEB, 3400), 2, replied.1),
        ]
    };
    let quarrel = [(48, 2), (40, 1), (32, 2), (24, 1), (16, 2), (8, 1), (1, 2)];
    vec![
        row("one takes over at this moment", two(&[(1, 2)], (1, 1)), &["HANDOVER"]),
        row("there and back within seconds", two(&[(4, 2), (1, 1)], (1, 1)), &["HANDOVER"]),
        row("back within seconds, and not announced yet", two(&[(4, 2)], (1, 1)), &["HANDOVER"]),
        row(
            "moved four times within seconds",
            two(&[(18, 2), (15, 1), (5, 2), (1, 1)], (1, 1)),
            &["HANDOVER"],
        ),
        row("the former one goes on", two(&[(11, 2)], (1, 1)), &["SPLIT"]),
        row("to and fro without end", two(&quarrel, (1, 1)), &["SPLIT"]),
        row("to a third one that nobody saw answer yet", two(&[(1, 3)], (1, 1)), &["HANDOVER"]),
        row("it will come to one in the future", two(&[(-60, 2)], (1, 1)), &["SPLIT"]),
    ]
}

fn shadows() -> Vec<Row> {
    let bound = |holder: &str| {
        let here = peer("n2", 2, "n1").local(kernel(2, 3000, 5)).holds(&[holder]);
        here.host(|host| host.arp_ignore = Some(0)).done()
    };
    vec![
        row("IPVS without strictARP", vec![owner("n1", 1).done(), bound("kube-ipvs0")], &["SHADOW"]).because(
            "kube-ipvs0 holds 192.0.2.10 and arp_ignore is 0 on eth0: kube-proxy in IPVS mode without strictARP",
        ),
        row("the address on a loopback", vec![owner("n1", 1).done(), bound("lo")], &["SHADOW"])
            .because("lo holds 192.0.2.10 and arp_ignore is 0 on eth0"),
        row(
            "proxy ARP",
            {
                let proxy = peer("n2", 2, "n1").local(kernel(2, 3000, 5));
                vec![owner("n1", 1).done(), proxy.host(|host| host.proxy_arp = Some(true)).done()]
            },
            &["SHADOW"],
        )
        .because("proxy_arp is 1 on eth0 and no interface holds 192.0.2.10"),
        row(
            "the address on an interface that does not answer: strictARP",
            {
                let strict = peer("n2", 2, "n1").holds(&["kube-ipvs0"]).host(|host| host.arp_ignore = Some(1));
                vec![owner("n1", 1).done(), strict.done()]
            },
            &[],
        ),
    ]
}

fn flaps() -> Vec<Row> {
    let to_and_fro = [(280, 2), (250, 1), (200, 2), (150, 1), (100, 2), (70, 1)];
    let owner_with = |changes: &[(i64, u8)]| vec![owner("n1", 1).came_to(changes).done()];
    let without_end = [(8, 2), (7, 1), (6, 2), (5, 1), (4, 2), (3, 1), (2, 2), (1, 1)];
    vec![
        row(
            "to and fro between two nodes",
            vec![
                owner("n1", 1).came_to(&to_and_fro).done(),
                peer("n2", 2, "n1").came_to(&to_and_fro[1..]).done(),
            ],
            &["FLAP"],
        ),
        row(
            "to and fro between two nodes that both want it",
            {
                let other = peer("n2", 2, "n1").came_to(&to_and_fro).announces(WEB, 250);
                vec![owner("n1", 1).came_to(&to_and_fro).done(), other.done()]
            },
            &["FLAP", "STALE-CLAIM"],
        )
        .because(
            "the speakers of n1, n2 each announce it: they do not see each other (memberlist, port 7946)",
        ),
        row(
            "to and fro without end",
            vec![owner("n1", 1).came_to(&without_end).edit(|report| report.lb_ips[0].handovers = 900).done()],
            &["FLAP"],
        ),
        row("one handover during which both repeat themselves", owner_with(&without_end), &[]),
        row("moved about by hand, a minute each", owner_with(&[(270, 2), (210, 1), (150, 2), (90, 1)]), &[]),
        row("once round three nodes and back", owner_with(&[(250, 2), (200, 3), (150, 1)]), &[]),
        row("round six nodes", owner_with(&[(280, 2), (250, 3), (200, 4), (150, 5), (100, 6), (70, 1)]), &[]),
        row(
            "a day with many moves",
            owner_with(&[(4000, 1), (3000, 2), (2000, 1), (1000, 2), (500, 1), (100, 2)]),
            &[],
        ),
        row(
            "changes in the future",
            owner_with(&[(-900, 1), (-800, 2), (-700, 1), (-600, 2), (-500, 1), (-400, 2)]),
            &[],
        ),
    ]
}
