//! The events of each clock in the order in which they were numbered, and what is missing between them.

use std::collections::BTreeMap;

use super::{Account, Numbered};
use crate::evidence::{Event, Lost, What};

/// How long it may take until an agent notices that events were lost.
const NOTICED_NS: i64 = 2_000_000_000;

/// One clock: a node's, as long as its agent lived.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) node: &'a str,
    pub(super) boot: &'a str,
    /// Of the LB IP, in the order of their numbers.
    pub(super) seen: Vec<Seen<'a>>,
    /// Their places, in the order in which they were noted.
    order: Vec<usize>,
    /// Of the node as a whole, in the order of their times.
    pub(super) whole_node: Vec<&'a Event>,
}

/// An event at its place in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) event: &'a Event,
    /// Nanoseconds, by the row's own clock.
    pub(super) at: i64,
    /// When it was noted, as far as it matters: later than `at` for a last reply, which is one only when the loss shows. The
    /// event after it, whatever it is about, tells that.
    pub(super) noted: i64,
    /// Events that are missing before this one.
    pub(super) missing: u64,
}

impl<'a> Row<'a> {
    /// Whether nothing is missing from just before the event `from` up to `to`, both included.
    pub(super) fn whole(&self, from: usize, to: usize) -> bool {
        self.seen.get(from..=to).is_some_and(|seen| seen.iter().all(|seen| seen.missing == 0))
    }

    /// The places of the events that were noted within these times.
    pub(super) fn noted_within(&self, from: i64, to: i64) -> impl Iterator<Item = (usize, &Seen<'a>)> {
        let first = self.order.partition_point(|place| self.seen[*place].noted < from);
        let places = self.order[first..].iter().take_while(move |place| self.seen[**place].noted <= to);
        places.map(|place| (*place, &self.seen[*place]))
    }
}

/// Nanoseconds since the epoch. Times that don't fit, centuries off, are as far off as does.
pub(super) fn nanoseconds(time: jiff::Timestamp) -> i64 {
    let whole = time.as_nanosecond();
    i64::try_from(whole)
        .unwrap_or(if whole < 0 { i64::MIN / 4 } else { i64::MAX / 4 })
        .clamp(i64::MIN / 4, i64::MAX / 4)
}

/// The rows of an account, ordered by node and boot.
pub(super) fn rows(account: &Account) -> Vec<Row<'_>> {
    let mut rows: BTreeMap<(&str, &str), Vec<&Event>> = BTreeMap::new();
    for event in &account.events {
        rows.entry((&event.node, &event.boot)).or_default().push(event);
    }
    rows.into_iter().map(|((node, boot), events)| row(account, node, boot, events)).collect()
}

fn row<'a>(account: &Account, node: &'a str, boot: &'a str, mut events: Vec<&'a Event>) -> Row<'a> {
    let by_agent = account.numbered == Numbered::ByAgent;
    let number = |event: &Event| (if by_agent { None } else { event.ip }, event.seq);
    events.sort_by_key(|event| (number(event), event.at, event.ip));
    let unnumbered = account.numbered == Numbered::No;
    events.dedup_by(|one, other| number(one) == number(other) && (!unnumbered || one == other));
    let mut seen: Vec<Seen<'a>> = Vec::new();
    let mut whole_node = Vec::new();
    let mut missing = 0;
    let mut last = (None, 0);
    let noted = noted(&events, number);
    for (event, noted) in events.into_iter().zip(noted) {
        let (of, seq) = number(event);
        if account.numbered != Numbered::No {
            missing += if last.0 == Some(of) { seq - last.1 - 1 } else { seq.saturating_sub(1) };
        }
        last = (Some(of), seq);
        if let What::Lost(lost) = &event.what {
            missing = missing.saturating_add(told_by_nothing(lost));
        }
        if event.ip == Some(account.ip) {
            let at = nanoseconds(event.at);
            seen.push(Seen { event, at, noted, missing: std::mem::take(&mut missing) });
        } else if event.ip.is_none() {
            whole_node.push(event);
        }
        if !by_agent {
            missing = 0;
        }
    }
    if unnumbered && let Some(first) = seen.first_mut() {
        // Whether older ones were dropped does not show.
        first.missing = first.missing.max(1);
    }
    whole_node.sort_by_key(|event| (event.at, event.seq));
    for event in &whole_node {
        if let What::Lost(lost) = &event.what {
            spread(&mut seen, nanoseconds(event.at), told_by_nothing(lost));
        }
    }
    let mut order: Vec<usize> = (0..seen.len()).collect();
    order.sort_by_key(|place| seen[*place].noted);
    Row { node, boot, seen, order, whole_node }
}

/// When each of the events was noted, which are in the order of their numbers.
fn noted<N: PartialEq>(events: &[&Event], number: impl Fn(&Event) -> (N, u64)) -> Vec<i64> {
    let mut noted: Vec<i64> = events.iter().map(|event| nanoseconds(event.at)).collect();
    for place in (0..events.len().saturating_sub(1)).rev() {
        let together = number(events[place]).0 == number(events[place + 1]).0;
        if together && matches!(events[place].what, What::LastReply(_)) {
            noted[place] = noted[place].max(noted[place + 1]);
        }
    }
    noted
}

/// Lost events of which nothing else tells. Of requests the counts do, and nobody's answer was among them; nor was it among
/// the control plane's changes.
fn told_by_nothing(lost: &Lost) -> u64 {
    if matches!(lost.reason.as_str(), "history_requests" | "control_plane") { 0 } else { lost.count }
}

/// Of losses of the node as a whole it is not known which address they concern, nor quite when they were.
fn spread(seen: &mut [Seen<'_>], at: i64, count: u64) {
    let after = seen.iter().position(|seen| seen.noted > at);
    for (place, seen) in seen.iter_mut().enumerate() {
        if (at - NOTICED_NS..=at).contains(&seen.noted) || Some(place) == after {
            seen.missing = seen.missing.saturating_add(count);
        }
    }
}
