//! What comes, goes and changes.

use super::*;

fn service(name: &str, ips: &[&str]) -> Value {
    let ingress: Vec<_> = ips.iter().map(|ip| json!({"ip": ip})).collect();
    json!({
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": ingress}},
    })
}

fn with(mut object: Value, path: &str, value: Value) -> Value {
    *object.pointer_mut(path).unwrap() = value;
    object
}

fn texts(index: &Index) -> Vec<String> {
    index.lb_ips().iter().map(ToString::to_string).collect()
}

#[test]
fn services_come_move_share_and_go() {
    let mut index = Index::new(Scope::default());
    assert!(!index.synced());
    let mut last = index.revision().lb_ips;
    let mut moved =
        |index: &Index| index.revision().lb_ips != std::mem::replace(&mut last, index.revision().lb_ips);

    list(&mut index, Kind::Services, &[]);
    assert!(index.synced() && moved(&index), "the first list is news even if it is empty");
    list(&mut index, Kind::Services, &[]);
    assert!(!moved(&index));

    let put = |index: &mut Index, object: &Value| index.changed(Kind::Services, item(Kind::Services, object));
    put(&mut index, &service("a", &["10.0.0.1", "2001:db8::1"]));
    assert!(moved(&index));
    assert_eq!(texts(&index), ["10.0.0.1", "2001:db8::1"]);
    put(&mut index, &service("b", &["10.0.0.1"]));
    assert!(!moved(&index), "the IP was there already");
    let names: Vec<_> = index.said(ip("10.0.0.1")).services.into_iter().map(|service| service.name).collect();
    assert_eq!(names, ["default/a", "default/b"]);

    put(&mut index, &service("a", &["10.0.0.2"]));
    assert!(moved(&index));
    assert_eq!(texts(&index), ["10.0.0.1", "10.0.0.2"]);
    let before = index.revision();
    put(&mut index, &service("a", &["10.0.0.2"]));
    assert_eq!(index.revision(), before, "the same once more is no news");

    index.deleted(Kind::Services, "default/a");
    assert!(moved(&index));
    assert_eq!(texts(&index), ["10.0.0.1"]);
    put(&mut index, &with(service("b", &["10.0.0.1"]), "/spec/type", json!("ClusterIP")));
    assert!(moved(&index));
    assert!(index.lb_ips().is_empty());

    put(&mut index, &service("c", &["10.0.0.3"]));
    list(&mut index, Kind::Services, &[service("d", &["10.0.0.4"])]);
    assert_eq!(texts(&index), ["10.0.0.4"], "a list replaces the set");
}

#[test]
fn garbage_in_services_is_told_and_costs_nothing_else() {
    let mut index = Index::new(Scope::default());
    let host_name =
        with(service("cloud", &[]), "/status/loadBalancer/ingress", json!([{"hostname": "lb.example"}]));
    let nothing = json!({"metadata": {"name": "bare", "namespace": "default"}, "spec": null, "status": null});
    let services = [
        service("fruit", &["banana", "10.0.0.1"]),
        service("many", &["224.0.0.1", "127.0.0.1", "0.0.0.0", "::ffff:10.0.0.9"]),
        host_name,
        nothing,
    ];
    list(&mut index, Kind::Services, &services);
    assert_eq!(texts(&index), ["10.0.0.1"]);
    let wanted = [
        "default/fruit: \"banana\" is no IP address",
        "default/many: 224.0.0.1 is multicast",
        "default/many: 127.0.0.1 is a loopback address",
        "default/many: 0.0.0.0 is the unspecified address",
        "default/many: ::ffff:10.0.0.9 is v4-mapped: write it as IPv4",
    ];
    assert_eq!(index.state().bad, wanted);

    let long = "x".repeat(10_000);
    let all: Vec<_> = (0..100).map(|n| service(&format!("s{n:03}"), &[long.as_str()])).collect();
    list(&mut index, Kind::Services, &all);
    let bad = index.state().bad;
    assert_eq!((bad.len(), bad.last().map(String::as_str)), (9, Some("and 92 more")));
    assert!(bad.iter().all(|text| text.len() < 200), "{bad:?}");
}

