//! Events for tests.

use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;

use crate::evidence::{Asked, ClaimChange, Claimed, ControlChange, Lost, MacAddr, Origin, Traffic, What};

pub(super) const IP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 200));
pub(super) const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 201));

/// That millisecond of a day.
pub(super) fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_000_000_000 + millisecond).unwrap()
}

pub(super) fn mac(last: u8) -> MacAddr {
    MacAddr([0, 0, 0x5e, 0, 0x53, last])
}

/// The router asks; so many requests were heard by then.
pub(super) fn asks(count: u64) -> What {
    asks_on("eth0", count)
}

/// The same on that interface.
pub(super) fn asks_on(interface: &str, count: u64) -> What {
    let (interface, mac) = (interface.to_owned(), mac(1));
    What::Request(Asked { interface, mac, unicast: false, probe: false, count })
}

pub(super) fn claimed(last: u8, sent: bool, asked: u64) -> Claimed {
    Claimed {
        interface: "eth0".into(),
        mac: mac(last),
        sent,
        origin: sent.then_some(Origin::Speaker),
        sender: sent.then(|| "speaker".to_owned()),
        form: None,
        asked: Some(asked),
    }
}

/// This node replies, which has the MAC 2.
pub(super) fn replies(asked: u64) -> What {
    What::Reply(claimed(2, true, asked))
}

/// It lost the address.
pub(super) fn last_reply(asked: u64) -> What {
    What::LastReply(claimed(2, true, asked))
}

/// Somebody announces; the MAC 2 is this node's.
pub(super) fn announces(last: u8, asked: u64) -> What {
    What::Announcement(Claimed { form: Some("request".into()), ..claimed(last, last == 2, asked) })
}

/// A Node is not ready any more.
pub(super) fn cause() -> What {
    What::Cause(ControlChange {
        object: "Node/n1".into(),
        change: "Ready became False".into(),
        own_time: Some(at(1)),
    })
}

/// One event of each kind.
pub(super) fn one_of_each() -> Vec<What> {
    let claim = ClaimChange {
        by: "speaker".into(),
        service: "default/web".into(),
        on: "n1".into(),
        began: true,
        own_time: None,
    };
    vec![
        asks(7),
        replies(7),
        last_reply(7),
        announces(2, 7),
        announces(3, 7),
        What::Claim(claim),
        cause(),
        What::Traffic(Traffic { packets: 3, last: at(4) }),
        What::Lost(Lost { count: 3, reason: "event_buffer".into() }),
        What::ReplyAgain(Claimed { asked: None, ..claimed(2, true, 0) }),
        // A form that no frame of today has.
        What::Announcement(Claimed { form: Some("other".into()), ..claimed(9, false, 0) }),
    ]
}
