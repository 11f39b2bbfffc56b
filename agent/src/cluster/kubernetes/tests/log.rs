//! What is logged: a line a change.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use tracing_subscriber::fmt::MakeWriter;

use super::{super::log::Log, *};
use crate::evidence::SourceState;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What is logged for these states, one after the other.
fn logged(states: &[SourceState]) -> Vec<String> {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).without_time().finish();
    tracing::subscriber::with_default(subscriber, || {
        let mut log = Log::default();
        for state in states {
            log.tell(state.clone(), 3, Instant::now());
        }
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| line.split_once("log: ").unwrap().1.to_owned()).collect()
}

#[test]
fn a_state_is_logged_once_however_often_it_is_retried() {
    let second = |second| Some(Timestamp::from_second(second).unwrap());
    let good = SourceState { synced: second(1), ..SourceState::default() };
    let lost = |error: &str| SourceState { lost: second(5), error: Some(error.into()), ..good.clone() };
    let missing = |why: &str| SourceState { missing: [("nodes".into(), why.into())].into(), ..good.clone() };
    let bad =
        |what: &[&str]| SourceState { bad: what.iter().map(ToString::to_string).collect(), ..good.clone() };
    let unread =
        SourceState { lost: second(2), error: Some("connection refused".into()), ..SourceState::default() };
    let table = [
        (vec![SourceState::default(), good.clone(), good.clone()], vec!["Services read lb_ips=3"]),
        (
            vec![unread.clone(), unread, good.clone()],
            vec!["Services can't be read yet error=\"connection refused\"", "Services read lb_ips=3"],
        ),
        (
            vec![
                good.clone(),
                lost("connection reset"),
                lost("connection refused"),
                lost("no answer"),
                good.clone(),
            ],
            vec![
                "Services read lb_ips=3",
                "Services are not followed; the last set stays in force error=\"connection reset\" lb_ips=3",
                "Services are followed again lb_ips=3",
            ],
        ),
        (
            vec![
                good.clone(),
                missing("lost since 1: a"),
                missing("forbidden: b"),
                missing("forbidden: c"),
                missing("lost since 2: a"),
                good.clone(),
            ],
            vec![
                "Services read lb_ips=3",
                "not followed kind=\"nodes\" reason=\"forbidden: b\"",
                "followed again kind=\"nodes\"",
            ],
        ),
        (
            vec![good.clone(), bad(&["a", "b"]), bad(&["b", "c"]), bad(&["b", "c"])],
            vec![
                "Services read lb_ips=3",
                "not an LB IP what=\"a\"",
                "not an LB IP what=\"b\"",
                "not an LB IP what=\"c\"",
            ],
        ),
    ];
    for (states, wanted) in table {
        assert_eq!(logged(&states), wanted);
    }
}

#[test]
fn a_kind_is_told_to_be_lost_when_it_stays_so() {
    let lost =
        |why: &str| SourceState { missing: [("nodes".into(), why.into())].into(), ..SourceState::default() };
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).without_time().finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let count = || String::from_utf8(lines.0.lock().unwrap().clone()).unwrap().lines().count();
    let mut log = Log::default();
    let begin = Instant::now();
    let after = |seconds| begin + Duration::from_secs(seconds);
    log.tell(lost("lost since 1: a"), 3, begin);
    assert!(log.waits());
    log.tell(SourceState::default(), 3, after(5));
    assert!(!log.waits());
    assert_eq!(count(), 0);

    log.tell(lost("lost since 2: a"), 3, after(6));
    log.kinds(after(12));
    assert_eq!(count(), 0);
    log.kinds(after(16));
    log.tell(lost("lost since 2: b"), 3, after(17));
    assert!(!log.waits());
    assert_eq!(count(), 1);
    log.tell(SourceState::default(), 3, after(18));
    assert_eq!(count(), 2);
}
