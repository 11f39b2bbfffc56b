//! The groups as an API server and its pods give them.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::*;
use crate::cli::api::mock::{Cluster, agent, daemonset, list, nodes, status};

const PODS: &str = "/api/v1/namespaces/l2witness-system/pods";

/// n1's agent is well, n2's is not ready and hears the kernel answer, n3 has none but a speaker.
fn cluster(uri: &str) -> Response {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let fresh = |report: NodeReport| {
        let text = serde_json::to_string(&report).unwrap();
        Json(serde_json::from_str::<Value>(&text).unwrap()).into_response()
    };
    match path {
        "/version" => Json(json!({
            "major": "", "minor": "", "gitVersion": "v1.17.6", "gitCommit": "", "gitTreeState": "",
            "buildDate": "", "goVersion": "", "compiler": "", "platform": "",
        }))
        .into_response(),
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => Json(json!({
            "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
            "spec": {}, "status": {"allowed": false},
        }))
        .into_response(),
        PODS => {
            let mut unready = agent("n2", "Running");
            unready["status"]["conditions"][0]["status"] = json!("False");
            list("PodList", &[agent("n1", "Running"), unready])
        }
        "/apis/apps/v1/namespaces/l2witness-system/daemonsets" => daemonset(2),
        "/api/v1/nodes" => nodes(&["n1", "n2", "n3"]),
        _ if path.contains("agent-n1:") => fresh(shadowed().remove(0)),
        _ if path.contains("agent-n2:") => fresh(shadowed().remove(1)),
        _ => metallb(path, query),
    }
}

/// `MetalLB` 0.8: a speaker on n3, one Service, one pool in a `ConfigMap`, a controller that counts two addresses.
fn metallb(path: &str, query: &str) -> Response {
    let pod = |name: &str, node: &str| {
        json!({
            "metadata": {"name": name, "namespace": "metallb-system",
                         "labels": {"app": "metallb", "component": name}},
            "spec": {"nodeName": node, "containers": [{"name": name, "image": format!("metallb/{name}:v0.8.2"),
                     "ports": [{"name": "monitoring", "containerPort": 7472}]}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        })
    };
    let service = json!({
        "metadata": {"name": "web", "namespace": "shop"}, "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}},
    });
    let pools = "address-pools:\n- {name: p, protocol: layer2, addresses: [192.0.2.0/28]}\n";
    let config =
        json!({"metadata": {"name": "config", "namespace": "metallb-system"}, "data": {"config": pools}});
    match path {
        "/apis" => Json(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})).into_response(),
        "/api/v1/services" => list("ServiceList", &[service]),
        "/api/v1/pods" if query.contains("=app%3Dmetallb%2Ccomponent%3Dspeaker") => {
            list("PodList", &[pod("speaker", "n3")])
        }
        "/api/v1/pods" if query.contains("=app%3Dmetallb%2Ccomponent%3Dcontroller") => {
            list("PodList", &[pod("controller", "n1")])
        }
        "/api/v1/pods" => list("PodList", &[]),
        "/api/v1/namespaces/metallb-system/configmaps" => list("ConfigMapList", &[config]),
        "/api/v1/namespaces/metallb-system/pods/controller:7472/proxy/metrics" => {
            "metallb_allocator_addresses_in_use_total{pool=\"p\"} 2\n".into_response()
        }
        _ => status(404, path),
    }
}

#[tokio::test]
async fn with_a_kubeconfig_the_cluster_is_looked_at_too() {
    let cluster = Cluster::serving(cluster).await;
    let args = cluster.args();
    let facts = gather(&Reach::open(&args).await.unwrap()).await;
    let page = text(&checked(&facts), PLAIN);
    for part in [
        " answers: v1.17.6\n",
        "× 0 of 6 permissions are there\n    list pods in namespace l2witness-system, to find the agents: not allowed\n",
        "    list nodes, to know which nodes have no agent: not allowed\n",
        "      next: apply deploy/kustomize/components/cli-access",
        "? 1 of 2 agents' pods are ready\n    n2: agent-n2 runs, but is not ready\n      next: kubectl -n l2witness-",
        "✔ 2 of 3 nodes are to have an agent\n    n3: no agent: what is answered there is not known\n",
        "✔ 2 of 2 agents reply\n",
        "? an agent replies on 0 of 1 nodes with a speaker\n    n3: a speaker, but no agent\n",
        "✔ 1 of 1 speakers are ready\n✔ all speakers have one version: v0.8.2\n",
        "‼ the controller counts as in use what LoadBalancer Services have: 2 addresses\n\
         \u{20}   pool p: 2 in use by the controller, 1 in Services\n",
        "- pool totals of the controller: it exports none (before 0.9.2)\n",
        "✔ every pool has addresses left: p 1/16\n",
        "✔ every address of a LoadBalancer Service is in a pool\n",
        "× L2W102 SHADOW: ",
    ] {
        assert!(page.contains(part), "{part:?} in\n{page}");
    }
    assert_eq!(checked(&facts).exit(Threshold::Warning), Exit::Problem);
}

#[tokio::test]
async fn an_api_server_that_is_away_leaves_everything_unknown() {
    let cluster = Cluster::at("http://127.0.0.1:1");
    let args = cluster.args();
    let facts = gather(&Reach::open(&args).await.unwrap()).await;
    let page = text(&checked(&facts), PLAIN);
    assert!(page.contains("× the API server at http://127.0.0.1:1 does not answer\n"), "{page}");
    assert!(page.contains("- no LB IP: none is watched, or no agent replied\n"), "{page}");
    assert!(page.ends_with("; from 0 of 0 agents\n"), "{page}");
}
