//! What a change says by itself.

use super::*;

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
