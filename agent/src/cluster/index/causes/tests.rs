//! What is told of each change.

use super::*;
use crate::{claims::election::NodeFacts, cluster::objects::ConditionStatus};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

/// `what`, as `about: change @own time`.
fn told(kind: Kind, key: &str, old: Option<&Facet>, new: Option<&Facet>) -> Vec<String> {
    let word = |(about, what): (About, What)| {
        let about = match about {
            About::All => "all".to_owned(),
            About::Service(service) => service.as_ref().to_owned(),
            About::Ip(ip) => ip.to_string(),
        };
        let (text, time) = match what {
            What::Cause(ControlChange { object, change, own_time }) => {
                (format!("{object} {change}"), own_time)
            }
            What::Claim(ClaimChange { by, service, on, began, own_time }) => {
                (format!("{by} {service} {}{on}", if began { '+' } else { '-' }), own_time)
            }
            other => panic!("{other:?}"),
        };
        let time = time.map_or_else(String::new, |time| format!(" @{}", time.as_second() - 1_795_000_000));
        format!("{about}: {text}{time}")
    };
    diff(kind, key, old, new).into_iter().map(word).collect()
}

fn node(ready: ConditionStatus, unavailable: bool, labels: &[(&str, &str)], cordoned: bool) -> Facet {
    let state = |status, second| Some(ConditionState { status, since: Some(at(second)) });
    let network = if unavailable { ConditionStatus::True } else { ConditionStatus::False };
    let labels = labels.iter().copied().collect();
    let facts = NodeFacts { labels, network_unavailable: unavailable, unschedulable: cordoned };
    let node =
        Node { facts, ready: state(ready, 7), network_unavailable: state(network, 8), ..Node::default() };
    Facet::node(&node)
}

#[test]
fn of_nodes_conditions_label_and_cordon_are_told() {
    use ConditionStatus::{False, True, Unknown};
    let well = node(True, false, &[("zone", "a")], false);
    let label = (EXCLUDE_LABEL, "");
    let table = [
        (Some(&well), Some(node(True, false, &[("zone", "b")], false)), vec![]),
        (Some(&well), Some(node(Unknown, false, &[], false)), vec!["Ready became Unknown @7"]),
        (
            Some(&well),
            Some(node(False, true, &[], false)),
            vec!["Ready became False @7", "NetworkUnavailable became True @8"],
        ),
        (
            Some(&well),
            Some(node(True, false, &[label], false)),
            vec!["label node.kubernetes.io/exclude-from-external-load-balancers added"],
        ),
        (Some(&well), Some(node(True, false, &[], true)), vec!["cordoned"]),
        (None, Some(well.clone()), vec!["created"]),
        (Some(&well), None, vec!["deleted"]),
    ];
    for (old, new, wanted) in table {
        let wanted: Vec<_> = wanted.iter().map(|text| format!("all: Node/n1 {text}")).collect();
        assert_eq!(told(Kind::Nodes, "n1", old, new.as_ref()), wanted);
    }
    let (labelled, cordoned) = (node(True, false, &[label], false), node(True, false, &[], true));
    let removed = "all: Node/n1 label node.kubernetes.io/exclude-from-external-load-balancers removed";
    assert_eq!(told(Kind::Nodes, "n1", Some(&labelled), Some(&well)), [removed]);
    assert_eq!(told(Kind::Nodes, "n1", Some(&cordoned), Some(&well)), ["all: Node/n1 uncordoned"]);
}

#[test]
fn of_speakers_their_coming_and_going_is_told_with_its_own_time() {
    let pod = |ready: bool, deleting: Option<i64>| {
        Facet::speaker(&Pod {
            node: Some("n1".into()),
            ready,
            created: Some(at(1)),
            ready_since: Some(at(2)),
            deleting: deleting.map(at),
            ..Pod::default()
        })
    };
    let table = [
        (None, Some(pod(false, None)), vec!["speaker on n1 created @1"]),
        (None, Some(pod(true, None)), vec!["speaker on n1 created @1", "speaker on n1 became ready @2"]),
        (Some(pod(false, None)), Some(pod(true, None)), vec!["speaker on n1 became ready @2"]),
        (Some(pod(true, None)), Some(pod(false, None)), vec!["speaker on n1 is not ready any more @2"]),
        (Some(pod(true, None)), Some(pod(false, Some(9))), vec!["speaker on n1 is being deleted @9"]),
        (Some(pod(false, Some(9))), Some(pod(false, Some(9))), vec![]),
        (Some(pod(false, Some(9))), None, vec!["speaker on n1 is gone"]),
    ];
    for (old, new, wanted) in table {
        let wanted: Vec<_> = wanted.iter().map(|text| format!("all: Pod/metallb-system/s {text}")).collect();
        assert_eq!(told(Kind::Speakers, "metallb-system/s", old.as_ref(), new.as_ref()), wanted);
    }
}

