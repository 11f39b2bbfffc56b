//! Changes and entries in, history out.

use l2witness_ebpf::layout::Local;

use super::*;

const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
/// This node's, on interface 2.
const OWN: u8 = 1;
const OTHER: u8 = 7;

struct Names;

impl Naming for Names {
    fn interface(&self, index: u32) -> String {
        format!("eth{index}")
    }

    fn who(&self, who: Who) -> (Origin, Option<String>) {
        match who.origin {
            layout::Origin::Socket => (Origin::Speaker, Some(format!("pod {}", who.cookie))),
            layout::Origin::Kernel => (Origin::Kernel, None),
            layout::Origin::Forwarded => (Origin::Forwarded, None),
        }
    }
}

const fn mac(last: u8) -> MacAddr {
    MacAddr([0, 0, 0x5e, 0, 0x53, last])
}

fn change(kind: Kind, cause: Cause, last: u8) -> Change {
    Change {
        time: 900,
        ip: IP,
        mac: mac(last),
        ifindex: 2,
        cookie: 0,
        cgroup: 0,
        protocol: Protocol::Arp,
        kind,
        unicast: false,
        cause,
        asked: 17,
        sent: false,
        origin: None,
    }
}

fn announcement(last: u8) -> Change {
    change(Kind::AnnouncementReply, Cause::Announcement, last)
}

/// A sender on this node: last byte of its MAC, origin, interface, last frame, replies.
fn local(last: u8, origin: layout::Origin, ifindex: u32, time: u64, replies: u32) -> Local {
    Local {
        mac_origin: Mac::from_octets(mac(last).0).0 | (origin as u64) << 48,
        ifindex,
        cookie: 5,
        last: time,
        replies,
        ..Claims::EMPTY.local[0]
    }
}

/// Those senders; the last reply went out by interface 2, which had heard 13 requests by then.
fn claims(locals: &[Local]) -> Claims {
    let mut claims = Claims { replied: Claims::replied(2, 13), ..Claims::EMPTY };
    claims.local[..locals.len()].copy_from_slice(locals);
    claims
}

/// Interfaces 2 and 3, with the last reply at 500 and at 950 (an announcement is heard at 900), and twenty requests
/// heard.
fn slot(index: u32) -> Option<Slot> {
    let mut slot = Slot::EMPTY;
    slot.last[Stamp::ReplySent as usize] = if index == 2 { 500 } else { 950 };
    slot.counts[Counter::RequestGroup as usize] = 20;
    (2..=3).contains(&index).then_some(slot)
}

/// Time, last byte of the MAC and `asked` of each last reply that is told.
fn lost(losses: &mut Losses, change: &Change, claims: &Claims) -> Vec<(u64, u8, Option<u64>)> {
    shown(&losses.by(change, of_ip(claims)))
}

const fn of_ip(claims: &Claims) -> OfIp<'_> {
    OfIp { ip: IP, claims, slot: &slot, naming: &Names }
}

fn shown(told: &[Told]) -> Vec<(u64, u8, Option<u64>)> {
    let last = |told: &Told| match &told.what {
        What::LastReply(claimed) => {
            assert!(claimed.sent && claimed.form.is_none() && told.ip == IP);
            (told.time, claimed.mac.0[5], claimed.asked)
        }
        other => panic!("{other:?}"),
    };
    told.iter().map(last).collect()
}

