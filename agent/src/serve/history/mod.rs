//! What happened, kept for those who ask later, and told to those who listen: `/api/v1/events`.

mod gaps;
mod kept;
mod query;
mod rings;
#[cfg(test)]
mod sample;
mod steps;
mod store;
mod stream;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{broadcast, watch},
    time::{sleep, timeout},
};

use self::{
    gaps::Gaps,
    kept::kind,
    query::Query,
    steps::Steps,
    store::{Page, Store},
};
use crate::{
    evidence::{ClockState, Event, HistoryState, Lost, NodeReport, What},
    wire::Clock,
};

pub use store::Limits;
pub(super) use stream::answer;

/// Events that a follower may be behind before it has to read them from the history again.
const BEHIND: usize = 1024;
/// So long followers are waited for at the end.
const GOODBYE: Duration = Duration::from_millis(500);
/// And so long for their last bytes to leave.
const FLUSH: Duration = Duration::from_millis(20);

/// The events of this agent's life.
#[derive(Debug)]
pub struct History {
    node: String,
    boot: String,
    clock: Clock,
    state: Mutex<State>,
    ended: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    store: Store,
    gaps: Gaps,
    steps: Steps,
    /// Events that did not come from the kernel, by reason.
    lost: BTreeMap<String, u64>,
    followers: broadcast::Sender<Arc<Line>>,
}

/// An event on its way to followers.
#[derive(Debug)]
struct Line {
    seq: u64,
    ip: Option<IpAddr>,
    kind: &'static str,
    at: i64,
    json: Bytes,
}

/// Tells of events from now on.
struct Live {
    lines: broadcast::Receiver<Arc<Line>>,
    ended: watch::Receiver<bool>,
}

impl History {
    /// Nothing has happened yet. All times are of that clock.
    pub fn new(node: &str, clock: Clock, limits: Limits) -> Self {
        let followers = broadcast::Sender::new(BEHIND);
        let state = State {
            store: Store::new(limits),
            gaps: Gaps::default(),
            steps: Steps::default(),
            lost: BTreeMap::new(),
            followers,
        };
        Self {
            node: node.to_owned(),
            boot: clock.boot(),
            clock,
            state: Mutex::new(state),
            ended: watch::Sender::new(false),
        }
    }

    /// Whose it is.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Something happened at that time of the kernel's.
    pub fn seen(&self, ip: IpAddr, time: u64, what: What) {
        let at = self.clock.wall(time).unwrap_or_else(|| self.now());
        self.record(Some(ip), at, what);
    }

    /// Something was learned just now.
    pub fn learned(&self, ip: Option<IpAddr>, what: What) {
        self.record(ip, self.now(), what);
    }

    /// Now, by the clock of the events: no step of the wall clock bends it.
    fn now(&self) -> Timestamp {
        let drift = self.clock.drift();
        let now = Timestamp::now();
        now.checked_sub(drift).unwrap_or(now)
    }

    fn record(&self, ip: Option<IpAddr>, at: Timestamp, what: What) {
        let mut state = self.state();
        let State { store, gaps, followers, .. } = &mut *state;
        let line = (followers.receiver_count() > 0).then(|| (kind(&what), what.clone()));
        let (seq, gap) = store.push(ip, at, what);
        if let Some(gap) = gap {
            gaps.add(gap);
        }
        let Some((kind, what)) = line else { return };
        let event = Event { node: self.node.clone(), boot: self.boot.clone(), seq, at, ip, what };
        let at = i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX);
        // There is somebody, or nobody any more.
        _ = followers.send(Arc::new(Line { seq, ip, kind, at, json: line_of(&event).into() }));
    }

    /// So many events did not come from the kernel so far, by reason; to be called every few seconds.
    pub fn lost(&self, so_far: BTreeMap<String, u64>) {
        for (reason, count) in so_far {
            let known = self.state().lost.insert(reason.clone(), count).unwrap_or_default();
            if count > known {
                self.learned(None, What::Lost(Lost { count: count - known, reason }));
            }
        }
    }

    /// Looks whether somebody set the wall clock; to be called every few seconds.
    pub fn check_clock(&self) {
        let drift = self.clock.drift();
        if let Some(step) = self.state().steps.look(drift, Timestamp::now()) {
            let seconds = |span: SignedDuration| format!("{:+.3} s", span.as_secs_f64());
            tracing::warn!(
                step = seconds(step),
                now = seconds(drift),
                "the wall clock was set; the times of events stay on the clock of the agent's start"
            );
        }
    }

    /// What the reports say of it.
    pub fn merge(&self, report: &mut NodeReport) {
        let drift = self.clock.drift();
        let state = self.state();
        let [routine, handovers] = state.store.dropped();
        report.history = HistoryState {
            events: state.store.len() as u64,
            seq: state.store.seq(),
            dropped: handovers,
            dropped_requests: routine,
            gaps: state.gaps.told(),
        };
        report.clock = Some(ClockState {
            boot: self.boot.clone(),
            drift_ns: i64::try_from(drift.as_nanos()).unwrap_or(i64::MAX),
            steps: state.steps.count(),
            stepped: state.steps.last(),
        });
    }

    /// Ends what followers read, and waits a moment until they have the end of it.
    pub(super) async fn end(&self) {
        self.ended.send_replace(true);
        if self.ended.receiver_count() > 0 {
            _ = timeout(GOODBYE, self.ended.closed()).await;
            sleep(FLUSH).await;
        }
    }

    /// The number of the last event, and whatever comes after it.
    fn listen(&self) -> (u64, Live) {
        let state = self.state();
        let live = Live { lines: state.followers.subscribe(), ended: self.ended.subscribe() };
        (state.store.seq(), live)
    }

    fn seq(&self) -> u64 {
        self.state().store.seq()
    }

    fn page(&self, query: &Query, cursor: u64, until: u64) -> Page {
        self.state().store.page(query, cursor, until, &self.node, &self.boot)
    }

    /// A panic elsewhere leaves it usable: whatever is added is added whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line of the answer.
fn line_of(event: &Event) -> Vec<u8> {
    let mut line = serde_json::to_vec(event).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests;
