//! 1 to 15: more than one answerer; wrong interface or MAC.

use super::{Class, seen};
use crate::{
    evidence::{Local, NodeReport},
    verdict::{
        catalogue::{FLAP, FOREIGN, NO_CARRIER, SHADOW, SPLIT, STALE_MAC, WRONG_INTERFACE},
        sample::{Node, WEB, in_pod, kernel, kube_vip, mac, member, owner, peer, speaker},
    },
};

pub(super) fn classes() -> Vec<Class> {
    let ipvs = |name: &str, mac| {
        let here = peer(name, mac, "n1").local(kernel(mac, 3000, 5)).holds(&["kube-ipvs0"]);
        here.host(|host| host.arp_ignore = Some(0)).done()
    };
    let proxy = peer("n2", 2, "n1").local(kernel(2, 3000, 5)).host(|host| host.proxy_arp = Some(true)).done();
    let foreign = || vec![owner("n1", 1).heard(9, 20).done(), peer("n2", 2, "n1").heard(9, 20).done()];
    let pool_of_nodes = {
        let here = peer("n2", 2, "n1").local(kernel(2, 3000, 5)).holds(&["eth0"]).done();
        vec![owner("n1", 1).done(), here]
    };
    vec![
        seen(1, vec![owner("n1", 1).done(), ipvs("n2", 2), ipvs("n3", 3)], [&SHADOW], "kube-ipvs0 holds"),
        seen(2, vec![owner("n1", 1).done(), proxy], [&SHADOW], "proxy_arp is 1 on eth0"),
        seen(3, two_winners(3400), [&SPLIT], "do not see each other (memberlist, port 7946)"),
        seen(4, two_winners(86_000), [&SPLIT], "do not see each other"),
        seen(5, two_services(), [&SPLIT], "given to different nodes: default/dns to n2, default/web to n1"),
        seen(6, two_winners(3400), [&SPLIT], ""),
        seen(6, vec![owner("n1", 1).done(), ipvs("n2", 2), ipvs("n3", 3)], [&SHADOW], ""),
        seen(7, foreign(), [&FOREIGN], ""),
        seen(8, foreign(), [&FOREIGN], ""),
        seen(8, pool_of_nodes, [&SHADOW], "eth0 holds 192.0.2.10"),
        seen(9, kube_vip_too(), [&FLAP, &SHADOW], "eth0 holds 192.0.2.10"),
        seen(10, everybody(), [&SPLIT], "the speakers of n1, n2, n3 each announce it"),
        seen(11, port_of_a_bond(), [&WRONG_INTERFACE], "eth1 of n1 is a port of bond0"),
        seen(12, two_nics(), [&SPLIT], "eth0, eth1 of n1 are in one segment"),
        seen(13, asked_elsewhere(), [&WRONG_INTERFACE], "no socket on eth1"),
        seen(14, vec![owner("n1", 1).without_carrier().done()], [&NO_CARRIER], ""),
        seen(
            15,
            vec![owner("n1", 1).edit(|report| report.interfaces[0].mac = mac(77)).done()],
            [&STALE_MAC],
            "",
        ),
    ]
}

/// A speaker that believes it won, as does the owner.
fn winner(name: &str, mac: u8, since: i64) -> Node {
    let own = in_pod(speaker(mac, since, 4), &format!("metallb-system/speaker-{name}"));
    let here = member(name, mac).elected("n1").announces(WEB, since).asked(4).local(own);
    here.announced(since - 4).replied(4).heard(1, 3596)
}

fn two_winners(since: i64) -> Vec<NodeReport> {
    vec![owner("n1", 1).heard(2, since - 4).done(), winner("n2", 2, since).done()]
}

fn everybody() -> Vec<NodeReport> {
    let second = winner("n2", 2, 3400).heard(3, 3396).done();
    let third = winner("n3", 3, 3400).heard(2, 3396).done();
    vec![owner("n1", 1).heard(2, 3396).heard(3, 3396).done(), second, third]
}

fn two_services() -> Vec<NodeReport> {
    let share = |node: Node| node.service("default/dns", None).predicted("default/dns", "n2").by_rules("0.8");
    let mut second = winner("n2", 2, 3400).done();
    "default/dns".clone_into(&mut second.lb_ips[0].said.announced[0].service);
    vec![share(owner("n1", 1)).heard(2, 3396).done(), second]
}

/// kube-vip puts the address on its interface, announces it, and the node's kernel answers.
fn kube_vip_too() -> Vec<NodeReport> {
    let changes = [(290, 2), (250, 1), (200, 2), (150, 1), (100, 2), (70, 1)];
    let other = kube_vip(Local { replies: 0, ..speaker(2, 3500, 100) });
    let other = peer("n2", 2, "n1").local(other).local(kernel(2, 3500, 5)).holds(&["eth0"]);
    vec![owner("n1", 1).came_to(&changes).done(), other.came_to(&changes).done()]
}

fn port_of_a_bond() -> Vec<NodeReport> {
    let bond = owner("n1", 1).nic("eth1", 11);
    let bond = bond.edit(|report| report.interfaces[1].host.master = Some("bond0".into()));
    vec![bond.done(), peer("n2", 2, "n1").heard(11, 100).done()]
}

fn two_nics() -> Vec<NodeReport> {
    let other =
        Local { interface: "eth1".into(), ..in_pod(speaker(11, 3600, 5), "metallb-system/speaker-n1") };
    vec![owner("n1", 1).nic("eth1", 11).local(other).heard_on("eth1", 1, 3590).done()]
}

fn asked_elsewhere() -> Vec<NodeReport> {
    let two = owner("n1", 1).nic("eth1", 11).edit(|report| {
        let [eth0, eth1] = report.lb_ips[0].interfaces.as_mut_slice() else { panic!("two interfaces") };
        eth1.recent_requests = vec![eth0.recent_requests[0]; 3];
        eth1.last.request = eth0.last.request;
    });
    vec![two.done()]
}