#[test]
fn a_change_says_what_it_was() {
    let sent = |kind, origin| Change {
        sent: true,
        origin: Some(origin),
        cookie: 9,
        ..change(kind, Cause::NewClaimant, OWN)
    };
    let ndp = Change { protocol: Protocol::Ndp, ..announcement(OTHER) };
    let unicast = Change { unicast: true, ..change(Kind::Request, Cause::Request, OTHER) };
    let table = [
        (change(Kind::Request, Cause::Request, OTHER), "Request eth2 07 17"),
        (unicast, "Request eth2 07 17 unicast"),
        (change(Kind::Probe, Cause::Request, OTHER), "Request eth2 07 17 probe"),
        (change(Kind::Reply, Cause::AfterAnnouncement, OTHER), "Reply eth2 07 17"),
        (announcement(OTHER), "Announcement eth2 07 17 form=reply"),
        (change(Kind::AnnouncementRequest, Cause::Resumed, OTHER), "Announcement eth2 07 17 form=request"),
        (ndp, "Announcement eth2 07 17"),
        (sent(Kind::Reply, layout::Origin::Socket), "Reply eth2 01 17 sent Speaker by pod 9"),
        (sent(Kind::Reply, layout::Origin::Kernel), "Reply eth2 01 17 sent Kernel"),
        (change(Kind::Request, Cause::NewClaimant, OTHER), "nothing"),
    ];
    for (change, expected) in table {
        let claimed = |word: &str, claimed: &Claimed| {
            let Claimed { interface, mac, sent, origin, sender, form, asked } = claimed;
            let mut text = format!("{word} {interface} {:02x} {}", mac.0[5], asked.unwrap());
            text += &form.as_ref().map(|form| format!(" form={form}")).unwrap_or_default();
            text += if *sent { " sent" } else { "" };
            text += &origin.map(|origin| format!(" {origin:?}")).unwrap_or_default();
            text + &sender.as_ref().map(|sender| format!(" by {sender}")).unwrap_or_default()
        };
        let text = match what(&change, &Names) {
            Some(What::Request(Asked { interface, mac, unicast, probe, count })) => {
                let text = format!("Request {interface} {:02x} {count}", mac.0[5]);
                text + if unicast { " unicast" } else { "" } + if probe { " probe" } else { "" }
            }
            Some(What::Reply(reply)) => claimed("Reply", &reply),
            Some(What::Announcement(announcement)) => claimed("Announcement", &announcement),
            Some(other) => panic!("{other:?}"),
            None => "nothing".to_owned(),
        };
        assert_eq!(text, expected);
    }
}

#[test]
fn whoever_replied_with_another_mac_has_lost_the_address_to_whom_is_heard() {
    use layout::Origin::{Kernel, Socket};
    let speaker = local(OWN, Socket, 2, 500, 3);
    let table = [
        ("its last reply", vec![speaker], vec![(500, OWN, Some(13))]),
        ("it announced since", vec![local(OWN, Socket, 2, 700, 3)], vec![(500, OWN, Some(13))]),
        ("somebody else replied since", vec![local(OWN, Socket, 2, 300, 3)], vec![(300, OWN, None)]),
        (
            "a program that was restarted",
            vec![local(OWN, Socket, 2, 300, 3), local(OWN, Socket, 2, 500, 1)],
            vec![(500, OWN, Some(13))],
        ),
        ("the heir itself", vec![local(OTHER, Socket, 2, 500, 3)], vec![]),
        ("who only announced", vec![local(OWN, Socket, 2, 500, 0)], vec![]),
        ("who has replied since", vec![local(OWN, Socket, 3, 950, 3)], vec![]),
        ("nobody", vec![], vec![]),
        ("an interface that went", vec![local(OWN, Socket, 9, 500, 3)], vec![]),
        (
            "several, oldest first; how many had asked is known of the last one alone",
            vec![speaker, local(OWN, Kernel, 2, 400, 1), local(2, Socket, 3, 450, 1)],
            vec![(400, OWN, None), (450, 2, None), (500, OWN, Some(13))],
        ),
    ];
    for (name, locals, expected) in table {
        let mut losses = Losses::default();
        assert_eq!(lost(&mut losses, &announcement(OTHER), &claims(&locals)), expected, "{name}");
    }
}

#[test]
fn a_loss_is_told_once_and_who_replies_again_can_lose_again() {
    let mut losses = Losses::default();
    let mut claims = claims(&[local(OWN, layout::Origin::Socket, 2, 400, 1)]);
    assert_eq!(lost(&mut losses, &announcement(OTHER), &claims).len(), 1);
    assert_eq!(lost(&mut losses, &announcement(OTHER), &claims), []);
    assert_eq!(lost(&mut losses, &announcement(8), &claims), [], "to whomever");

    claims.local[0].last = 450;
    assert_eq!(lost(&mut losses, &announcement(OTHER), &claims), [(450, OWN, None)]);

    losses.forget(IP);
    assert_eq!(lost(&mut losses, &announcement(OTHER), &claims).len(), 1);
    losses.forget_interface(2);
    assert_eq!(lost(&mut losses, &announcement(OTHER), &claims).len(), 1);
}

