//! 32 to 47: answered, and clients do not follow; IPv6; claims that are wrong while all is well.

use super::{Class, seen, unseen};
use crate::{
    evidence::{LinkLocal, NodeReport},
    verdict::{
        catalogue::{
            FLAP, GROUP_LOST, NO_LINK_LOCAL, STALE_CLAIM, STALE_PATH, UNANNOUNCED, UNHEARD,
            UNICAST_SOLICITATION,
        },
        sample::{Node, WEB, member, node, owner, peer, speaker},
    },
};

pub(super) fn classes() -> Vec<Class> {
    let bounce = [(290, 3), (255, 1), (220, 2), (160, 3), (110, 1), (65, 2)];
    let filtered = vec![owner("n1", 1).asked(9).announced(60).done(), peer("n2", 2, "n1").asked(9).done()];
    let came_back = vec![owner("n1", 1).heard(2, 600).done(), peer("n2", 2, "n1").heard(1, 3596).done()];
    let refused = still_there();
    vec![
        seen(32, refused, [&STALE_PATH], "n1 had it before"),
        seen(33, filtered, [&UNHEARD], ""),
        unseen(34),
        seen(35, came_back, [&UNANNOUNCED], ""),
        seen(36, still_there(), [&STALE_PATH], "n1 had it before"),
        unseen(37),
        unseen(38),
        unseen(39),
        seen(40, vec![member("n1", 1).came_to(&bounce).done()], [&FLAP], ""),
        seen(41, checked_by_unicast(), [&UNICAST_SOLICITATION], ""),
        seen(42, v6_owner(LinkLocal::DadFailed), [&NO_LINK_LOCAL], "failed duplicate address detection"),
        seen(43, v6_owner(LinkLocal::Usable), [&GROUP_LOST], "has not joined the solicited-node group"),
        seen(44, v6_owner(LinkLocal::Missing), [&NO_LINK_LOCAL], "eth0 has no link-local address"),
        seen(45, stale_metric(WEB), [&STALE_CLAIM], ""),
        seen(46, stale_metric("default/deleted"), [&STALE_CLAIM], ""),
        seen(47, stale_status(), [&STALE_CLAIM], ""),
    ]
}

/// It moved, and clients still send to where it was.
fn still_there() -> Vec<NodeReport> {
    let former = node("n1", 1).asked(5).local(speaker(1, 900, 410)).heard(2, 396).reached(3);
    vec![former.done(), node("n2", 2).asked(5).local(speaker(2, 400, 5)).announced(396).reached(9).done()]
}

fn v6(node: Node) -> Node {
    node.ip("2001:db8::10")
}

fn checked_by_unicast() -> Vec<NodeReport> {
    let own = v6(owner("n1", 1)).edit(|report| {
        let requests = &mut report.lb_ips[0].interfaces[0].requests;
        (requests.group, requests.unicast) = (4, 12);
    });
    vec![own.done()]
}

fn v6_owner(link_local: LinkLocal) -> Vec<NodeReport> {
    let own = v6(member("n1", 1)).elected("n1").announces(WEB, 3600).link_local(link_local);
    vec![own.done(), v6(peer("n2", 2, "n1")).done()]
}

fn stale_metric(service: &str) -> Vec<NodeReport> {
    vec![owner("n1", 1).done(), peer("n2", 2, "n1").announces(service, 9000).done()]
}

fn stale_status() -> Vec<NodeReport> {
    let status =
        |node: Node| node.edit(|report| report.lb_ips[0].said.statuses.clear()).status(WEB, "n2").done();
    vec![status(owner("n1", 1)), status(peer("n2", 2, "n1"))]
}
