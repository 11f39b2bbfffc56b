use std::{path::PathBuf, sync::Arc};

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    mock::{Answers, Cluster, agent, daemonset, list, nodes, page, report, status},
    *,
};
use crate::cli::{client::AgentArgs, reach::Reach};

const PODS: &str = "/api/v1/namespaces/l2witness-system/pods";

fn healthy(uri: &str) -> Response {
    if let Some(pod) = uri.strip_prefix(&format!("{PODS}/")) {
        return match pod {
            "agent-n1:9999/proxy/api/v1/node" => report("n1", 1),
            "agent-n2:9999/proxy/api/v1/node" => report("n2", 2),
            other => status(404, other),
        };
    }
    if uri.starts_with(PODS) {
        assert!(uri.contains("labelSelector=app.kubernetes.io%2Fname%3Dl2witness%2C"), "{uri}");
        return match uri.split("continue=").nth(1) {
            None => page("PodList", &[agent("n1", "Running")], "more"),
            Some(_) => list("PodList", &[agent("n2", "Running")]),
        };
    }
    match uri.split('?').next() {
        Some("/apis/apps/v1/namespaces/l2witness-system/daemonsets") => daemonset(2),
        Some("/api/v1/nodes") => nodes(&["n1", "n2"]),
        _ => status(404, uri),
    }
}

#[tokio::test]
async fn every_agent_is_asked_through_the_api_server_page_by_page() {
    let told = Cluster::serving(healthy).await.told().await;
    let names: Vec<_> = told.reports.iter().map(|report| report.node.as_str()).collect();
    assert_eq!(names, ["n1", "n2"]);
    assert_eq!((told.coverage.asked, told.coverage.replied), (2, 2));
    assert_eq!(told.notes, Vec::<String>::new());
}

#[tokio::test]
async fn who_can_t_be_asked_counts_as_failed_by_name() {
    fn answers(uri: &str) -> Response {
        match uri.split('?').next().unwrap() {
            PODS => {
                let running = ["n1", "n2", "n3", "n4", "n5"].map(|node| agent(node, "Running"));
                list("PodList", &[&running[..], &[agent("n6", "Pending")]].concat())
            }
            "/apis/apps/v1/namespaces/l2witness-system/daemonsets" => daemonset(7),
            "/api/v1/nodes" => nodes(&["n1", "n2", "n3", "n4", "n5", "n6", "n7"]),
            path if path.contains("agent-n1:") => report("n1", 1),
            path if path.contains("agent-n2:") => status(
                503,
                "error trying to reach service: dial tcp 192.0.2.2:9999: connect: connection refused",
            ),
            path if path.contains("agent-n3:") => {
                (StatusCode::SERVICE_UNAVAILABLE, "eth0: not attached").into_response()
            }
            path if path.contains("agent-n4:") => status(404, "pods \"agent-n4\" not found"),
            _ => status(403, "pods \"agent-n5\" is forbidden: User \"u\" cannot get resource \"pods/proxy\""),
        }
    }
    let told = Cluster::serving(answers).await.told().await;
    assert_eq!((told.coverage.asked, told.coverage.replied), (7, 1));
    let failed: Vec<_> =
        told.coverage.failed.iter().map(|failed| format!("{}: {}", failed.agent, failed.error)).collect();
    assert_eq!(
        failed,
        [
            "n6: its pod agent-n6 is Pending",
            "n7: the DaemonSet has no pod there: see `kubectl describe daemonset`",
            "n2: the API server can't reach it: dial tcp 192.0.2.2:9999: connect: connection refused",
            "n3: answered 503 Service Unavailable",
            "n4: pods \"agent-n4\" not found",
            "n5: may not get pods/proxy in namespace l2witness-system: \
             apply deploy/kustomize/components/cli-access and bind its ClusterRoles to your user",
        ]
    );
}

#[tokio::test]
async fn nodes_that_the_daemonset_leaves_out_are_a_note_and_may_be_unknown() {
    fn answers(uri: &str) -> Response {
        if uri.starts_with("/api/v1/nodes") { nodes(&["n1", "n2", "n3"]) } else { healthy(uri) }
    }
    fn pods_only(uri: &str) -> Response {
        if uri.starts_with(PODS) { healthy(uri) } else { status(403, "forbidden") }
    }
    let told = Cluster::serving(answers).await.told().await;
    assert_eq!((told.coverage.asked, told.coverage.replied), (2, 2));
    assert_eq!(told.notes, ["no agent on n3: what is answered there is not known"]);

    let told = Cluster::serving(pods_only).await.told().await;
    assert_eq!(told.coverage.replied, 2);
    assert!(told.notes[0].starts_with("may not list daemonsets.apps in namespace l2"), "{:?}", told.notes);
    assert!(told.notes[1].ends_with("; whether every node has an agent is not known"), "{:?}", told.notes);
}

