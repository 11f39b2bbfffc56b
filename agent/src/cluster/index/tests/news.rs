//! What a cluster's changes tell the history.

use super::*;
use crate::evidence::{ControlChange, What};

fn changes(index: &mut Index) -> Vec<String> {
    let word = |(ip, what): (Option<IpAddr>, What)| {
        let ip = ip.map_or_else(String::new, |ip| format!("{ip} "));
        match what {
            What::Cause(ControlChange { object, change, .. }) => format!("{ip}{object}: {change}"),
            What::Claim(claim) => {
                format!("{ip}{} {}{}", claim.by, if claim.began { '+' } else { '-' }, claim.on)
            }
            other => format!("{ip}{other:?}"),
        }
    };
    index.take_news().into_iter().map(word).collect()
}

#[test]
fn what_is_there_at_first_is_no_news_and_neither_is_what_is_not_followed_any_more() {
    for set in [OLD, NEW] {
        let mut index = fed(set, on("n1"));
        assert!(!index.has_news() && index.take_news().is_empty(), "{set}");
        for kind in [Kind::Nodes, Kind::Speakers, Kind::Services] {
            index.condition(kind, Condition::Unwanted);
        }
        list(&mut index, Kind::Nodes, &captured(set, "nodes"));
        assert!(index.take_news().is_empty(), "{set}");
    }
}

#[test]
fn a_handover_s_causes_and_claims_are_told_in_the_order_they_came() {
    let mut index = fed(NEW, on("n1"));
    let mut node = captured(NEW, "nodes").remove(0);
    let labels = node["metadata"]["labels"].as_object_mut().unwrap();
    labels.insert("node.kubernetes.io/exclude-from-external-load-balancers".into(), json!(""));
    index.changed(Kind::Nodes, item(Kind::Nodes, &node));
    let web = |object: &&Value| object["status"]["serviceName"] == "web";
    let mut status = captured(NEW, "servicel2statuses").iter().find(web).unwrap().clone();
    status["status"]["node"] = json!("n3");
    index.changed(Kind::Statuses, item(Kind::Statuses, &status));
    index.changed(Kind::Statuses, item(Kind::Statuses, &status));
    assert!(index.has_news());
    assert_eq!(
        changes(&mut index),
        [
            "Node/n1: label node.kubernetes.io/exclude-from-external-load-balancers added",
            "10.77.0.200 l2status -n1",
            "10.77.0.200 l2status +n3",
        ]
    );
    assert!(!index.has_news());
}

#[test]
fn endpoints_that_move_between_slices_are_no_news_and_the_last_one_of_a_node_is() {
    let mut index = fed(NEW, on("n1"));
    let mut service = captured(NEW, "services").into_iter().find(|s| s["metadata"]["name"] == "web").unwrap();
    service["spec"]["externalTrafficPolicy"] = json!("Local");
    index.changed(Kind::Services, item(Kind::Services, &service));
    let slice = |name: &str, nodes: &[&str]| {
        let endpoints: Vec<_> = nodes
            .iter()
            .map(|node| json!({"nodeName": node, "conditions": {"ready": true, "serving": true}}))
            .collect();
        let labels = json!({"kubernetes.io/service-name": "web"});
        json!({"metadata": {"name": name, "namespace": "default", "labels": labels}, "endpoints": endpoints})
    };
    let of_web = |object: &Value| object["metadata"]["labels"]["kubernetes.io/service-name"] == "web";
    let old: Vec<_> = captured(NEW, "endpointslices").into_iter().filter(of_web).collect();
    index.changed(Kind::EndpointSlices, item(Kind::EndpointSlices, &slice("a", &["n1", "n2", "n3"])));
    for object in &old {
        index.deleted(Kind::EndpointSlices, &item(Kind::EndpointSlices, object).key);
    }
    changes(&mut index);

    index.changed(Kind::EndpointSlices, item(Kind::EndpointSlices, &slice("b", &["n2"])));
    index.changed(Kind::EndpointSlices, item(Kind::EndpointSlices, &slice("a", &["n1", "n3"])));
    assert_eq!(changes(&mut index), [""; 0]);
    index.changed(Kind::EndpointSlices, item(Kind::EndpointSlices, &slice("a", &["n3"])));
    index.deleted(Kind::EndpointSlices, "default/b");
    assert_eq!(
        changes(&mut index),
        [
            "10.77.0.200 EndpointSlice/default/a: no endpoint is left on n1",
            "10.77.0.200 EndpointSlice/default/b: no endpoint is left on n2",
        ]
    );
}

#[test]
fn what_a_list_finds_gone_after_a_time_without_the_api_server_is_told() {
    let mut index = fed(NEW, on("n1"));
    let pods = captured(NEW, "pods");
    let left: Vec<_> = pods.iter().filter(|pod| pod["spec"]["nodeName"] != "n2").cloned().collect();
    index.condition(Kind::Speakers, Condition::Lost { since: at(0), error: "away".into() });
    list(&mut index, Kind::Speakers, &left);
    let told = changes(&mut index);
    assert!(told.len() == 1 && told[0].ends_with(": speaker on n2 is gone"), "{told:?}");
    assert!(told[0].starts_with("Pod/metallb-system/speaker-"), "{told:?}");
}

#[test]
fn what_nobody_takes_is_counted_beyond_a_bound() {
    let mut index = fed(NEW, on("n1"));
    let mut node = captured(NEW, "nodes").remove(0);
    for round in 0..10_000 {
        node["spec"]["unschedulable"] = json!(round % 2 == 0);
        index.changed(Kind::Nodes, item(Kind::Nodes, &node));
    }
    let told = index.take_news();
    assert_eq!(told.len(), 8193);
    let lost = crate::evidence::Lost { count: 10_000 - 8192, reason: "control_plane".into() };
    assert_eq!(told.last(), Some(&(None, What::Lost(lost))));
}
