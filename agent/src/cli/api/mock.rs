//! An API server for tests: real HTTP, a real kubeconfig, answers of the test's own.

use axum::{
    Json, Router,
    extract::Request,
    http::{StatusCode, header::AUTHORIZATION},
    response::{IntoResponse as _, Response},
    routing::any,
};
use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::ApiArgs;
use crate::{
    cli::{
        client::{AgentArgs, Told},
        reach::Reach,
    },
    verdict::sample::node,
};

/// An API server for one test: what it answers to which path and query.
pub(in crate::cli) type Answers = fn(&str) -> Response;

/// A kubeconfig with the contexts `one` and `two` that both lead to it.
pub(in crate::cli) struct Cluster {
    pub(in crate::cli) folder: TempDir,
}

impl Cluster {
    pub(in crate::cli) async fn serving(answers: Answers) -> Self {
        Self::taking(move |request| answers(&request.uri().to_string())).await
    }

    /// One that remembers, or looks at more than the path: requests come with their whole body.
    pub(in crate::cli) async fn taking(
        answers: impl Fn(&Request<Bytes>) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = move |request: Request| async move {
            if request.headers().get(AUTHORIZATION).is_none_or(|token| token != "Bearer sesame") {
                return status(401, "Unauthorized");
            }
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            answers(&Request::from_parts(head, body))
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(answer))).await });
        Self::at(&format!("http://{address}"))
    }

    pub(in crate::cli) fn at(server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let context = |name: &str| json!({"name": name, "context": {"cluster": "c", "user": "u"}});
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "one",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": "sesame"}}],
            "contexts": [context("one"), context("two")],
        });
        std::fs::write(folder.path().join("config"), config.to_string()).unwrap();
        Self { folder }
    }

    pub(in crate::cli) fn args(&self) -> AgentArgs {
        let api = ApiArgs {
            kubeconfig: Some(self.folder.path().join("config")),
            context: None,
            namespace: "l2witness-system".to_owned(),
        };
        AgentArgs { agent: Vec::new(), socket: None, timeout: 3, api }
    }

    pub(in crate::cli) async fn told(&self) -> Told {
        Reach::open(&self.args()).await.unwrap().ask().await.unwrap()
    }

    pub(in crate::cli) async fn complaint(&self) -> String {
        Reach::open(&self.args()).await.unwrap().ask().await.unwrap_err().to_string()
    }
}

pub(in crate::cli) fn status(code: u16, message: &str) -> Response {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message,
                      "code": code});
    (StatusCode::from_u16(code).unwrap(), Json(body)).into_response()
}

pub(in crate::cli) fn list(kind: &str, items: &[Value]) -> Response {
    page(kind, items, "")
}

pub(in crate::cli) fn page(kind: &str, items: &[Value], next: &str) -> Response {
    let api = if kind == "DaemonSetList" { "apps/v1" } else { "v1" };
    Json(json!({"kind": kind, "apiVersion": api, "metadata": {"continue": next}, "items": items}))
        .into_response()
}

pub(in crate::cli) fn agent(node: &str, phase: &str) -> Value {
    let ready = if phase == "Running" { "True" } else { "False" };
    json!({
        "metadata": {"name": format!("agent-{node}"), "namespace": "l2witness-system",
                     "managedFields": [{"manager": "kubelet"}]},
        "spec": {"nodeName": node, "containers": [
            {"name": "agent", "ports": [{"name": "metrics", "containerPort": 9999}]}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]},
    })
}

pub(in crate::cli) fn daemonset(desired: i32) -> Response {
    let status = json!({"desiredNumberScheduled": desired, "currentNumberScheduled": desired,
                        "numberMisscheduled": 0, "numberReady": desired});
    list("DaemonSetList", &[json!({"metadata": {"name": "l2witness"}, "status": status})])
}

pub(in crate::cli) fn nodes(names: &[&str]) -> Response {
    let items: Vec<_> = names.iter().map(|name| json!({"metadata": {"name": name}})).collect();
    Json(json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {},
                "items": items}))
    .into_response()
}

pub(in crate::cli) fn report(name: &str, mac: u8) -> Response {
    let report = node(name, mac).edit(|report| report.time = jiff::Timestamp::now()).done();
    Json(serde_json::to_value(report).unwrap()).into_response()
}