#[test]
fn classes_external_ips_and_room_decide_what_is_watched() {
    let classed = with(
        service("classed", &["10.0.0.2"]),
        "/spec",
        json!({"type": "LoadBalancer", "loadBalancerClass": "x"}),
    );
    let external = json!({
        "metadata": {"name": "external", "namespace": "default"},
        "spec": {"type": "ClusterIP", "externalIPs": ["10.0.0.3", "10.0.0.1"]},
    });
    let services = [service("plain", &["10.0.0.1"]), classed, external, service("six", &["2001:db8::6"])];
    let class = Some("x".to_owned());
    let table = [
        (Scope::default(), vec!["10.0.0.1", "2001:db8::6"]),
        (Scope { class: class.clone(), ..Scope::default() }, vec!["10.0.0.2"]),
        (Scope { external_ips: true, ..Scope::default() }, vec!["10.0.0.1", "10.0.0.3", "2001:db8::6"]),
        (Scope { external_ips: true, class, ..Scope::default() }, vec!["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        (Scope { external_ips: true, capacity: 2, ..Scope::default() }, vec!["10.0.0.1", "10.0.0.3"]),
    ];
    for (scope, wanted) in table {
        let mut index = Index::new(scope.clone());
        list(&mut index, Kind::Services, &services);
        assert_eq!(texts(&index), wanted, "{scope:?}");
        let full = index.state().bad;
        assert_eq!(full.is_empty(), scope.capacity > 2, "{full:?}");
        assert!(full.iter().all(|text| text.contains("3 LB IPs, more than the 2")), "{full:?}");
    }
}

#[test]
fn nodes_that_swap_addresses_keep_them_apart() {
    let node = |name: &str, address: &str| {
        json!({"metadata": {"name": name}, "status": {"addresses": [
            {"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]}})
    };
    let mut index = Index::new(Scope::default());
    list(&mut index, Kind::Nodes, &[node("a", "10.0.0.1"), node("b", "10.0.0.2")]);
    index.changed(Kind::Nodes, item(Kind::Nodes, &node("a", "10.0.0.2")));
    assert_eq!(index.node_of_address(ip("10.0.0.2")), Some("a"));
    index.changed(Kind::Nodes, item(Kind::Nodes, &node("b", "10.0.0.1")));
    assert_eq!(index.node_of_address(ip("10.0.0.1")), Some("b"));
    assert_eq!(index.node_of_address(ip("10.0.0.2")), Some("a"));
    index.deleted(Kind::Nodes, "a");
    assert_eq!(index.node_of_address(ip("10.0.0.2")), None);
}

#[test]
fn the_last_event_counts_and_those_of_bgp_do_not() {
    let mut index = fed(OLD, on("n1"));
    let api = ip("10.77.0.201");
    let mut events = captured(OLD, "events");
    let last = events.iter().position(|event| event["message"] == "announcing from node \"n3\"").unwrap();
    let mut again = events[last].clone();
    again["metadata"]["name"] = json!("api.again");
    again["metadata"]["resourceVersion"] = json!("9999");
    again["message"] = json!("announcing from node \"n1\"");
    index.changed(Kind::Events, item(Kind::Events, &again));
    assert_eq!(index.said(api).events[0].node, "n1", "of one second the later one");
    index.deleted(Kind::Events, "default/api.again");
    assert_eq!(index.said(api).events[0].node, "n3");
    events.clear();
    list(&mut index, Kind::Events, &events);
    assert!(index.said(api).events.is_empty());

    let mut config = captured(OLD, "configmaps");
    config[0]["data"]["config"] =
        json!("address-pools: [{name: up, protocol: bgp, addresses: [10.77.0.0/24]}]");
    index.changed(Kind::Events, item(Kind::Events, &again));
    list(&mut index, Kind::Config, &config);
    while index.settle(1) {}
    let said = index.said(api);
    assert!(said.events.is_empty());
    assert_eq!(said.predicted[0].nobody.as_deref(), Some("pool up is announced by BGP"));
}

#[test]
fn by_the_old_hash_two_services_of_one_ip_are_two_nodes() {
    let mut index = fed(OLD, on("n1"));
    let mut services = captured(OLD, "services");
    let mut endpoints = captured(OLD, "endpoints");
    for name in ["api", "mail", "web"] {
        let service = services.iter_mut().find(|service| service["metadata"]["name"] == name).unwrap();
        service["status"]["loadBalancer"]["ingress"][0]["ip"] = json!("10.77.0.200");
        let ends = endpoints.iter_mut().find(|ends| ends["metadata"]["name"] == name).unwrap();
        ends["subsets"][0]["addresses"] = json!([{"nodeName": "n1"}, {"nodeName": "n2"}, {"nodeName": "n3"}]);
    }
    list(&mut index, Kind::Services, &services);
    list(&mut index, Kind::Endpoints, &endpoints);
    while index.settle(1) {}
    let said = index.said(ip("10.77.0.200"));
    let nodes: BTreeSet<_> = said.predicted.iter().map(|predicted| predicted.node.clone().unwrap()).collect();
    assert_eq!(said.predicted.len(), 3);
    assert!(nodes.len() > 1, "{:?}", said.predicted);
}
