use std::{future::pending, path::Path};

use axum::{Router, http::StatusCode, routing::get};
use tokio::net::{TcpListener, UnixListener};

use super::*;
use crate::{
    cli::{api::ApiArgs, reach::Reach},
    verdict::sample::{T0, node},
};

#[test]
fn an_agent_is_named_by_host_or_by_url() {
    for (text, url) in [
        ("n1", "http://n1:9472/"),
        ("n1:80", "http://n1/"),
        ("n1:1234", "http://n1:1234/"),
        ("192.0.2.1", "http://192.0.2.1:9472/"),
        ("2001:db8::1", "http://[2001:db8::1]:9472/"),
        ("[2001:db8::1]:99", "http://[2001:db8::1]:99/"),
        ("http://n1", "http://n1:9472/"),
        ("http://n1:9472", "http://n1:9472/"),
        (
            "http://127.0.0.1:8001/api/v1/namespaces/x/pods/y:9472/proxy",
            "http://127.0.0.1:8001/api/v1/namespaces/x/pods/y:9472/proxy",
        ),
    ] {
        assert_eq!(agent_url(text).unwrap().as_str(), url, "{text}");
    }
}

#[test]
fn what_is_no_agent_is_refused() {
    for text in ["", "https://n1", "http://", "n1:port", "ftp://n1"] {
        assert!(agent_url(text).is_err(), "{text}");
    }
}

const PATH: &str = "/api/v1/node";

/// Serves this text as the report, on a loopback port of its own.
async fn serving(body: String) -> String {
    serve(Router::new().route(PATH, get(|| async { body }))).await
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A port where nobody listens.
async fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn report(name: &str, last_of_mac: u8) -> String {
    let report = node(name, last_of_mac).edit(|report| report.time = Timestamp::now()).done();
    serde_json::to_string(&report).unwrap()
}

/// Seconds; longer than any machine stands still.
const PATIENCE: u64 = 20;

fn agents(urls: &[&str]) -> AgentArgs {
    let agent = urls.iter().map(|url| agent_url(url).unwrap()).collect();
    AgentArgs { socket: None, agent, timeout: PATIENCE, api: no_api() }
}

fn socket(path: &Path) -> AgentArgs {
    AgentArgs { socket: Some(path.to_owned()), agent: Vec::new(), timeout: PATIENCE, api: no_api() }
}

fn no_api() -> ApiArgs {
    ApiArgs { kubeconfig: None, context: None, namespace: "l2witness-system".to_owned() }
}

async fn told(args: &AgentArgs) -> Told {
    Reach::open(args).await.unwrap().ask().await.unwrap()
}

/// The one error there is.
async fn error_of(url: &str) -> String {
    error_within(PATIENCE, url).await
}

async fn error_within(timeout: u64, url: &str) -> String {
    let told = told(&AgentArgs { timeout, ..agents(&[url]) }).await;
    assert!(told.reports.is_empty());
    told.coverage.failed[0].error.clone()
}

#[tokio::test]
async fn those_that_replied_are_merged_and_those_that_did_not_are_named() {
    let (n1, n2, n3) = (serving(report("n1", 1)).await, serving(report("n2", 2)).await, refusing().await);

    let told = told(&agents(&[&n1, &n3, &n2])).await;

    let names: Vec<_> = told.reports.iter().map(|report| report.node.as_str()).collect();
    assert_eq!(names, ["n1", "n2"]);
    assert_eq!((told.coverage.asked, told.coverage.replied), (3, 2));
    assert_eq!(told.notes, [format!("asked 3 agents, 2 replied: {n3}: connection refused")]);
    assert!(told.nobody().is_none());
}

#[tokio::test]
async fn an_agent_that_never_answers_costs_no_more_than_the_time_out() {
    let hanging = serve(Router::new().route(PATH, get(|| async { pending::<()>().await }))).await;
    let started = std::time::Instant::now();
    assert_eq!(error_within(1, &hanging).await, "no answer within 1 s");
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn garbage_another_schema_and_an_http_error_are_told_apart() {
    let error = error_of(&serving("<html>".to_owned()).await).await;
    assert_eq!(error, "what it sent is no report: expected value at line 1 column 1");

    let error = error_of(&serving(report("n1", 1).replace("\"schema\":1", "\"schema\":2")).await).await;
    assert_eq!(error, "its reports have schema 2, this l2witness reads 1: use the agent's version");

    let unready = Router::new().route(PATH, get(|| async { StatusCode::SERVICE_UNAVAILABLE }));
    assert_eq!(error_of(&serve(unready).await).await, "answered 503 Service Unavailable");
}

#[tokio::test]
async fn more_than_the_bound_is_not_read() {
    let flood = serving(" ".repeat((64 << 20) + 1)).await;
    let mut args = agents(&[&flood]);
    args.timeout = 30;
    assert_eq!(told(&args).await.coverage.failed[0].error, "sent more than 64 MiB");
}

#[tokio::test]
async fn the_same_node_under_two_names_counts_once() {
    let (n1, again) = (serving(report("n1", 1)).await, serving(report("n1", 1)).await);
    let told = told(&agents(&[&n1, &again, &n1])).await;
    assert_eq!((told.coverage.asked, told.coverage.replied), (1, 1));
    assert_eq!(told.notes, [format!("{again} is n1 again; counted once")]);
}

#[tokio::test]
async fn a_clock_that_is_off_is_corrected_and_noted() {
    let old = serde_json::to_string(&node("n1", 1).done()).unwrap();
    let told = told(&agents(&[&serving(old).await])).await;
    assert!(told.reports[0].time.as_second() > T0);
    assert!(told.notes[0].contains("the clock of n1 is"), "{:?}", told.notes);
}

#[tokio::test]
async fn the_local_agent_is_asked_through_its_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let router = Router::new().route(PATH, get(|| async { report("n1", 1) }));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let told = told(&socket(&path)).await;

    assert_eq!((told.coverage.scope, told.coverage.replied), (Scope::Node, 1));
    assert!(told.notes[0].starts_with("only n1 was asked"), "{:?}", told.notes);
}

#[tokio::test]
async fn without_a_socket_one_line_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sock");
    let told = told(&socket(&path)).await;
    let line = told.nobody().unwrap().to_string();
    assert_eq!(
        line,
        format!(
            "{}: no such socket; is the agent running on this node? Else point to it with --socket PATH or --agent URL, or to all of them with --kubeconfig FILE",
            path.display()
        )
    );
    assert!(told.notes.is_empty());
}
