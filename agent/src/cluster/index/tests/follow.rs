//! What is told when something is not followed, or not understood.

use super::*;
use crate::cluster::Object;

fn lost(second: i64) -> Condition {
    Condition::Lost { since: at(second), error: "connection refused".into() }
}

fn refused() -> Condition {
    Condition::Refused { since: at(5), error: "forbidden: grant list,watch".into() }
}

const WEB: &str = "10.77.0.200";

#[test]
fn a_lost_api_server_leaves_everything_in_force_and_is_told_once() {
    let mut index = fed(NEW, on("n1"));
    let before = index.said(ip(WEB));
    let kinds = [Kind::Nodes, Kind::Speakers, Kind::HelmSpeakers, Kind::Services, Kind::EndpointSlices];
    let others = [Kind::Pools, Kind::Advertisements, Kind::Statuses, Kind::Events, Kind::OwnPods];
    for (second, kind) in kinds.into_iter().chain(others).enumerate() {
        index.condition(kind, lost(i64::try_from(second).unwrap()));
    }
    while index.settle(1) {}
    let state = index.state();
    assert_eq!((state.synced, state.lost), (Some(at(0)), Some(at(3))));
    assert_eq!(state.error.as_deref(), Some("connection refused"));
    assert!(state.missing.is_empty(), "{state:?}");
    assert_eq!(index.said(ip(WEB)), before);
    assert_eq!(index.lb_ips().len(), 3);

    index.condition(Kind::Services, Condition::Followed(at(60)));
    let state = index.state();
    assert_eq!((state.synced, state.lost, state.error.as_deref()), (Some(at(60)), None, None));
    assert!(state.missing["nodes"].starts_with("lost since 2026-"), "{state:?}");
}

#[test]
fn what_is_not_followed_is_not_believed() {
    let table = [
        (Kind::Statuses, refused(), (0, 1, 1)),
        (Kind::Statuses, lost(9), (0, 1, 1)),
        (Kind::Events, refused(), (1, 0, 1)),
        (Kind::Nodes, refused(), (1, 1, 0)),
        (Kind::Speakers, refused(), (1, 1, 0)),
        (Kind::HelmSpeakers, refused(), (1, 1, 0)),
        (Kind::EndpointSlices, lost(9), (1, 1, 0)),
        (Kind::EndpointSlices, Condition::Unwanted, (1, 1, 0)),
        (Kind::Pools, refused(), (1, 1, 0)),
        (Kind::Advertisements, Condition::NotServed("not served".into()), (1, 1, 0)),
        (Kind::OwnPods, refused(), (1, 1, 1)),
        (Kind::Services, refused(), (1, 1, 0)),
    ];
    for (kind, condition, wanted) in table {
        let mut index = fed(NEW, on("n1"));
        index.condition(kind, condition.clone());
        while index.settle(1) {}
        let said = index.said(ip(WEB));
        let found = (said.statuses.len(), said.events.len(), said.predicted.len());
        assert_eq!(found, wanted, "{kind:?} {condition:?}");
        assert_eq!(said.services.len(), 1);
        let told = index.state().missing.get(kind.label()).cloned();
        assert_eq!(told.is_some(), condition != Condition::Unwanted, "{kind:?} {told:?}");

        index.condition(kind, Condition::Followed(at(99)));
        while index.settle(1) {}
        assert!(!index.state().missing.contains_key(kind.label()), "{kind:?}");
    }
}

