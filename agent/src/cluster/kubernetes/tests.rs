//! The cluster as it is followed, against an API server that serves what real ones answered and misbehaves to order.

mod away;
mod kinds;
mod log;
mod server;
mod watches;

use std::{net::IpAddr, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};

use self::server::{Failing, Server};
use super::*;

const OLD: &str = "metallb-0.8.2-kube-1.17.6";
const NEW: &str = "metallb-0.15.3-kube-1.34.4";

const SERVICES: &str = "/api/v1/services";
const NODES: &str = "/api/v1/nodes";
const STATUSES: &str = "/apis/metallb.io/v1beta1/namespaces/metallb-system/servicel2statuses";
const ADVERTISEMENTS: &str = "/apis/metallb.io/v1beta1/namespaces/metallb-system/l2advertisements";
const POOLS: &str = "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools";

/// Whatever is waited for is there long before that.
const DEADLINE: Duration = Duration::from_secs(20);

/// As patient as a test can be.
const PACE: Pace = Pace {
    first: Duration::from_millis(10),
    longest: Duration::from_millis(50),
    watch: Duration::from_secs(60),
    rediscover: Duration::from_secs(60),
    answer: Duration::from_secs(5),
};

fn on(node: &str) -> Scope {
    Scope { node: Some(node.to_owned()), ..Scope::default() }
}

fn follow(server: &Server) -> Kubernetes {
    Kubernetes::start(server.client(), on("n1"), PACE)
}

/// Waits until that holds, or fails with what is known instead.
async fn until(kubernetes: &mut Kubernetes, what: &str, holds: impl Fn(&Index) -> bool) {
    let waited = tokio::time::timeout(DEADLINE, async {
        while !kubernetes.read(&holds) {
            kubernetes.changed().await;
        }
    });
    if waited.await.is_err() {
        let known = kubernetes.read(|index| (index.state(), index.lb_ips(), index.facts()));
        panic!("{what} within {DEADLINE:?}; instead: {known:?}");
    }
}

/// Waits for something that nobody announces.
async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let waited = tokio::time::timeout(DEADLINE, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what} within {DEADLINE:?}");
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Who should answer, by the prediction.
fn owners(index: &Index) -> Vec<Option<String>> {
    let predicted = |ip| index.said(ip).predicted.pop().and_then(|predicted| predicted.node);
    index.lb_ips().into_iter().map(predicted).collect()
}

fn complete(index: &Index) -> bool {
    index.lb_ips().len() == 3 && owners(index).iter().all(Option::is_some)
}

fn service(name: &str, address: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
    })
}

fn has(address: &'static str) -> impl Fn(&Index) -> bool {
    move |index| index.lb_ips().contains(&ip(address))
}
