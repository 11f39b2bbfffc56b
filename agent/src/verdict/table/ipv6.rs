//! 5xx: what Neighbor Discovery needs.

use super::{Row, check, row};
use crate::{
    evidence::LinkLocal,
    verdict::sample::{Node, WEB, alone, member, owner, peer},
};

#[test]
fn what_neighbor_discovery_lacks_is_told() {
    check(solicitations().into_iter().chain(groups()));
}

fn v6(node: Node) -> Node {
    node.ip("2001:db8::10")
}

fn asked(node: Node, group: u64, unicast: u64, no_link_layer: u64) -> Vec<crate::evidence::NodeReport> {
    let asked = v6(node).edit(|report| {
        let requests = &mut report.lb_ips[0].interfaces[0].requests;
        (requests.group, requests.unicast, requests.no_link_layer) = (group, unicast, no_link_layer);
    });
    vec![asked.done(), v6(peer("n2", 2, "n1")).done()]
}

fn solicitations() -> Vec<Row> {
    let own = || owner("n1", 1);
    vec![
        row("mostly without link-layer option", asked(own(), 10, 0, 8), &["NO-SOURCE-LINK-LAYER"]),
        row("now and then without link-layer option", asked(own(), 100, 0, 8), &[]),
        row("mostly by unicast", asked(own(), 4, 12, 0), &["UNICAST-SOLICITATION"]),
        row("now and then by unicast", asked(own(), 10, 6, 0), &[]),
        row(
            "an IPv4 address asked by unicast",
            vec![own().edit(|report| report.lb_ips[0].interfaces[0].requests.unicast = 90).done()],
            &[],
        ),
    ]
}

fn groups() -> Vec<Row> {
    let idle = || v6(member("n1", 1)).elected("n1").announces(WEB, 3600);
    let alone_of = |node: Node| vec![node.done()];
    vec![
        row("no group, not asked", alone_of(idle().link_local(LinkLocal::Usable)), &["GROUP-LOST", "IDLE"])
            .because("eth0 of n1 has not joined the solicited-node group of 2001:db8::10"),
        row(
            "no group, by its own agent alone",
            alone_of(idle().link_local(LinkLocal::Usable)),
            &["GROUP-LOST", "IDLE"],
        )
        .resting_on(alone()),
        row("joined", alone_of(idle().link_local(LinkLocal::Usable).joined("eth0")), &["IDLE"]),
        row("not known whether it joined", alone_of(idle()), &["IDLE"]),
        row("answers all the same", vec![v6(owner("n1", 1)).link_local(LinkLocal::Usable).done()], &[]),
        row(
            "one of two interfaces joined",
            alone_of(idle().nic("eth1", 11).link_local(LinkLocal::Usable).joined("eth1")),
            &["IDLE"],
        ),
        row(
            "no link-local address",
            alone_of(idle().link_local(LinkLocal::Missing)),
            &["NO-LINK-LOCAL", "IDLE"],
        )
        .because("eth0 has no link-local address"),
        row(
            "a duplicate link-local address",
            alone_of(idle().link_local(LinkLocal::DadFailed)),
            &["NO-LINK-LOCAL", "IDLE"],
        )
        .because("eth0's link-local address failed duplicate address detection"),
        row("a tentative link-local address", alone_of(idle().link_local(LinkLocal::Tentative)), &["IDLE"]),
        row(
            "an IPv4 address needs none of it",
            vec![owner("n1", 1).link_local(LinkLocal::Missing).done()],
            &[],
        ),
        row(
            "it has just begun to announce",
            alone_of(v6(member("n1", 1)).announces(WEB, 20).link_local(LinkLocal::Usable)),
            &["IDLE"],
        ),
    ]
}
