//! Large clusters: nothing may grow with the product of Services and nodes.

use super::*;

fn node(number: usize) -> Value {
    let address = format!("10.1.{}.{}", number / 250, number % 250 + 1);
    json!({
        "metadata": {"name": format!("node-{number}"), "labels": {
            "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": format!("node-{number}"),
            "node-role.kubernetes.io/worker": "", "topology.kubernetes.io/zone": format!("zone-{}", number % 3)}},
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    })
}

fn speaker(number: usize, ready: bool) -> Value {
    json!({
        "metadata": {"name": format!("speaker-{number}"), "namespace": "metallb-system",
            "labels": {"app": "metallb", "component": "speaker"}},
        "spec": {"nodeName": format!("node-{number}"), "containers": [{"name": "speaker",
            "image": "quay.io/metallb/speaker:v0.15.3", "args": ["--ml-bindaddr=::", "--ml-labels=app=metallb"]}]},
        "status": {"conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]},
    })
}

fn service(number: usize) -> Value {
    json!({
        "metadata": {"name": format!("s-{number}"), "namespace": "default"},
        "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"ip": format!("10.2.{}.{}", number / 250, number % 250)}]}},
    })
}

fn slice(number: usize, nodes: usize) -> Value {
    let ends: Vec<_> = (0..3)
        .map(|n| json!({"nodeName": format!("node-{}", (number * 7 + n) % nodes), "conditions": {"ready": true}}))
        .collect();
    json!({
        "metadata": {"name": format!("s-{number}-abcde"), "namespace": "default",
            "labels": {"kubernetes.io/service-name": format!("s-{number}")}},
        "endpoints": ends,
    })
}

/// A cluster of that many.
fn cluster(services: usize, nodes: usize) -> Index {
    let mut index = Index::new(Scope::default());
    let range = json!({"metadata": {"name": "p", "namespace": "metallb-system"}, "spec": {"addresses": ["10.2.0.0/16"]}});
    let ad = json!({"metadata": {"name": "a", "namespace": "metallb-system"}});
    list(&mut index, Kind::Services, &(0..services).map(service).collect::<Vec<_>>());
    list(&mut index, Kind::Nodes, &(0..nodes).map(node).collect::<Vec<_>>());
    list(&mut index, Kind::EndpointSlices, &(0..services).map(|n| slice(n, nodes)).collect::<Vec<_>>());
    list(&mut index, Kind::Speakers, &(0..nodes).map(|n| speaker(n, true)).collect::<Vec<_>>());
    list(&mut index, Kind::HelmSpeakers, &[]);
    list(&mut index, Kind::Pools, &[range]);
    list(&mut index, Kind::Advertisements, &[ad]);
    index
}

/// How many portions of that size it takes.
fn portions(index: &mut Index, hashes: usize) -> usize {
    let mut count = 1;
    while index.settle(hashes) {
        count += 1;
    }
    count
}

#[test]
fn a_change_costs_what_changed_and_not_all_elections() {
    let (services, nodes) = (200, 100);
    let mut index = cluster(services, nodes);
    // Each Service is one look and as many hashes as there are candidates.
    assert_eq!(portions(&mut index, 1_010), services * (nodes + 1) / 1_010);
    assert_eq!(portions(&mut index, 1), 1, "there is nothing left to do");

    index.changed(Kind::Speakers, item(Kind::Speakers, &speaker(7, false)));
    let cost = portions(&mut index, 1);
    // All are looked at; only those that node 7 had are elected anew.
    assert!(cost <= services + 1, "{cost}");
    index.changed(Kind::Services, item(Kind::Services, &with_two(3)));
    assert!(portions(&mut index, 1) <= 2);

    let fresh = {
        let mut fresh = cluster(services, nodes);
        fresh.changed(Kind::Speakers, item(Kind::Speakers, &speaker(7, false)));
        fresh.changed(Kind::Services, item(Kind::Services, &with_two(3)));
        while fresh.settle(usize::MAX) {}
        fresh
    };
    for ip in fresh.lb_ips() {
        assert_eq!(index.said(ip), fresh.said(ip));
        assert_ne!(index.said(ip).predicted[0].node.as_deref(), Some("node-7"));
    }
}

fn with_two(number: usize) -> Value {
    let mut service = service(number);
    service["status"]["loadBalancer"]["ingress"] = json!([{"ip": "10.2.200.1"}, {"ip": "10.2.200.2"}]);
    service
}

#[test]
fn ten_thousand_services_on_five_thousand_nodes_are_read_and_asked() {
    let mut index = cluster(10_000, 5_000);
    // One portion, as after each change; the whole takes some thousand of them.
    assert!(index.settle(20_000));
    assert_eq!(index.lb_ips().len(), 10_000);
    for ip in index.lb_ips() {
        assert_eq!(index.said(ip).services.len(), 1);
    }
    assert_eq!(index.node_of_address(ip("10.1.19.250")), Some("node-4999"));
}