#[tokio::test]
async fn of_two_pods_on_one_node_the_one_that_stays_is_asked() {
    fn answers(uri: &str) -> Response {
        if uri.starts_with(&format!("{PODS}?")) {
            let mut old = agent("n1", "Running");
            old["metadata"]["name"] = json!("a-old");
            old["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            return list("PodList", &[old, agent("n1", "Running"), agent("n2", "Running")]);
        }
        healthy(uri)
    }
    let told = Cluster::serving(answers).await.told().await;
    assert_eq!((told.coverage.asked, told.coverage.replied), (2, 2));
}

#[tokio::test]
async fn a_list_that_went_stale_is_read_again_and_not_forever() {
    fn answers(uri: &str) -> Response {
        if uri.starts_with(PODS) && uri.contains("continue=") {
            return status(410, "the provided continue parameter is too old");
        }
        healthy(uri)
    }
    assert_eq!(
        Cluster::serving(answers).await.complaint().await,
        "the list changed faster than it could be read"
    );
}

#[tokio::test]
async fn what_is_wrong_with_the_api_server_is_one_line_that_says_what_to_do() {
    for (answers, line) in [
        (
            (|_| status(403, "forbidden")) as Answers,
            "may not list pods in namespace l2witness-system: \
             apply deploy/kustomize/components/cli-access and bind its ClusterRoles to your user",
        ),
        (
            |_| list("PodList", &[]),
            "no pods with app.kubernetes.io/name=l2witness,app.kubernetes.io/component=agent in namespace \
             l2witness-system: is l2witness installed there? Else say where with --namespace",
        ),
        (|_| status(500, "etcdserver: leader\n changed"), "etcdserver: leader changed"),
    ] {
        assert_eq!(Cluster::serving(answers).await.complaint().await, line);
    }
}

#[tokio::test]
async fn an_api_server_that_is_not_there_or_not_one_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let hanging = Arc::new(listener);
    let line = Cluster::at(&server).complaint().await;
    assert!(line.starts_with(&server) && line.contains("3 s"), "{line}");
    drop(hanging);

    assert_eq!(Cluster::at(&server).complaint().await, format!("{server}: connection refused"));

    let line = Cluster::serving(|_| "<html>".into_response()).await.complaint().await;
    assert!(line.contains(": no API server: "), "{line}");
}

#[tokio::test]
async fn a_user_that_is_not_known_is_told_so() {
    let cluster = Cluster::serving(healthy).await;
    let file = cluster.folder.path().join("config");
    let config = std::fs::read_to_string(&file).unwrap().replace("sesame", "mellon");
    std::fs::write(&file, config).unwrap();
    let line = cluster.complaint().await;
    assert!(
        line.ends_with(
            ": does not accept who you are (401); renew your credentials, or choose another --context"
        ),
        "{line}"
    );
}

async fn refused(args: &AgentArgs) -> String {
    match Reach::open(args).await.err() {
        Some(Failure::Usage(line)) => line,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_kubeconfig_that_can_t_be_used_is_bad_usage() {
    let cluster = Cluster::at("http://127.0.0.1:1");
    let mut args = cluster.args();
    let file = cluster.folder.path().join("config");

    args.api.context = Some("three".to_owned());
    let line = format!("{}: no context \"three\"; there is one, two", file.display());
    assert_eq!(refused(&args).await, line);

    args.api.kubeconfig = Some(PathBuf::from("/nonexistent/config"));
    assert_eq!(refused(&args).await, "/nonexistent/config: no such file");

    args.api.kubeconfig = Some(file.clone());
    for (text, part) in [
        ("{]", " is no kubeconfig: "),
        ("{}", ": no current context; name one with --context"),
        (
            "current-context: one\ncontexts: [{name: one, context: {cluster: c}}]",
            ": failed to load the cluster",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        args.api.context = None;
        let line = refused(&args).await;
        assert!(line.starts_with(&file.display().to_string()) && line.contains(part), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}

#[tokio::test]
async fn a_credential_plugin_s_own_words_are_shown() {
    let cluster = Cluster::serving(healthy).await;
    let file = cluster.folder.path().join("config");
    let exec = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
                      "args": ["-c", "echo log in first >&2; exit 3"], "interactiveMode": "Never"});
    let mut config: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    config["users"][0]["user"] = json!({"exec": exec});
    std::fs::write(&file, config.to_string()).unwrap();
    let line = refused(&cluster.args()).await;
    assert!(line.contains("failed (exit status: 3): log in first"), "{line}");
}