#[test]
fn of_endpoints_the_first_and_the_last_are_told_by_node_where_that_decides() {
    let serving = |by_node: bool, nodes: &[&str]| Facet::Serving {
        service: "default/web".into(),
        by_node,
        nodes: nodes.iter().map(|node| Arc::from(*node)).collect(),
    };
    let table = [
        (true, vec!["n1", "n2"], vec!["n2"], vec!["no endpoint is left on n1"]),
        (true, vec!["n1"], vec!["n1", "n3"], vec!["first endpoint on n3"]),
        (true, vec!["n1"], vec![], vec!["no endpoint is left on n1", "has no endpoint any more"]),
        (false, vec!["n1"], vec!["n2"], vec![]),
        (false, vec!["n1"], vec![], vec!["has no endpoint any more"]),
        (false, vec![], vec!["n2"], vec!["has endpoints"]),
    ];
    for (by_node, old, new, wanted) in table {
        let wanted: Vec<_> =
            wanted.iter().map(|text| format!("default/web: EndpointSlice/default/web-x {text}")).collect();
        let (old, new) = (serving(by_node, &old), serving(by_node, &new));
        assert_eq!(told(Kind::EndpointSlices, "default/web-x", Some(&old), Some(&new)), wanted);
    }
}

#[test]
fn of_services_addresses_and_policy_are_told() {
    let service = |ips: &[&str], local_policy| Facet::Service {
        name: "default/web".into(),
        ips: ips.iter().map(|ip| ip.parse().unwrap()).collect(),
        local_policy,
    };
    let (one, other) = (service(&["192.0.2.1"], false), service(&["192.0.2.2"], true));
    let table = [
        (None, Some(&one), vec!["192.0.2.1: Service/default/web got 192.0.2.1"]),
        (Some(&one), None, vec!["192.0.2.1: Service/default/web deleted, and 192.0.2.1 with it"]),
        (
            Some(&one),
            Some(&other),
            vec![
                "192.0.2.1: Service/default/web lost 192.0.2.1",
                "192.0.2.2: Service/default/web got 192.0.2.2",
                "default/web: Service/default/web externalTrafficPolicy became Local",
            ],
        ),
        (Some(&one), Some(&one), vec![]),
    ];
    for (old, new, wanted) in table {
        assert_eq!(told(Kind::Services, "default/web", old, new), wanted);
    }
}

#[test]
fn whoever_is_said_to_announce_is_a_claim() {
    let status = |node: &str| {
        let (service, node) = ("default/web".to_owned(), node.to_owned());
        let written_by = Some(node.clone());
        Facet::Status(L2Status {
            service,
            node,
            interfaces: Vec::new(),
            object: "metallb-system/l2-a".to_owned(),
            written_by,
        })
    };
    let assigned = |node: &str, second| {
        let (service, node) = ("default/web".into(), node.into());
        Facet::Assigned(Event { service, node, at: at(second), order: 0 })
    };
    let (n1, n2) = (status("n1"), status("n2"));
    let (first, again, late) = (assigned("n1", 1), assigned("n1", 9), assigned("n2", 5));
    let table = [
        (Kind::Statuses, None, Some(&n1), vec!["l2status default/web +n1"]),
        (Kind::Statuses, Some(&n1), Some(&n2), vec!["l2status default/web -n1", "l2status default/web +n2"]),
        (Kind::Statuses, Some(&n1), None, vec!["l2status default/web -n1"]),
        (Kind::Statuses, Some(&n1), Some(&n1), vec![]),
        (Kind::Events, None, Some(&first), vec!["event default/web +n1 @1"]),
        (Kind::Events, Some(&first), Some(&again), vec!["event default/web +n1 @9"]),
        (Kind::Events, Some(&again), Some(&late), vec![]),
        (Kind::Events, Some(&again), None, vec![]),
    ];
    for (kind, old, new, wanted) in table {
        let wanted: Vec<_> = wanted.iter().map(|text| format!("default/web: {text}")).collect();
        assert_eq!(told(kind, "x", old, new), wanted);
    }
}

#[test]
fn of_metallb_s_configuration_every_change_is_told() {
    let there = Some(&Facet::Configuration);
    let table = [
        (Kind::Advertisements, None, there, "all: L2Advertisement/metallb-system/l2 created"),
        (Kind::Pools, there, there, "all: IPAddressPool/metallb-system/l2 changed"),
        (Kind::Config, there, None, "all: ConfigMap/metallb-system/l2 deleted"),
    ];
    for (kind, old, new, wanted) in table {
        assert_eq!(told(kind, "metallb-system/l2", old, new), [wanted]);
    }
}
