use std::{future::pending, time::Instant};

use anyhow::anyhow;
use serde_json::json;

use super::*;
use crate::{
    claims::election::EXCLUDE_LABEL,
    cli::drill::{
        node_server::{NODE, NodeServer},
        note::{ANNOTATION, VALUE, sample::note},
    },
    verdict::sample::T0,
};

const PATIENCE: Duration = Duration::from_millis(1200);

/// Holds the label while this work is done.
async fn hold<T>(
    server: &NodeServer,
    stop: impl Future<Output = ()>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<Held<T>, NotSet> {
    let (api, note) = (server.api().await, note(T0, T0 + 600));
    Label { api: &api, node: NODE, note: &note, patience: PATIENCE }.hold(stop, work).await
}

#[tokio::test]
async fn the_label_is_there_with_its_note_meanwhile_and_gone_afterwards() {
    let server = NodeServer::start().await;
    let work = async { Ok(server.marks()) };
    let held = hold(&server, pending(), work).await.unwrap();
    assert!(matches!(held.ended, Ended::Done((Some(label), true)) if label == VALUE));
    assert_eq!(held.taken, Ok(TakenAway::Both));
    assert!(server.is_clean());
    // Label and note in one patch, both away in another.
    assert_eq!(server.kept().patches, 2);
}

#[tokio::test]
async fn an_error_a_panic_and_a_signal_take_it_away_too() {
    let server = NodeServer::start().await;
    let held = hold(&server, pending(), async { Err::<(), _>(anyhow!("no agent").into()) }).await.unwrap();
    assert!(matches!(held.ended, Ended::Failed(failure) if failure.to_string() == "no agent"));
    assert!(server.is_clean());

    let panics = async {
        tokio::task::yield_now().await;
        assert!(server.is_clean(), "it is not");
        Ok(())
    };
    let held = hold(&server, pending(), panics).await.unwrap();
    assert!(matches!(held.ended, Ended::Panicked(_)));
    assert!(server.is_clean());

    let stop = tokio::time::sleep(Duration::from_millis(50));
    let held = hold::<()>(&server, stop, pending()).await.unwrap();
    assert!(matches!(held.ended, Ended::Stopped));
    assert_eq!(held.taken, Ok(TakenAway::Both));
    assert!(server.is_clean());
    assert_eq!(server.kept().patches, 6);
}

#[tokio::test]
async fn a_node_that_changes_meanwhile_is_read_again_and_not_forever() {
    let server = NodeServer::start().await;
    server.kept().others = 3;
    let work = async {
        server.kept().others = 3;
        Ok(())
    };
    assert_eq!(hold(&server, pending(), work).await.unwrap().taken, Ok(TakenAway::Both));
    assert!(server.is_clean());

    server.kept().others = 100;
    let error = hold(&server, pending(), async { Ok(()) }).await.unwrap_err();
    assert!(matches!(error, NotSet::Api(ApiError::Conflict(_))), "{error}");
    assert!(server.is_clean());
}

#[tokio::test]
async fn what_somebody_else_has_set_stays() {
    let server = NodeServer::start().await;
    server.kept().labels[EXCLUDE_LABEL] = json!("");
    let error = hold(&server, pending(), async { Ok(()) }).await.unwrap_err();
    assert_eq!(error, NotSet::Labelled(NODE.to_owned(), String::new()));
    assert_eq!(server.marks(), (Some(String::new()), false));
    assert_eq!(server.kept().patches, 0);

    let of_another = note(T0 - 60, T0 + 60).text();
    let server = NodeServer::start().await;
    server.kept().annotations[ANNOTATION] = json!(of_another);
    server.kept().labels[EXCLUDE_LABEL] = json!(VALUE);
    let error = hold(&server, pending(), async { Ok(()) }).await.unwrap_err();
    assert!(error.to_string().contains("of the drill of shop/web by ann@desk"), "{error}");
    assert_eq!((server.marks(), server.kept().patches), ((Some(VALUE.to_owned()), true), 0));

    // Set anew, or the note replaced, while the drill runs.
    let server = NodeServer::start().await;
    let work = async {
        server.kept().labels[EXCLUDE_LABEL] = json!("true");
        Ok(())
    };
    let taken = hold(&server, pending(), work).await.unwrap().taken;
    assert!(matches!(taken, Ok(TakenAway::Note(left)) if left.label.as_deref() == Some("true")));
    assert_eq!(server.marks(), (Some("true".to_owned()), false));

    let server = NodeServer::start().await;
    let work = async {
        server.kept().annotations[ANNOTATION] = json!(of_another);
        Ok(())
    };
    assert_eq!(hold(&server, pending(), work).await.unwrap().taken, Ok(TakenAway::Nothing));
    assert_eq!(server.marks(), (Some(VALUE.to_owned()), true));
}

#[tokio::test]
async fn an_answer_that_was_lost_leaves_no_label() {
    let server = NodeServer::start().await;
    server.kept().swallows = true;
    let error = hold(&server, pending(), async { Ok(()) }).await.unwrap_err();
    assert!(matches!(error, NotSet::Unanswered(_)), "{error}");
    assert!(server.is_clean());
    assert_eq!(server.kept().patches, 2);

    // Nor now: it may be there, and that is said.
    server.kept().swallows = true;
    server.kept().away_after = Some(3);
    let error = hold(&server, pending(), async { Ok(()) }).await.unwrap_err();
    assert!(matches!(error, NotSet::Unsure(..)), "{error}");
    assert!(error.to_string().contains("kubectl label node n2 "), "{error}");
    assert!(!server.is_clean());
}

#[tokio::test]
async fn an_api_server_that_stays_away_is_tried_for_a_while_and_then_told_of() {
    let server = NodeServer::start().await;
    server.kept().away_after = Some(1);
    let begin = Instant::now();
    let held = hold(&server, pending(), async { Ok(()) }).await.unwrap();
    assert!(held.taken.is_err() && begin.elapsed() >= PATIENCE);
    assert_eq!(server.marks(), (Some(VALUE.to_owned()), true));

    // It is back: what was left is seen, and only that is taken away.
    server.kept().away_after = None;
    let api = server.api().await;
    let left = label::left(&api).await.unwrap();
    assert_eq!(left.iter().map(|left| left.node.as_str()).collect::<Vec<_>>(), [NODE]);
    crate::cli::drill::restore::run(&api).await.unwrap();
    assert!(server.is_clean());
}

#[tokio::test]
async fn an_api_server_that_goes_away_and_comes_back_is_waited_for() {
    let server = NodeServer::start().await;
    server.kept().away_after = Some(1);
    let back = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        server.kept().away_after = None;
    };
    let (held, ()) = tokio::join!(hold(&server, pending(), async { Ok(()) }), back);
    assert_eq!(held.unwrap().taken, Ok(TakenAway::Both));
    assert!(server.is_clean());
}
