//! Last replies, and who replies again.

use super::*;

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
    assert_eq!(lost(&mut losses, &announcement(OTHER), &claims), [], "that was no reply");
    claims.local[0].replies = 2;
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

#[test]
fn whoever_replies_again_after_its_last_reply_was_told_takes_it_back_once() {
    use layout::Origin::Socket;
    let mut losses = Losses::default();
    let paused = claims(&[local(OWN, Socket, 2, 500, 3)]);
    let again = |losses: &mut Losses, claims: &Claims| -> Vec<(u64, u8)> {
        let again = |told: &Told| match &told.what {
            What::ReplyAgain(claimed) => {
                assert!(claimed.sent && claimed.asked.is_none() && told.ip == IP);
                (told.time, claimed.mac.0[5])
            }
            other => panic!("{other:?}"),
        };
        losses.again(of_ip(claims)).iter().map(again).collect()
    };
    assert_eq!(again(&mut losses, &paused), [], "nothing was told");
    assert_eq!(losses.by_silence(of_ip(&paused), |_| Some(501)).len(), 1);
    assert_eq!(again(&mut losses, &paused), [], "it is silent still");

    // Its replies on interface 3, where the last one is later.
    let replied = |time, replies| claims(&[local(OWN, Socket, 3, time, replies)]);
    let on = |time| replied(time, u32::try_from(time).unwrap());
    assert_eq!(losses.by_silence(of_ip(&on(600)), |_| Some(601)).len(), 1);
    assert_eq!(again(&mut losses, &replied(700, 600)), [], "it announced, and somebody else replied");
    assert_eq!(again(&mut losses, &on(700)), [(700, OWN)]);
    assert_eq!(again(&mut losses, &on(800)), [], "once");
    assert_eq!(losses.by_silence(of_ip(&on(800)), |_| Some(801)).len(), 1, "it can be lost again");
    assert_eq!(again(&mut losses, &on(900)), [(900, OWN)]);
}

#[test]
fn an_event_of_its_own_takes_a_last_reply_back_as_well() {
    use layout::Origin::{Kernel, Socket};
    let replies = |time, cause| Change {
        sent: true,
        origin: Some(Socket),
        cookie: 5,
        ifindex: 3,
        time,
        ..change(Kind::Reply, cause, OWN)
    };
    let resumed = replies(700, Cause::Resumed);
    let other = Change { origin: Some(Kernel), ..resumed.clone() };
    let announces = Change { kind: Kind::AnnouncementRequest, ..resumed.clone() };
    let elsewhere = Change { ifindex: 2, ..resumed.clone() };
    let heard = Change { sent: false, origin: None, ..resumed.clone() };
    let table = [
        ("its reply", resumed, 0),
        ("its announcement", announces, 0),
        ("one before", replies(600, Cause::AfterAnnouncement), 1),
        ("somebody else's", other, 1),
        ("on another interface", elsewhere, 1),
        ("heard", heard, 1),
    ];
    let on = |time, replies| claims(&[local(OWN, Socket, 3, time, replies)]);
    for (name, change, expected) in table {
        let mut losses = Losses::default();
        assert_eq!(losses.by_silence(of_ip(&on(600, 4)), |_| Some(601)).len(), 1);
        assert_eq!(losses.by(&change, of_ip(&on(700, 5))), [], "{name}");
        assert_eq!(losses.again(of_ip(&on(800, 6))).len(), expected, "{name}");
    }
}

#[test]
fn an_event_that_is_not_the_first_sign_has_one_told_before_it() {
    use layout::Origin::Socket;
    let sent = |kind, cause| Change {
        sent: true,
        origin: Some(Socket),
        cookie: 5,
        ifindex: 3,
        time: 700,
        ..change(kind, cause, OWN)
    };
    let reply = |cause| sent(Kind::Reply, cause);
    let announcement = sent(Kind::AnnouncementRequest, Cause::Announcement);
    let table = [
        ("the event's own reply", reply(Cause::AfterAnnouncement), 5, None),
        ("one before it", reply(Cause::AfterAnnouncement), 6, Some(699)),
        ("an announcement, and nothing before it", announcement.clone(), 4, None),
        ("a reply before the announcement", announcement, 5, Some(699)),
        ("after a silence there was none", reply(Cause::Resumed), 7, None),
    ];
    let on = |time, replies| claims(&[local(OWN, Socket, 3, time, replies)]);
    for (name, change, replies, expected) in table {
        let mut losses = Losses::default();
        assert_eq!(losses.by_silence(of_ip(&on(600, 4)), |_| Some(601)).len(), 1);
        let told = losses.by(&change, of_ip(&on(700, replies)));
        assert!(told.iter().all(|told| matches!(told.what, What::ReplyAgain(_))), "{name}: {told:?}");
        assert_eq!(told.first().map(|told| told.time), expected, "{name}");
        assert_eq!(losses.again(of_ip(&on(800, 20))), [], "{name}: it was taken back");

        // Whoever lost it to somebody else is told by an event at the first reply.
        let mut losses = Losses::default();
        assert_eq!(lost(&mut losses, &super::announcement(OTHER), &on(600, 4)).len(), 1);
        assert_eq!(losses.by(&change, of_ip(&on(700, replies))), [], "{name}");
    }
}
