//! Bounds in all, and pages.

use std::collections::BTreeSet;

use super::{
    super::sample::{IP, OTHER, announces, asks, at, cause, replies},
    *,
};

fn store(events: usize, total: usize) -> Store {
    Store::new(Limits { events, total })
}

/// All pages, as seq and kind; holes must have been told by then.
fn all(store: &Store, query: &str, after: u64) -> Vec<(u64, Event)> {
    let query = Query::parse(query).unwrap();
    let (mut cursor, mut events) = (after, Vec::new());
    while cursor < store.seq() {
        let page = store.page(&query, cursor, store.seq(), "n1", "b");
        assert!(page.cursor > cursor);
        cursor = page.cursor;
        events.extend(page.events.into_iter().map(|event| (event.seq, event)));
    }
    assert!(events.is_sorted_by(|(one, _), (next, _)| one < next));
    events
}

#[test]
fn pages_have_every_event_once_and_in_order() {
    let mut store = store(4096, 100_000);
    for number in 0..3000 {
        let ip = [None, Some(IP), Some(OTHER)][number as usize % 3];
        let what = match number % 7 {
            0 => cause(),
            1..5 => asks(number),
            _ => replies(number),
        };
        store.push(ip, at(number.cast_signed()), what);
    }
    let seqs: Vec<u64> = all(&store, "", 0).into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, (1..=3000).collect::<Vec<_>>());
    let seqs: Vec<u64> = all(&store, "", 2990).into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, (2991..=3000).collect::<Vec<_>>());
    let of_ip = all(&store, "ip=192.0.2.200", 0);
    assert_eq!(of_ip.len(), 2000);
    assert!(of_ip.iter().all(|(_, event)| event.ip.is_none_or(|ip| ip == IP)));
    let causes = all(&store, "ip=192.0.2.200&kind=cause", 0);
    assert!(causes.iter().all(|(_, event)| matches!(event.what, What::Cause(_))));
    let late = all(&store, "since=2026-11-18T11:06:42.5Z", 0);
    assert_eq!(late.len(), 500);
}

#[test]
fn what_had_to_go_is_told_where_it_was() {
    let mut store = store(16, 100_000);
    store.push(Some(IP), at(0), announces(3, 0));
    for count in 0..100 {
        store.push(Some(IP), at(100_000 + count), asks(count as u64));
    }
    let events = all(&store, "", 0);
    let lost = |count: u64, reason: &str| What::Lost(Lost { count, reason: reason.to_owned() });
    assert_eq!(events.len(), 6);
    assert_eq!(events[0].0, 1);
    assert_eq!((events[1].0, &events[1].1.what), (97, &lost(96, "history_requests")));
    assert_eq!(events[1].1.at, at(100_095));
    assert_eq!(events[2].0, 98);
    // Who has seen what is gone has lost nothing.
    assert_eq!(all(&store, "", 97).len(), 4);
    assert!(all(&store, "kind=announcement", 0).iter().all(|(_, event)| event.seq == 1));
    for round in 0..20 {
        store.push(Some(IP), at(200_000 + round), announces(3, 100));
    }
    let told: Vec<What> = all(&store, "kind=lost", 0).into_iter().map(|(_, event)| event.what).collect();
    assert!(told.iter().any(|what| matches!(what, What::Lost(of) if of.reason == "history")), "{told:?}");
}

#[test]
fn in_all_requests_go_first_and_then_the_oldest() {
    let ip = |last: u64| Some(IpAddr::from([192, 0, 2, last as u8]));
    let mut store = store(512, 1600);
    for last in 0..100 {
        store.push(ip(last), at(last.cast_signed()), announces(3, 0));
    }
    for round in 0..100 {
        for last in 0..100 {
            store.push(ip(last), at(200_000 + round), asks(round as u64));
        }
    }
    assert!(store.len() <= 1600 && store.len() >= 1500, "{}", store.len());
    let events = all(&store, "kind=announcement", 0);
    assert_eq!(events.len(), 100);
    assert_eq!(store.dropped(), [10_100 - store.len() as u64, 0]);

    for round in 0..40 {
        for last in 0..100 {
            store.push(ip(last), at(400_000 + 10_000 * round), announces(3, 0));
        }
    }
    assert!(store.len() <= 1600, "{}", store.len());
    let events = all(&store, "kind=announcement", 0);
    let oldest = events[0].1.at;
    assert!(oldest > at(400_000), "{oldest}");
    assert_eq!(store.seq(), 14_100);
    assert_eq!(store.dropped().iter().sum::<u64>() + store.len() as u64, store.seq());
}

#[test]
fn addresses_nobody_has_events_of_leave_no_row() {
    let mut store = store(512, 1600);
    for number in 0..100_000_u32 {
        let ip = IpAddr::V4(number.into());
        store.push(Some(ip), at(number.into()), asks(1));
    }
    assert!(store.of.len() <= 1601, "{}", store.of.len());
    let lost: u64 = store.dropped().iter().sum();
    assert_eq!(lost + store.len() as u64, 100_000);
    let told: BTreeSet<_> = all(&store, "kind=lost", 0).into_iter().map(|(_, event)| event.ip).collect();
    assert_eq!(told, BTreeSet::from([None]));
}
