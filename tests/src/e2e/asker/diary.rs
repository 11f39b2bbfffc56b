//! Every request and every answer with its time: what tests hold a timeline against.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};

use super::frame::Router;
use super::worker::Worker;
use crate::frames::{MacAddr, Station};
use crate::lab::Host;
use crate::socket::PacketSocket;

/// Asks for one LB IP at a steady rate until it is dropped, and writes down what it saw.
#[derive(Debug)]
pub struct Diary {
    shared: Arc<Shared>,
    _worker: Worker,
}

/// One line of a diary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, by the machine's clock: an answer when the kernel received it, however late this was read.
    pub at: Timestamp,
    /// Who answered; a request if nobody.
    pub by: Option<MacAddr>,
}

/// What an asker saw of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The last answer of the former answerer.
    pub last: Timestamp,
    /// The first answer of the new one.
    pub first: Timestamp,
    /// From `last` to `first`; negative where both answered.
    pub gap: SignedDuration,
    /// Requests between them that nobody answered.
    pub unanswered: u64,
}

#[derive(Debug, Default)]
struct Shared {
    entries: Mutex<Vec<Entry>>,
}

impl Diary {
    /// Asks for `ip` every `period` from `host`'s interface, which has these addresses.
    ///
    /// # Errors
    ///
    /// No socket can be had.
    pub fn start(
        host: &Host,
        interface: &str,
        (v4, v6): (Station<Ipv4Addr>, Station<Ipv6Addr>),
        ip: IpAddr,
        period: Duration,
    ) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        let router = Router { v4, v6 };
        let run = move |socket: &PacketSocket, end: &AtomicBool| its.run(&router, socket, ip, period, end);
        let worker = Worker::start(host, interface, format!("the asker for {ip}"), run)?;
        Ok(Self { shared, _worker: worker })
    }

    /// All that was written so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.shared.entries().clone()
    }

    /// Who gave the last answer, and when.
    pub fn last(&self) -> Option<(MacAddr, Timestamp)> {
        self.shared.entries().iter().rev().find_map(|entry| Some((entry.by?, entry.at)))
    }

    /// For how long the same one has answered.
    pub fn calm(&self) -> Duration {
        let entries = self.shared.entries();
        let mut answers = entries.iter().rev().filter_map(|entry| Some((entry.by?, entry.at)));
        let Some((last, until)) = answers.next() else { return Duration::ZERO };
        let since = answers.take_while(|(by, _)| *by == last).last();
        since.map_or(Duration::ZERO, |(_, since)| until.duration_since(since).unsigned_abs())
    }

    /// The longest time without an answer since `since`, which an answer ended; `None` if there were not two answers.
    pub fn silence(&self, since: Timestamp) -> Option<Seen> {
        let entries = self.entries();
        let mut answers: Vec<_> =
            entries.iter().filter(|entry| entry.by.is_some()).map(|entry| entry.at).collect();
        // The one before it may be the last before the silence.
        let from = answers.partition_point(|at| *at < since).saturating_sub(1);
        answers.drain(..from);
        let pairs = answers.windows(2).map(|pair| (pair[0], pair[1]));
        let (last, first) = pairs.max_by_key(|(last, first)| first.duration_since(*last))?;
        let unanswered = unanswered(&entries, last, first);
        Some(Seen { last, first, gap: first.duration_since(last), unanswered })
    }

    /// The change from one answerer to another that began after `since`; `None` if one of them did not answer.
    pub fn change(&self, from: MacAddr, to: MacAddr, since: Timestamp) -> Option<Seen> {
        let entries = self.entries();
        let first = entries.iter().find(|entry| entry.at >= since && entry.by == Some(to))?.at;
        self.until(from, first, Timestamp::MAX)
    }

    /// The first change after `since` from an answerer to anybody else, who may not have kept it; `None` if there was none.
    pub fn first_change(&self, from: MacAddr, since: Timestamp) -> Option<Seen> {
        let by_others = |entry: &&Entry| entry.at >= since && entry.by.is_some_and(|by| by != from);
        let first = self.entries().iter().find(by_others)?.at;
        // Whoever answers for longer than this has not yet handed it over, or has it back.
        self.until(from, first, first + SignedDuration::from_millis(500))
    }

    fn until(&self, from: MacAddr, first: Timestamp, until: Timestamp) -> Option<Seen> {
        let entries = self.entries();
        // Of an overlap the end.
        let own = |entry: &&Entry| entry.at < until && entry.by == Some(from);
        let last = entries.iter().rev().find(own)?.at;
        let unanswered = unanswered(&entries, last, first);
        Some(Seen { last, first, gap: first.duration_since(last), unanswered })
    }
}

/// Requests after `last` and before `first`; but the one that `first` answers, and any still under way then.
fn unanswered(entries: &[Entry], last: Timestamp, first: Timestamp) -> u64 {
    let asked = entries.iter().filter(|entry| entry.by.is_none() && last < entry.at && entry.at < first);
    (asked.count() as u64).saturating_sub(1)
}

impl Shared {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(
        &self,
        router: &Router,
        socket: &PacketSocket,
        ip: IpAddr,
        period: Duration,
        end: &AtomicBool,
    ) -> Result<()> {
        let request = router.request(ip);
        let mut due = Instant::now();
        while !end.load(Ordering::Relaxed) {
            self.entries().push(Entry { at: Timestamp::now(), by: None });
            socket.send(&request).with_context(|| format!("ask for {ip}"))?;
            due = (due + period).max(Instant::now());
            while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                let Some((at, frame)) = socket.recv_stamped(left).context("listen for answers")? else {
                    continue;
                };
                if let Some((_, mac)) = router.answer(&frame).filter(|(answered, _)| *answered == ip) {
                    self.entries().push(Entry { at, by: Some(mac) });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_the_gap_are_those_nobody_answered() {
        let at = |ms: i64| Timestamp::from_millisecond(ms).unwrap();
        let asked = |ms| Entry { at: at(ms), by: None };
        let mac = MacAddr(0, 0, 0x5e, 0, 0x53, 1);
        let answered = |ms| Entry { at: at(ms), by: Some(mac) };
        let entries = [asked(0), answered(1), asked(10), asked(20), asked(30), answered(31), asked(40)];

        assert_eq!(unanswered(&entries, at(1), at(31)), 2);
        assert_eq!(unanswered(&entries[..2], at(1), at(31)), 0);
    }
}
