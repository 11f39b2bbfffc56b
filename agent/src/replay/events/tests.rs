//! Frames in, events out, as one node that only listens has them.

use super::*;
use crate::replay::{
    Replay,
    sample::{self, announcement, padded, plain, read, reply, request, request_to, watched},
};

/// What a host does at a time in milliseconds.
#[derive(Clone, Copy)]
enum Does {
    Asks(u8),
    AsksOne(u8),
    Replies(u8),
    Announces(u8),
}
use Does::{Announces, Asks, AsksOne, Replies};

/// The asker, whose MAC is above those of the owners.
const ASKER: u8 = 9;

/// A name, what happens, what is told of it.
type Case = (&'static str, &'static [(u32, Does)], &'static [&'static str]);

/// The events as `kind last-byte-of-MAC @milliseconds`.
fn told(frames: &[(u32, Does)], macs: &[(String, MacAddr)]) -> Vec<String> {
    let bytes: Vec<_> = frames
        .iter()
        .map(|(at, does)| {
            let frame = match *does {
                Asks(who) => request(who),
                AsksOne(who) => request_to(who, 1),
                Replies(who) => padded(reply(who, ASKER)),
                Announces(who) => padded(announcement(who)),
            };
            (*at / 1000, at % 1000 * 1000, frame)
        })
        .collect();
    let frames: Vec<_> = bytes.iter().map(|(s, us, frame)| (*s, *us, frame.as_slice())).collect();
    let mut replay = Replay::new(watched(), vec![("n".to_owned(), read(&plain(&frames)))], macs);
    let mut told = Vec::new();
    replay.run(Some(&mut |event| {
        let at = event.at.as_millisecond();
        let (word, mac) = match &event.what {
            What::Request(asked) if asked.unicast => ("unicast", asked.mac),
            What::Request(asked) => ("request", asked.mac),
            What::Reply(claimed) => ("reply", claimed.mac),
            What::LastReply(claimed) => ("last", claimed.mac),
            What::Announcement(claimed) => ("announcement", claimed.mac),
            other => panic!("{other:?}"),
        };
        assert_eq!((event.node.as_str(), event.seq), ("n", told.len() as u64 + 1));
        assert_eq!(event.ip, Some(sample::LB_IP.into()));
        told.push(format!("{word} {} @{at}", mac.0[5]));
    }));
    told
}

#[test]
fn of_one_owner_s_replies_only_those_that_say_something_are_told() {
    let table: [Case; 7] = [
        (
            "all requests, the first reply",
            &[(1000, Asks(9)), (1001, Replies(1)), (2000, Asks(9)), (2001, Replies(1)), (3000, AsksOne(9))],
            &["request 9 @1000", "reply 1 @1001", "request 9 @2000", "unicast 9 @3000"],
        ),
        (
            "after a silence of more than ten seconds",
            &[(1000, Replies(1)), (11_000, Replies(1)), (21_001, Replies(1))],
            &["reply 1 @1000", "reply 1 @21001"],
        ),
        (
            "after each of its announcements",
            &[(1000, Announces(1)), (1001, Announces(1)), (1100, Replies(1)), (1200, Replies(1))],
            &["announcement 1 @1000", "announcement 1 @1001", "reply 1 @1100"],
        ),
        (
            "a handover: the last reply of the former owner is told when the loss shows",
            &[
                (1000, Replies(1)),
                (1100, Replies(1)),
                (1200, Announces(2)),
                (1201, Announces(2)),
                (1300, Replies(2)),
                (1400, Replies(2)),
            ],
            &[
                "reply 1 @1000",
                "last 1 @1100",
                "announcement 2 @1200",
                "announcement 2 @1201",
                "reply 2 @1300",
            ],
        ),
        (
            "without any announcement the new owner's first reply shows it",
            &[(1000, Replies(1)), (1100, Replies(2)), (1200, Replies(2))],
            &["reply 1 @1000", "last 1 @1000", "reply 2 @1100"],
        ),
        (
            "both answer: each turn is told",
            &[(1000, Replies(1)), (1001, Replies(2)), (2000, Replies(1)), (2001, Replies(2))],
            &[
                "reply 1 @1000",
                "last 1 @1000",
                "reply 2 @1001",
                "last 2 @1001",
                "reply 1 @2000",
                "last 1 @2000",
                "reply 2 @2001",
            ],
        ),
        (
            "who never replied has no last reply",
            &[(1000, Announces(1)), (1100, Announces(2)), (1200, Announces(1))],
            &["announcement 1 @1000", "announcement 2 @1100", "announcement 1 @1200"],
        ),
    ];
    for (name, frames, expected) in table {
        assert_eq!(told(frames, &[]), expected, "{name}");
    }
}

#[test]
fn the_senders_of_one_node_do_not_lose_to_each_other() {
    let frames = [(1000, Replies(1)), (1001, Replies(2)), (2000, Announces(2)), (2001, Announces(3))];
    let own = [1, 2].map(|last| ("n".to_owned(), MacAddr(sample::mac(last))));
    assert_eq!(
        told(&frames, &own),
        [
            "reply 1 @1000",
            "reply 2 @1001",
            "announcement 2 @2000",
            "last 1 @1000",
            "last 2 @1001",
            "announcement 3 @2001"
        ]
    );
}

#[test]
fn a_flood_of_claimants_takes_no_more_room_and_hides_nobody() {
    let mut frames = Vec::new();
    for round in 0..2 {
        for who in 10..=255_u32 {
            frames.push((1000 + round * 1000 + who, Announces(who as u8)));
        }
        frames.push((1500 + round * 1000, Replies(1)));
    }
    let told = told(&frames, &[]);
    assert_eq!(
        told.len(),
        2 * 247 + 1,
        "each announcement, each reply after them, and that the first was lost"
    );
    assert!(told.contains(&"last 1 @1500".to_owned()), "{told:?}");
}
