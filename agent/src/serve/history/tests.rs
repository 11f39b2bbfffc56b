//! What readers get, whatever happens meanwhile.

use axum::{body::Body, http::StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use super::{
    sample::{IP, OTHER, announces, asks, at, cause, last_reply, one_of_each},
    *,
};

const LIMIT: Duration = Duration::from_secs(20);

/// An agent that started at second 100 of its node's life, by a wall clock that was set by an hour since.
fn history(events: usize) -> Arc<History> {
    let wall = Timestamp::now() - SignedDuration::from_hours(1);
    let monotonic = 100_000_000_000;
    Arc::new(History::new("n1", Clock { wall, monotonic }, Limits { events, total: 100_000 }))
}

/// A reader's events, as far as it has read them.
struct Reader {
    body: Body,
    rest: Vec<u8>,
}

impl Reader {
    fn new(history: &Arc<History>, query: &str) -> Self {
        let answer = answer(history, query, None);
        assert_eq!(answer.status(), StatusCode::OK);
        Self { body: answer.into_body(), rest: Vec::new() }
    }

    /// The next event; none at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                if line.len() > 1 {
                    return Some(serde_json::from_slice(&line).unwrap());
                }
                continue;
            }
            let frame = timeout(LIMIT, self.body.frame()).await.unwrap()?.unwrap();
            self.rest.extend(frame.into_data().unwrap());
        }
    }

    async fn all(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

#[tokio::test]
async fn a_step_of_the_wall_clock_reorders_nothing() {
    let history = history(512);
    for (time, count) in [(101, 1), (102, 2), (105, 3)] {
        history.seen(IP, time * 1_000_000_000, asks(count));
    }
    history.learned(None, cause());
    let events = Reader::new(&history, "").all().await;
    let times: Vec<_> = events.iter().map(|event| event.at).collect();
    let apart: Vec<_> = times.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_millis()).collect();
    assert_eq!(apart[..2], [1000, 3000]);
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(events.iter().all(|event| event.boot == history.boot && event.node == "n1"));
    // What was learned is on the same clock: an hour and more behind the wall's, but for what passed since.
    let by_kernel = history.clock.wall(Clock::read().monotonic).unwrap();
    assert!(by_kernel.duration_since(times[3]).abs() < SignedDuration::from_secs(20));

    let mut report = crate::verdict::sample::node("n1", 1).done();
    history.check_clock();
    history.check_clock();
    history.merge(&mut report);
    let clock = report.clock.unwrap();
    assert_eq!((clock.boot.as_str(), clock.steps), (history.boot.as_str(), 1));
    assert_eq!((report.history.events, report.history.seq), (4, 4));
    let now = times[3] + SignedDuration::from_nanos(clock.drift_ns);
    assert!(Timestamp::now().duration_since(now).abs() < SignedDuration::from_secs(20));
}

#[tokio::test]
async fn who_follows_gets_what_is_kept_and_then_each_event_once() {
    let history = history(512);
    for (number, what) in (0..).zip(one_of_each()) {
        history.record(Some(IP), at(number), what);
    }
    let mut all = Reader::new(&history, "follow=true");
    let mut some = Reader::new(&history, "follow=true&after=5&ip=192.0.2.200&kind=cause,announcement");
    let kept = one_of_each().len() as u64;
    for seq in 1..=kept {
        assert_eq!(all.next().await.unwrap().seq, seq);
    }
    history.record(Some(OTHER), at(20), announces(3, 7));
    history.record(None, at(21), cause());
    history.record(Some(IP), at(22), asks(8));
    history.record(Some(IP), at(23), announces(3, 8));
    for seq in kept + 1..=kept + 4 {
        assert_eq!(all.next().await.unwrap().seq, seq);
    }
    let wanted = [7, kept, kept + 2, kept + 4];
    for seq in wanted {
        assert_eq!(some.next().await.unwrap().seq, seq);
    }
    history.end().await;
    assert_eq!((all.next().await, some.next().await), (None, None));
}

#[tokio::test]
async fn a_slow_reader_reads_the_rest_from_the_history_and_is_told_what_is_gone() {
    let history = history(1024);
    let mut slow = Reader::new(&history, "follow");
    history.record(Some(IP), at(0), announces(3, 0));
    assert_eq!(slow.next().await.unwrap().seq, 1);
    // More than anybody holds for it, while it takes nothing: handovers, and requests beyond what is kept.
    for count in 0..3000 {
        history.record(Some(OTHER), at(100_000 + count), asks(count as u64));
        if count % 100 == 0 {
            history.record(Some(IP), at(100_000 + count), last_reply(count as u64));
            tokio::task::yield_now().await;
        }
    }
    let newest = history.seq();
    let (mut seen, mut losses, mut replies) = (1, Vec::new(), 0);
    while seen < newest {
        let event = slow.next().await.unwrap();
        let gone = match event.what {
            What::Lost(lost) => Some(lost),
            What::LastReply(_) => {
                replies += 1;
                None
            }
            _ => None,
        };
        assert!(event.seq > seen, "{} after {seen}", event.seq);
        losses.extend(gone.map(|lost| (event.seq, lost.count, lost.reason)));
        seen = event.seq;
    }
    assert_eq!(replies, 30);
    assert!(
        !losses.is_empty() && losses.iter().all(|(.., reason)| reason == "history_requests"),
        "{losses:?}"
    );
    // What it missed is what is not kept.
    let rest = Reader::new(&history, "").all().await.len() as u64;
    assert_eq!(losses.last().unwrap().1 + rest - 1, newest);
}

#[tokio::test]
async fn what_the_kernel_could_not_tell_is_told_as_far_as_it_is_known() {
    let history = history(512);
    for count in [0, 3, 3, 7] {
        history.lost(BTreeMap::from([("event_rate".to_owned(), count)]));
    }
    let told: Vec<_> = Reader::new(&history, "kind=lost").all().await;
    let lost = |count| What::Lost(Lost { count, reason: "event_rate".to_owned() });
    assert_eq!(told.iter().map(|event| &event.what).collect::<Vec<_>>(), [&lost(3), &lost(4)]);
    assert!(told.iter().all(|event| event.ip.is_none()));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_a_line() {
    let answer = answer(&history(512), "kind=nonsense", None);
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(text.starts_with(b"kind=\"nonsense\": there are request, ") && text.ends_with(b"\n"), "{text:?}");
}
