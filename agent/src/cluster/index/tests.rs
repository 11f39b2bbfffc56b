//! The index against what two real API servers answered.

mod change;
mod follow;
mod news;
mod scale;

use serde_json::{Value, json};

use super::*;
use crate::{
    claims::election::Rules,
    cluster::{Kind, objects::read},
};

const OLD: &str = "metallb-0.8.2-kube-1.17.6";
const NEW: &str = "metallb-0.15.3-kube-1.34.4";

/// A list as the API server gave it.
fn captured(set: &str, file: &str) -> Vec<Value> {
    let path = format!("{}/../tests/data/{set}/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let list: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn item(kind: Kind, object: &Value) -> Item {
    read(kind, &object.to_string()).unwrap()
}

/// What the API server would give for a kind: it applies the selectors.
fn list(index: &mut Index, kind: Kind, objects: &[Value]) {
    let label = |object: &Value, key: &str| object["metadata"]["labels"][key].as_str().map(str::to_owned);
    let node = index.scope.node.clone();
    let selected = |object: &&Value| match kind {
        Kind::OwnPods => object["spec"]["nodeName"].as_str() == node.as_deref(),
        Kind::Speakers => label(object, "component").as_deref() == Some("speaker"),
        Kind::HelmSpeakers => label(object, "app.kubernetes.io/component").as_deref() == Some("speaker"),
        Kind::Events => object["reason"] == "nodeAssigned",
        Kind::Config => object["metadata"]["name"] == "config",
        _ => true,
    };
    let items = objects.iter().filter(selected).map(|object| item(kind, object)).collect();
    index.listed(kind, items, at(0));
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

/// An index that was fed with a capture.
fn fed(set: &str, scope: Scope) -> Index {
    let mut index = Index::new(scope);
    let common = [
        (Kind::Services, "services"),
        (Kind::Nodes, "nodes"),
        (Kind::OwnPods, "pods"),
        (Kind::Speakers, "pods"),
        (Kind::HelmSpeakers, "pods"),
        (Kind::Events, "events"),
    ];
    let old = [(Kind::Config, "configmaps"), (Kind::Endpoints, "endpoints")];
    let new = [
        (Kind::Statuses, "servicel2statuses"),
        (Kind::Pools, "ipaddresspools"),
        (Kind::Advertisements, "l2advertisements"),
        (Kind::EndpointSlices, "endpointslices"),
    ];
    let further = if set == OLD { old.as_slice() } else { &new };
    for (kind, file) in common.iter().chain(further) {
        list(&mut index, *kind, &captured(set, file));
    }
    let advertisements = set == NEW;
    index.served(Served { advertisements, statuses: advertisements, configuration_states: advertisements });
    if set == OLD {
        index.condition(Kind::Statuses, Condition::NotServed("not served".into()));
    }
    while index.settle(1) {}
    index
}

fn on(node: &str) -> Scope {
    Scope { node: Some(node.to_owned()), ..Scope::default() }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn lb_ips_and_their_services_are_those_of_the_clusters() {
    for set in [OLD, NEW] {
        let index = fed(set, on("n1"));
        let ips: Vec<_> = index.lb_ips().iter().map(ToString::to_string).collect();
        assert_eq!(ips, ["10.77.0.200", "10.77.0.201", "10.77.0.202"], "{set}");
        assert_eq!(index.services_named("default/api"), [ip("10.77.0.201")], "{set}");
        assert_eq!(
            index.services().collect::<Vec<_>>(),
            ["default/api", "default/mail", "default/web"],
            "{set}"
        );
        assert!(index.services_named("default/kubernetes").is_empty(), "{set}");
        let said = index.said(ip("10.77.0.200"));
        assert_eq!(said.services.len(), 1, "{set}");
        assert_eq!(said.services[0].name, "default/web", "{set}");
        assert_eq!(index.said(ip("10.77.0.203")), crate::evidence::Said::default());
    }
}

/// `metallb_speaker_announced` in the captures says the same as this table.
#[test]
fn the_predicted_owner_is_the_one_that_events_statuses_and_metrics_name() {
    let table = [
        (OLD, "10.77.0.200", "n1", "0.8"),
        (OLD, "10.77.0.201", "n3", "0.8"),
        (OLD, "10.77.0.202", "n3", "0.8"),
        (NEW, "10.77.0.200", "n1", "0.15"),
        (NEW, "10.77.0.201", "n2", "0.15"),
        (NEW, "10.77.0.202", "n1", "0.15"),
    ];
    for (set, address, owner, rules) in table {
        let index = fed(set, on("n2"));
        let said = index.said(ip(address));
        let predicted: Vec<_> =
            said.predicted.iter().map(|p| (p.node.as_deref(), p.rules.as_str())).collect();
        assert_eq!(predicted, [(Some(owner), rules)], "{set} {address}: {said:?}");
        assert_eq!(said.predicted[0].nobody, None);
        assert_eq!(said.predicted[0].interfaces, None);
        assert_eq!(
            said.events.iter().map(|event| event.node.as_str()).collect::<Vec<_>>(),
            [owner],
            "{set} {address}"
        );
        let statuses: Vec<_> = said.statuses.iter().map(|status| status.node.as_str()).collect();
        assert_eq!(statuses, if set == OLD { vec![] } else { vec![owner] }, "{set} {address}");
        assert!(said.announced.is_empty() && said.counters.is_empty());
    }
}

#[test]
fn before_its_node_got_the_label_the_ip_was_another_nodes() {
    let mut index = fed(NEW, on("n1"));
    let mut nodes = captured(NEW, "nodes");
    let labels = nodes[2]["metadata"]["labels"].as_object_mut().unwrap();
    assert!(labels.remove("node.kubernetes.io/exclude-from-external-load-balancers").is_some());
    let before = index.revision();
    index.changed(Kind::Nodes, item(Kind::Nodes, &nodes[2]));
    while index.settle(1) {}
    let owners = ["10.77.0.200", "10.77.0.201", "10.77.0.202"]
        .map(|address| index.said(ip(address)).predicted.remove(0).node);
    assert_eq!(owners.map(Option::unwrap), ["n3", "n2", "n1"]);
    assert_eq!(index.revision().lb_ips, before.lb_ips);
    assert!(index.revision().any > before.any);
}

#[test]
fn containers_pods_speakers_and_nodes_are_found() {
    let index = fed(NEW, on("n3"));
    let speaker = "a42cf94c0274ae9818deaa2e6d7309dff74edd00ed6d4f4d22b98543447f8e2c";
    assert_eq!(index.pod_of_container(speaker), Some(("metallb-system/speaker-48cxr", true)));
    assert_eq!(index.pod_of_container("0"), None);
    let (name, is_speaker) = {
        let pods = captured(NEW, "pods");
        let pod = pods
            .iter()
            .find(|pod| pod["spec"]["nodeName"] == "n3" && pod["metadata"]["labels"]["app"] == "backend");
        let id = pod.unwrap()["status"]["containerStatuses"][0]["containerID"].as_str().unwrap().to_owned();
        let (name, is_speaker) = index.pod_of_container(id.trim_start_matches("containerd://")).unwrap();
        (name.to_owned(), is_speaker)
    };
    assert!(name.starts_with("default/backend-") && !is_speaker, "{name}");

    let own = index.own_speaker().unwrap();
    assert_eq!(
        (own.namespace.as_str(), own.name.as_str(), own.ready),
        ("metallb-system", "speaker-48cxr", true)
    );
    assert_eq!(own.version.as_deref(), Some("v0.15.3"));
    assert_eq!((own.host_ip, own.pod_ip), (Some(ip("10.77.0.13")), Some(ip("10.77.0.13"))));
    assert_eq!(own.args, ["--port=7472", "--log-level=info"]);
    let ports: Vec<_> = own.ports.iter().map(|port| (port.name.as_str(), port.number)).collect();
    assert_eq!(ports, [("monitoring", 7472), ("memberlist-tcp", 7946), ("memberlist-udp", 7946)]);
    assert_eq!(index.speakers().count(), 3);
    assert!(index.speakers().filter(|pod| pod.node.as_deref() != Some("n3")).all(|pod| pod.ports.is_empty()));

    assert_eq!(index.node_of_address(ip("10.77.0.12")), Some("n2"));
    assert_eq!(index.node_of_address(ip("10.77.0.100")), None);
    assert_eq!(index.addresses_of("n2"), [ip("10.77.0.12")]);
    assert_eq!(index.nodes().collect::<Vec<_>>(), ["n1", "n2", "n3"]);
    assert_eq!(index.pools()[0].size(), 51);
}

#[test]
fn a_speaker_of_an_image_without_a_tag_is_known_by_how_it_is_set_up() {
    let index = fed(OLD, on("n1"));
    let own = index.own_speaker().unwrap();
    assert_eq!((own.name.as_str(), own.version), ("speaker-n1", None));
    let facts = index.facts();
    assert!(facts.speakers_known);
    assert_eq!((facts.namespace.as_str(), facts.config.as_str()), ("metallb-system", "config"));
    assert_eq!(facts.rules.map(Rules::label), Some("0.8"));
    assert!(!index.state().missing.contains_key("election"));

    let mut pods = captured(OLD, "pods");
    for pod in &mut pods {
        pod["spec"]["containers"][0]["env"] = json!([
            {"name": "METALLB_ML_BIND_ADDR", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "METALLB_ML_LABELS", "value": "app=metallb,component=speaker"},
        ]);
    }
    let mut index = fed(OLD, on("n1"));
    list(&mut index, Kind::Speakers, &pods);
    while index.settle(1) {}
    assert_eq!(index.facts().rules, None);
    assert!(index.said(ip("10.77.0.200")).predicted.is_empty());
    assert!(index.state().missing["election"].contains("--metallb-version"));

    let mut index = fed(OLD, Scope { version: Some(Version::new(0, 10, 3)), ..on("n1") });
    list(&mut index, Kind::Speakers, &pods);
    while index.settle(1) {}
    assert_eq!(index.said(ip("10.77.0.200")).predicted[0].rules, "0.9-0.10");
}
