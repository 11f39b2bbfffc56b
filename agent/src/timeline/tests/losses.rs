//! What is missing is said to be, and no figure rests on it.

use super::{
    super::{
        Account, Numbered, timeline,
        truth::{
            pauses::note,
            terms::{MS, T0, stamp},
        },
    },
    sample::{Segment, cause, lines},
};
use crate::evidence::{Claimed, Event, Lost, What};

/// A name, what is lost, what is said.
type Loss<'a> = (&'a str, &'a dyn Fn(&Event) -> bool, &'a str);

fn moved() -> Segment {
    Segment::new().asked_until(40_000).owns(0, 0, 20_000).owns(1, 20_010, 40_000)
}

fn without(lost: impl Fn(&Event) -> bool) -> Account {
    let mut account = moved().account();
    let before = account.events.len();
    account.events.retain(|event| !lost(event));
    assert!(account.events.len() < before, "nothing was lost");
    account
}

#[test]
fn without_the_last_or_the_first_answer_there_is_no_gap() {
    let first = |event: &Event| event.node == "n1" && matches!(event.what, What::Reply(_));
    let first_of_n1 = moved().account().events.into_iter().find(first).unwrap();
    let table: [Loss; 2] = [
        ("last", &|event| matches!(event.what, What::LastReply(_)), "the last answer of n0: nobody told it"),
        ("first", &|event| *event == first_of_n1, "the first answer of n1: events around it are missing"),
    ];
    for (name, lost, words) in table {
        let told = timeline(&without(lost));
        assert_eq!(told.handovers[1].gap_ns, None, "{name}");
        assert_eq!(told.handovers[1].unanswered, None, "{name}");
        assert!(
            told.handovers[1].missing.iter().any(|missing| missing == words),
            "{:?}",
            told.handovers[1].missing
        );
        assert!(told.incomplete[0].contains("1 events between"), "{:?}", told.incomplete);
    }
}

#[test]
fn agents_that_did_not_reply_are_named() {
    let mut account = without(|event| event.node == "n0");
    account.absent = vec!["n0: connection refused".to_owned()];
    let told = timeline(&account);
    assert_eq!(told.incomplete, ["n0: connection refused"]);
    assert_eq!(told.handovers[1].gap_ns, None);
    assert_eq!(lines(&told)[1], "unknown n0>n1 - -", "{told:#?}");
}

#[test]
fn an_agent_says_itself_what_it_lost() {
    let mut account = moved().account();
    let place =
        account.events.iter().position(|event| event.node == "n1" && matches!(event.what, What::Reply(_)));
    let mut lost = account.events[place.unwrap()].clone();
    lost.what = What::Lost(Lost { count: 5, reason: "event_rate".to_owned() });
    for event in account.events.iter_mut().filter(|event| event.node == "n1" && event.seq >= lost.seq) {
        event.seq += 1;
    }
    account.events.push(lost);
    let told = timeline(&account);
    assert_eq!(told.handovers[1].gap_ns, None);
    assert!(told.incomplete[0].starts_with("n1: 5 events between"), "{:?}", told.incomplete);
    assert!(told.incomplete[0].ends_with("are missing (event_rate)"), "{:?}", told.incomplete);
}

#[test]
fn holes_mean_nothing_where_nobody_numbers() {
    let mut account = without(|event| matches!(event.what, What::Request(_)) && event.seq % 3 == 0);
    assert!(!timeline(&account).incomplete.is_empty());
    account.numbered = Numbered::No;
    let told = timeline(&account);
    assert_eq!(told.incomplete, Vec::<String>::new());
    // Requests still have their counts; which one was answered is not sure.
    assert_eq!(lines(&told)[1], "planned n0>n1 100ms 0..1");
}

#[test]
fn an_agent_that_began_amid_it_all_knows_nothing_of_before() {
    let mut account = moved().account();
    // It missed the announcements and the first answers.
    let mut seq = 0;
    account.events.retain(|event| event.node != "n1" || event.at.as_second() % 60 >= 22);
    for event in account.events.iter_mut().filter(|event| event.node == "n1") {
        seq += 1;
        (event.seq, event.boot) = (seq, "later".to_owned());
    }
    let told = timeline(&account);
    assert_eq!(told.handovers[1].gap_ns, None, "{told:#?}");
    assert_eq!(told.handovers[1].missing, ["the first answer of n1: events around it are missing"]);
}

/// The history of a busy address begins amid its last handover, and nobody numbers.
#[test]
fn what_may_have_been_dropped_before_the_first_event_is_not_concluded_from() {
    let mut account = moved().account();
    account.numbered = Numbered::No;
    let from = |event: &Event| event.at.as_second() % 60 >= 22 || matches!(event.what, What::LastReply(_));
    account.events.retain(from);
    let told = timeline(&account);
    assert!(told.handovers.iter().all(|handover| handover.gap_ns.is_none()), "{told:#?}");
}

