//! Real HTTP on loopback: what is told once, what is followed, and what comes of agents that go.

use std::{sync::Mutex, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};

use super::*;
use crate::{
    cli::{api::mock, fetch::Target, reach::Reach},
    evidence::{Event, Lost, What},
};

/// Longer than any machine stands still: nothing here is about it.
const PATIENCE: Duration = Duration::from_secs(20);

fn event(node: &str, boot: &str, seq: u64) -> Event {
    let start: jiff::Timestamp = "2026-01-31T14:03:00Z".parse().unwrap();
    let what = What::Lost(Lost { count: seq, reason: "history".to_owned() });
    let at = start + jiff::SignedDuration::from_millis(seq.cast_signed());
    Event { node: node.to_owned(), boot: boot.to_owned(), seq, at, ip: None, what }
}

fn line(event: &Event) -> String {
    serde_json::to_string(event).unwrap() + "\n"
}

/// An agent whose answers the test makes up: one connection after the other, each a list of pieces; the last one
/// stays open.
#[derive(Default)]
struct Script {
    answers: Mutex<Vec<Vec<String>>>,
    asked: Mutex<Vec<String>>,
    open: Mutex<Vec<mpsc::Sender<std::io::Result<Bytes>>>>,
}

async fn answer(State(script): State<&'static Script>, request: Request) -> Body {
    script.asked.lock().unwrap().push(request.uri().query().unwrap_or_default().to_owned());
    let (sender, receiver) = mpsc::channel(64);
    let pieces = {
        let mut answers = script.answers.lock().unwrap();
        if answers.len() == 1 {
            script.open.lock().unwrap().push(sender.clone());
        }
        if answers.is_empty() { Vec::new() } else { answers.remove(0) }
    };
    for piece in pieces {
        sender.try_send(Ok(Bytes::from(piece))).unwrap();
    }
    Body::from_stream(ReceiverStream::new(receiver).map(|piece| piece))
}

/// Serves it for the rest of the test.
async fn serving(answers: Vec<Vec<String>>) -> (Target, &'static Script) {
    let script: &'static Script = Box::leak(Box::default());
    *script.answers.lock().unwrap() = answers;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/api/v1/events", get(answer)).with_state(script);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (Target::Url(url.parse().unwrap()), script)
}

/// Answers that all end: only the last one of a script stays open.
fn ending(mut answers: Vec<Vec<String>>) -> Vec<Vec<String>> {
    answers.push(Vec::new());
    answers
}

async fn next(following: &mut Following) -> News {
    tokio::time::timeout(Duration::from_secs(10), following.next()).await.unwrap().unwrap()
}

#[tokio::test]
async fn events_of_all_agents_are_one_list_in_the_order_of_time() {
    let (n1, n2) = ([event("n1", "a", 1), event("n1", "a", 4)], [event("n2", "b", 2), event("n2", "b", 3)]);
    let answer = |events: &[Event]| ending(vec![vec![events.iter().map(line).collect()]]);
    let ((one, _), (two, _)) = (serving(answer(&n1)).await, serving(answer(&n2)).await);
    let nobody = Target::Url("http://127.0.0.1:1".parse().unwrap());

    let gathered = gather(&[one, nobody, two], &Query::default(), PATIENCE).await;

    let seqs: Vec<_> = gathered.events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
    let place = |boot: &str, seq| Some(Place { boot: boot.to_owned(), seq });
    assert_eq!(gathered.places, [place("a", 4), None, place("b", 3)]);
    assert_eq!(gathered.failed.len(), 1);
    assert_eq!(gathered.failed[0].error, "connection refused");
}

#[tokio::test]
async fn an_agent_without_events_is_too_old_and_garbage_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let old = Target::Url(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new()).await });
    let (garbage, _) = serving(ending(vec![vec!["<html>\n".to_owned()]])).await;
    let (cut, _) = serving(ending(vec![vec![line(&event("n1", "a", 1)), "{\"node\":".to_owned()]])).await;
    let (endless, _) = serving(ending(vec![vec!["x".repeat(70_000)]])).await;

    let gathered = gather(&[old, garbage, cut, endless], &Query::default(), PATIENCE).await;

    assert!(gathered.events.is_empty());
    let errors: Vec<_> = gathered.failed.iter().map(|failed| failed.error.as_str()).collect();
    assert_eq!(
        errors,
        [
            "it has no /api/v1/events: it is older than this l2witness",
            "what it sent is no event: expected value at line 1 column 1",
            "the connection ended inside a line",
            "what it sent are no events: a line has more than 64 KiB",
        ]
    );
}