#[test]
fn an_object_that_is_not_understood_makes_its_part_unknown_and_nothing_else() {
    let garbage = |name: &str, spec: Value| json!({"metadata": {"name": name, "namespace": "metallb-system"}, "spec": spec});
    let mut status = captured(NEW, "servicel2statuses").remove(0);
    status["status"]["interfaces"] = json!("eth0");
    let table = [
        (Kind::Advertisements, garbage("odd", json!({"interfaces": 7})), (1, 0)),
        (Kind::Pools, garbage("odd", json!({"addresses": ["banana"]})), (1, 0)),
        (Kind::Pools, garbage("odd", json!({"ranges": []})), (1, 0)),
        (Kind::Statuses, status, (1, 1)),
        (Kind::Nodes, json!({"metadata": {"name": "odd"}, "status": {"addresses": 1}}), (1, 0)),
    ];
    for (kind, object, wanted) in table {
        let mut index = fed(NEW, on("n1"));
        let before = index.revision();
        let odd = item(kind, &object);
        index.changed(kind, odd.clone());
        while index.settle(1) {}
        assert!(index.revision().any > before.any);
        let said = index.said(ip(WEB));
        assert_eq!((said.statuses.len(), said.predicted.len()), wanted, "{kind:?}");
        let told = index.state().missing[kind.label()].clone();
        assert!(told.contains("is not understood: "), "{told}");

        index.deleted(kind, &odd.key);
        while index.settle(1) {}
        assert_eq!(index.said(ip(WEB)).predicted.len(), 1, "{kind:?}");
        assert!(!index.state().missing.contains_key(kind.label()), "{kind:?}");
    }
}

#[test]
fn an_advertisement_of_a_newer_sort_makes_no_wrong_prediction() {
    let mut index = fed(NEW, on("n1"));
    let mut ad = captured(NEW, "l2advertisements").remove(0);
    ad["spec"] = json!({"preferredNodeSelectors": [{"weight": 1}]});
    index.changed(Kind::Advertisements, item(Kind::Advertisements, &ad));
    while index.settle(1) {}
    assert!(index.said(ip(WEB)).predicted.is_empty());
    assert!(index.state().missing["election"].contains("the L2Advertisement a prefers"));
}

#[test]
fn without_any_speaker_nothing_is_predicted() {
    let mut index = fed(NEW, on("n1"));
    list(&mut index, Kind::Speakers, &[]);
    while index.settle(1) {}
    assert!(index.said(ip(WEB)).predicted.is_empty());
    assert_eq!(index.own_speaker(), None);
    assert!(index.state().missing["election"].contains("no pod has the labels"));
}

#[test]
fn the_reason_why_nobody_should_announce_is_told() {
    let mut index = fed(NEW, on("n1"));
    index.deleted(Kind::Advertisements, "metallb-system/a");
    while index.settle(1) {}
    let said = index.said(ip(WEB));
    assert_eq!(said.predicted[0].node, None);
    assert_eq!(said.predicted[0].nobody.as_deref(), Some("no L2Advertisement selects the pool p"));
}

#[test]
fn services_that_the_speakers_leave_to_others_are_told_apart() {
    let mut index = fed(NEW, on("n1"));
    let mut pods = captured(NEW, "pods");
    for pod in &mut pods {
        pod["spec"]["containers"][0]["args"] = json!(["--lb-class=x"]);
    }
    list(&mut index, Kind::Speakers, &pods);
    while index.settle(1) {}
    let said = index.said(ip(WEB));
    let found: Vec<_> = said.predicted.iter().map(|known| (known.node.as_deref(), known.elsewhere)).collect();
    assert_eq!(found, [(None, true)]);
}

#[test]
fn a_status_that_another_speaker_could_not_change_is_known_by_its_label() {
    let read = |file| {
        let status = |object: &Value| match item(Kind::Statuses, object).object {
            Ok(Some(Object::Status(status))) => status,
            other => panic!("{other:?}"),
        };
        captured(NEW, file).iter().map(status).collect::<Vec<_>>()
    };
    let well = read("servicel2statuses");
    assert_eq!(well.len(), 3);
    assert!(well.iter().all(|status| status.stuck_by().is_none()), "{well:?}");

    let stuck = read("servicel2statuses-stuck");
    let [status] = stuck.as_slice() else { panic!("{stuck:?}") };
    assert_eq!((status.node.as_str(), status.stuck_by()), ("n3", Some("n1")));
    assert_eq!((status.service.as_str(), status.object.as_str()), ("shop/mail", "metallb-system/l2-drgvb"));
}