/// By a node: when it was noted, of when it is, what.
type Noted = (&'static str, i64, i64, fn(Claimed) -> What);

fn noted(account: &mut Account, (node, noted, at, what): &Noted) {
    note(account, node, (stamp(T0 + noted * MS), stamp(T0 + at * MS)), *what);
}

#[test]
fn a_pause_whose_end_was_noted_late_has_no_length() {
    const AGAIN: Noted = ("n0", 27_000, 26_800, What::ReplyAgain);
    const RESUMED: Noted = ("n0", 59_000, 59_000, What::Reply);
    const LAST: Noted = ("n0", 31_000, 26_800, What::LastReply);
    const FIRST: &str = "first ->n0 - -";
    let table: [(&str, &[Noted], &[&str]); 6] = [
        ("it stays silent", &[], &[FIRST]),
        ("it replies after a long silence", &[RESUMED], &[FIRST, "interrupted n0>n0 39000ms 389"]),
        ("it goes on after seconds", &[AGAIN], &[FIRST, "interrupted n0>n0 - -"]),
        ("that, and much later a reply has an event", &[AGAIN, RESUMED], &[FIRST, "interrupted n0>n0 - -"]),
        (
            "that reply was the last one, for long",
            &[AGAIN, LAST, RESUMED],
            &[FIRST, "interrupted n0>n0 - -", "interrupted n0>n0 32200ms 321"],
        ),
        (
            "the asker's agent hears it for the first time after a while",
            &[AGAIN, ("n2", 45_000, 45_000, What::Reply)],
            &[FIRST, "interrupted n0>n0 - -"],
        ),
    ];
    for (name, then, expected) in table {
        let mut account = Segment::new().router().asked_until(60_000).owns(0, 0, 60_000).account();
        noted(&mut account, &("n0", 24_000, 20_000, What::LastReply));
        for event in then {
            noted(&mut account, event);
        }
        let told = timeline(&account);
        assert_eq!(lines(&told), expected, "{name}: {told:#?}");
    }
}

#[test]
fn a_last_answer_that_was_noted_long_before_the_heir_came_begins_the_gap() {
    const LAST: Noted = ("n0", 24_000, 19_951, What::LastReply);
    let table: [(&str, &[Noted]); 2] = [
        ("one sender", &[LAST]),
        ("of two of its senders the last to answer", &[("n0", 24_000, 15_000, What::LastReply), LAST]),
    ];
    for (name, events) in table {
        let segment = Segment::new().asked_until(60_000).owns(0, 0, 20_000).owns(1, 30_010, 60_000);
        let mut account = segment.account();
        account.events.retain(|event| !matches!(event.what, What::LastReply(_)));
        for (place, event) in account.events.iter_mut().filter(|event| event.node == "n0").enumerate() {
            event.seq = place as u64 + 1;
        }
        for event in events {
            noted(&mut account, event);
        }
        let told = timeline(&account);
        assert_eq!(lines(&told), ["first ->n0 - -", "crash n0>n1 10100ms 100"], "{name}: {told:#?}");
    }
}

#[test]
fn a_former_owner_that_answers_again_has_not_taken_the_address_back() {
    const AGAIN: Noted = ("n0", 30_000, 29_900, What::ReplyAgain);
    let table: [(&str, &[Noted], &str); 2] = [
        ("it goes on", &[AGAIN], "split n0>n1 100ms 0"),
        ("it stops", &[AGAIN, ("n0", 34_000, 29_900, What::LastReply)], "splithealed n0>n1 100ms 0"),
    ];
    for (name, events, expected) in table {
        let mut account = moved().account();
        for event in events {
            noted(&mut account, event);
        }
        let told = timeline(&account);
        assert_eq!(lines(&told), ["first ->n0 - -", expected], "{name}: {told:#?}");
    }
}

#[test]
fn a_former_owner_that_answers_again_and_then_announces_had_not_stopped() {
    let segment = Segment::new().asked_until(60_000).owns(0, 0, 20_000).owns(1, 20_010, 32_000);
    let mut account = segment.owns(0, 32_010, 60_000).account();
    noted(&mut account, &("n0", 28_000, 27_900, What::ReplyAgain));
    let told = timeline(&account);
    assert_eq!(lines(&told), ["first ->n0 - -", "splithealed n0>n0 - -"], "{told:#?}");
}

/// A node is cut off from 20 s to 27 s; the heir comes at 25.5 s, and the former owner answers again from 27 s on.
#[test]
fn who_answers_again_when_its_link_is_back_has_not_shortened_the_gap() {
    let cut = |until: i64| {
        let segment = Segment::new().asked_until(60_000).owns(0, 0, 20_000).cut(0, 20_000, 27_000);
        segment.owns(1, 25_500, 60_000).answers(0, 27_000, until)
    };
    let table = [
        ("for a moment", cut(27_400), "crash n0>n1 5600ms -"),
        ("beside the heir for a while", cut(29_000), "splithealed n0>n1 5600ms -"),
        ("and had announced meanwhile", cut(27_400).announces(0, 25_000, 25_400), "crash n0>n1 5600ms -"),
    ];
    for (name, segment, expected) in table {
        let mut account = segment.account();
        noted(&mut account, &("n0", 20_100, 19_951, What::LastReply));
        noted(
            &mut account,
            &("n0", 20_101, 20_101, |_| cause("Interface/n0/eth0", "lost its carrier", None)),
        );
        let told = timeline(&account);
        assert_eq!(lines(&told), ["first ->n0 - -", expected], "{name}: {told:#?}");
    }
}