#[tokio::test]
async fn an_agent_that_goes_is_told_and_goes_on_where_it_was() {
    let first = vec![line(&event("n1", "a", 1)), "\n".to_owned(), line(&event("n1", "a", 2))];
    // The same life sends the last one again; then comes another life, which counts anew.
    let second = vec![line(&event("n1", "a", 2)), line(&event("n1", "a", 3))];
    let third = vec![line(&event("n1", "b", 1))];
    let (target, script) = serving(vec![first, second, third]).await;

    let mut following = Following::new(std::slice::from_ref(&target), &[], &Query::default(), PATIENCE);

    let agent = target.to_string();
    let away = || News::Away { agent: agent.clone(), error: "it ended the connection".to_owned() };
    let back = || News::Back { agent: agent.clone() };
    for expected in [
        News::Event(event("n1", "a", 1)),
        News::Event(event("n1", "a", 2)),
        away(),
        back(),
        News::Event(event("n1", "a", 3)),
        away(),
        back(),
        News::Event(event("n1", "b", 1)),
    ] {
        assert_eq!(next(&mut following).await, expected);
    }
    let asked = script.asked.lock().unwrap().clone();
    assert_eq!(asked, ["follow=true", "after=2&boot=a&follow=true", "after=3&boot=a&follow=true"]);
}

/// An API server through whose proxy two agents tell an event each, and go on with one more.
fn proxied(uri: &str) -> Response {
    const PODS: &str = "/api/v1/namespaces/l2witness-system/pods";
    let Some(page) = uri.strip_prefix(&format!("{PODS}/agent-")) else {
        return match uri.split('?').next() {
            Some(PODS) => {
                mock::list("PodList", &[mock::agent("n1", "Running"), mock::agent("n2", "Running")])
            }
            Some("/apis/apps/v1/namespaces/l2witness-system/daemonsets") => mock::daemonset(2),
            Some("/api/v1/nodes") => mock::nodes(&["n1", "n2"]),
            _ => mock::status(404, uri),
        };
    };
    match page.split_once(":9999/proxy/api/v1/events") {
        Some((node, "")) => line(&event(node, "a", 1)).into_response(),
        Some((node, "?after=1&boot=a&follow=true")) => {
            let (sender, receiver) = mpsc::channel(1);
            let more = "\n".to_owned() + &line(&event(node, "a", 2));
            // Silent from then on, longer than any time-out for an answer, and open.
            tokio::spawn(async move {
                let _ = sender.send(Ok::<_, std::io::Error>(Bytes::from(more))).await;
                std::future::pending::<()>().await;
            });
            Body::from_stream(ReceiverStream::new(receiver)).into_response()
        }
        _ => mock::status(404, uri),
    }
}

#[tokio::test]
async fn events_come_through_the_api_server_and_an_idle_stream_is_no_lost_one() {
    let cluster = mock::Cluster::serving(proxied).await;
    let args = cluster.args();
    let reach = Reach::open(&args).await.unwrap();
    let targets = reach.everybody().await.unwrap().targets;

    let gathered = gather(&targets, &Query::default(), reach.timeout()).await;
    assert_eq!((gathered.events.len(), gathered.failed.len()), (2, 0), "{gathered:?}");

    let mut following = Following::new(&targets, &gathered.places, &Query::default(), reach.timeout());
    let mut nodes = Vec::new();
    for _ in 0..2 {
        match next(&mut following).await {
            News::Event(Event { node, seq: 2, .. }) => nodes.push(node),
            other => panic!("{other:?}"),
        }
    }
    nodes.sort();
    assert_eq!(nodes, ["n1", "n2"]);
    let idle = tokio::time::timeout(2 * reach.timeout(), following.next()).await;
    assert!(idle.is_err(), "nothing happens: {idle:?}");
}

#[test]
fn what_two_tell_of_one_event_is_one_event() {
    let events = vec![event("n1", "a", 2), event("n2", "a", 2), event("n1", "a", 2), event("n1", "b", 1)];
    let seqs: Vec<_> = merged(events).iter().map(|event| (event.node.clone(), event.seq)).collect();
    assert_eq!(seqs, [("n1".to_owned(), 1), ("n1".to_owned(), 2), ("n2".to_owned(), 2)]);
}