#[test]
fn only_whoever_is_heard_to_announce_takes_it() {
    let claims = claims(&[local(OWN, layout::Origin::Socket, 2, 500, 3)]);
    let own = Change { sent: true, origin: Some(layout::Origin::Kernel), ..announcement(OTHER) };
    let table = [
        (announcement(OTHER), 1),
        (change(Kind::Reply, Cause::NewClaimant, OTHER), 0),
        (change(Kind::Reply, Cause::AfterAnnouncement, OTHER), 0),
        (change(Kind::Request, Cause::Request, OTHER), 0),
        (change(Kind::Probe, Cause::Request, OTHER), 0),
        (change(Kind::Request, Cause::NewClaimant, OTHER), 0),
        (own, 0),
    ];
    for (change, expected) in table {
        assert_eq!(lost(&mut Losses::default(), &change, &claims).len(), expected, "{change:?}");
    }
}

#[test]
fn whoever_does_not_answer_when_asked_has_replied_for_the_last_time() {
    use layout::Origin::Socket;

    /// A name, who replied, when somebody asked, what is told.
    type Row<'a> = (&'a str, &'a [Local], Option<u64>, &'a [(u64, u8, Option<u64>)]);

    let speaker = local(OWN, Socket, 2, 500, 3);
    let restarted = [local(OWN, Socket, 2, 300, 3), local(OWN, Socket, 2, 500, 1)];
    let told = [(500, OWN, Some(13))];
    let table: [Row<'_>; 5] = [
        ("nobody asked", &[speaker], None, &[]),
        ("asked before its last reply", &[speaker], Some(499), &[]),
        ("asked since", &[speaker], Some(501), &told),
        ("the program that was there before does not answer, the new one does", &restarted, Some(400), &[]),
        ("neither does", &restarted, Some(501), &told),
    ];
    for (name, locals, asked, expected) in table {
        let (mut losses, claims) = (Losses::default(), claims(locals));
        let mut look = || shown(&losses.by_silence(of_ip(&claims), |_| asked));
        assert_eq!(look(), expected, "{name}");
        assert_eq!(look(), [], "{name}, once");
    }
}

#[test]
fn whoever_has_no_carrier_has_replied_for_the_last_time() {
    let claims = claims(&[local(OWN, layout::Origin::Socket, 2, 500, 3)]);
    let mut losses = Losses::default();
    let mut cut = |index: u32| shown(&losses.by_cut(of_ip(&claims), &[index].into()));
    assert_eq!(cut(3), [], "another cable was pulled");
    assert_eq!(cut(2), [(500, OWN, Some(13))]);
    assert_eq!(cut(2), [], "once");
}

#[test]
fn a_program_that_is_started_again_ends_what_the_former_one_replied() {
    use layout::Origin::Socket;
    let new = |cause, time| Change {
        sent: true,
        origin: Some(Socket),
        cookie: 6,
        time,
        ..change(Kind::AnnouncementRequest, cause, OWN)
    };
    let former = local(OWN, Socket, 2, 500, 3);
    let own = Local { cookie: 6, ..local(OWN, Socket, 2, 500, 1) };
    let told: &[_] = &[(500, OWN, Some(13))];
    let table: [(&str, Change, Local, &[_]); 5] = [
        ("another socket of the same kind", new(Cause::NewClaimant, 900), former, told),
        ("the same one, after a while", new(Cause::Resumed, 900), former, &[]),
        ("its own replies", new(Cause::NewClaimant, 900), own, &[]),
        ("one beside it that replied since", new(Cause::NewClaimant, 400), former, &[]),
        ("on another interface", Change { ifindex: 3, ..new(Cause::NewClaimant, 900) }, former, &[]),
    ];
    for (name, change, local, expected) in table {
        assert_eq!(lost(&mut Losses::default(), &change, &claims(&[local])), expected, "{name}");
    }
}
