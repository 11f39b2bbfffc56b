//! Who answers, by the wire alone.

use super::{Row, bystander, check, row};
use crate::{
    evidence::{Local, Named, Origin},
    verdict::sample::{alone, announcer, kernel, mac, node, speaker},
};

#[test]
fn one_or_several_are_told_from_the_wire_alone() {
    check(one_answerer().into_iter().chain(several_answerers()));
}

fn one_answerer() -> Vec<Row> {
    let owner = |asked| node("n1", 1).asked(asked).local(speaker(1, 300, asked)).done();
    vec![
        row("a healthy owner", vec![owner(5), bystander("n2", 2, 5)], &[]),
        row("nobody ever asked", vec![node("n1", 1).done(), node("n2", 2).done()], &["IDLE"]),
        row("no proof for longer than the TTL", vec![owner(700)], &["IDLE"]),
        row("announced, not asked since", vec![node("n1", 1).local(announcer(1, 9, 5)).done()], &["IDLE"]),
        row("a healthy owner, told by its own agent alone", vec![owner(5)], &[]).resting_on(alone()),
        row(
            "a healthy owner of an IPv6 address",
            {
                let v6 = node("n1", 1).ip("2001:db8::10").asked(5).local(speaker(1, 300, 5)).done();
                vec![v6, node("n2", 2).ip("2001:db8::10").asked(5).done()]
            },
            &[],
        ),
        row(
            "one VLAN seen twice, on itself and on its NIC",
            {
                let vlan = Local { interface: "eth0.100".into(), ..speaker(1, 300, 5) };
                let nic = Local { vlan: 100, ..speaker(1, 300, 5) };
                vec![node("n1", 1).nic("eth0.100", 1).asked(5).local(nic).local(vlan).done()]
            },
            &[],
        ),
        row(
            "what is forwarded is nobody's answer",
            {
                let bridged = Local { origin: Origin::Forwarded, sender: None, ..speaker(9, 300, 5) };
                vec![node("n1", 1).asked(5).local(speaker(1, 300, 5)).local(bridged).done()]
            },
            &[],
        ),
        row(
            "a restarted speaker with a new socket",
            {
                let old = speaker(1, 3000, 90);
                let mut new = speaker(1, 80, 5);
                if let Some(sender) = &mut new.sender {
                    sender.cookie = 9;
                }
                vec![node("n1", 1).asked(5).local(old).local(new).done()]
            },
            &[],
        ),
    ]
}

fn several_answerers() -> Vec<Row> {
    let owner = || node("n1", 1).asked(60).asked(5).local(speaker(1, 300, 5));
    let shadow = || node("n2", 2).asked(60).asked(5).local(kernel(2, 200, 5)).done();
    let two_nics = || {
        let other = Local { interface: "eth1".into(), mac: mac(2), ..speaker(2, 300, 5) };
        node("n1", 1).nic("eth1", 2).local(speaker(1, 300, 5)).local(other)
    };
    vec![
        row(
            "two speakers",
            vec![owner().done(), node("n2", 2).asked(5).local(speaker(2, 200, 5)).announced(190).done()],
            &["SPLIT"],
        ),
        row(
            "two speakers, each heard by the other long ago",
            {
                let other =
                    node("n2", 2).asked(5).local(speaker(2, 200, 5)).announced(190).heard(1, 299).done();
                vec![owner().heard(2, 190).done(), other]
            },
            &["SPLIT"],
        ),
        row(
            "two programs on one node",
            {
                let stranger = Local { origin: Origin::Socket, sender: None, ..speaker(1, 200, 5) };
                vec![owner().local(stranger).done()]
            },
            &["SPLIT"],
        ),
        row("a speaker and another node's kernel", vec![owner().done(), shadow()], &["SHADOW"]),
        row(
            "a speaker and its own node's kernel",
            vec![owner().local(kernel(1, 250, 5)).done()],
            &["SHADOW"],
        ),
        row("a kernel alone", vec![shadow(), bystander("n3", 3, 5)], &["SHADOW"]),
        row(
            "two speakers and a kernel",
            vec![
                owner().done(),
                node("n3", 3).asked(5).local(speaker(3, 200, 5)).announced(190).done(),
                shadow(),
            ],
            &["SPLIT", "SHADOW"],
        ),
        row(
            "two NICs on one segment, told by the same request",
            vec![two_nics().asked(5).done()],
            &["SPLIT"],
        ),
        row(
            "two NICs on one segment, one hears the other",
            vec![two_nics().heard_on("eth1", 1, 299).done()],
            &["SPLIT"],
        ),
        row("two NICs on two segments", vec![two_nics().done()], &[]),
        row(
            "two that answered the one request there was",
            {
                let first = node("n1", 1).asked(5).local(kernel(1, 5, 5)).done();
                vec![first, node("n2", 2).asked(5).local(kernel(2, 5, 5)).done()]
            },
            &["SHADOW"],
        ),
        row(
            "two NICs on two segments, a socket for each",
            {
                let with_cookie = |mut local: Local, cookie| {
                    if let Some(sender) = &mut local.sender {
                        (sender.cookie, sender.by) = (cookie, Named::Cookie);
                    }
                    local
                };
                let other = Local { interface: "eth1".into(), ..speaker(2, 300, 5) };
                let here = node("n1", 1).nic("eth1", 2).local(with_cookie(speaker(1, 300, 5), 1));
                vec![here.local(with_cookie(other, 2)).done()]
            },
            &[],
        ),
    ]
}
