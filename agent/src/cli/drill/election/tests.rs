//! On what a real cluster had: MetalLB 0.15.3, three nodes.

use serde_json::Value;

use super::*;
use crate::cluster::Item;

/// A list of the captured cluster, each object as `edit` makes it.
fn captured(file: &str, kind: Kind, edit: impl Fn(&mut Value)) -> Vec<Item> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/metallb-0.15.3-kube-1.34.4");
    let list: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{folder}/{file}.json")).unwrap()).unwrap();
    let items = list["items"].as_array().unwrap().iter().cloned().map(|mut item| {
        edit(&mut item);
        item
    });
    items.map(|item| read(kind, &item.to_string()).unwrap()).collect()
}

/// All of it; speakers as `edit` makes them.
fn index(edit: impl Fn(&mut Value)) -> Index {
    let mut index = Index::new(Scope::default());
    let at = jiff::Timestamp::UNIX_EPOCH;
    let nothing = |_: &mut Value| {};
    let is_speaker = |pod: &Value| pod["metadata"]["labels"]["component"] == "speaker";
    let mut speakers = captured("pods", Kind::Speakers, |pod| {
        if is_speaker(pod) {
            edit(pod);
        }
    });
    speakers.retain(|pod| pod.key.contains("/speaker-"));
    assert_eq!(speakers.len(), 3);
    index.listed(Kind::Speakers, speakers, at);
    index.listed(Kind::HelmSpeakers, Vec::new(), at);
    for (file, kind) in [
        ("services", Kind::Services),
        ("nodes", Kind::Nodes),
        ("endpointslices", Kind::EndpointSlices),
        ("ipaddresspools", Kind::Pools),
        ("l2advertisements", Kind::Advertisements),
    ] {
        index.listed(kind, captured(file, kind, nothing), at);
    }
    while index.settle(usize::MAX) {}
    index
}

fn node(name: &str) -> Node {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/metallb-0.15.3-kube-1.34.4");
    let list: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{folder}/nodes.json")).unwrap()).unwrap();
    let mut nodes = list["items"].as_array().unwrap().iter();
    let node = nodes.find(|node| node["metadata"]["name"] == name).unwrap();
    let mut node: Node = serde_json::from_value(node.clone()).unwrap();
    // As it was before anybody labelled it.
    node.metadata.labels.as_mut().unwrap().remove(EXCLUDE_LABEL);
    node
}

fn who(predictions: &BTreeMap<IpAddr, Vec<Prediction>>) -> Vec<String> {
    let mut all: Vec<_> = predictions
        .values()
        .flatten()
        .map(|one| format!("{} {}", one.service, one.node.as_deref().unwrap_or("nobody")))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn only_what_is_on_the_labelled_node_would_move() {
    let before = who(&Elections::of(index(|_| {}), &node("n1")).before);
    assert!(before.len() > 2, "{before:?}");
    let mut moved = 0;
    for name in ["n1", "n2", "n3"] {
        let Elections { before, after, unknown } = Elections::of(index(|_| {}), &node(name));
        assert_eq!(unknown, None);
        for (one, other) in who(&before).iter().zip(who(&after)) {
            if one.ends_with(&format!(" {name}")) {
                assert!(!other.ends_with(&format!(" {name}")), "{name}: {other}");
                moved += 1;
            } else {
                assert_eq!(*one, other, "{name}");
            }
        }
    }
    assert_eq!(moved, before.iter().filter(|one| !one.ends_with(" nobody")).count());
}

#[test]
fn what_the_election_lacks_is_named() {
    let mut index = index(|_| {});
    let since = jiff::Timestamp::UNIX_EPOCH;
    let refused = crate::cluster::Condition::Refused {
        since,
        error: "forbidden: grant list,watch on pools".to_owned(),
    };
    index.condition(Kind::Pools, refused);
    while index.settle(usize::MAX) {}
    let Elections { before, after, unknown } = Elections::of(index, &node("n1"));
    assert_eq!((who(&before), who(&after)), (Vec::new(), Vec::new()));
    assert!(unknown.as_deref().is_some_and(|why| why.contains("forbidden: grant")), "{unknown:?}");
}

#[test]
fn speakers_that_take_no_notice_of_the_label_are_named_with_why() {
    fn speaker(pod: &mut Value) -> &mut Value {
        &mut pod["spec"]["containers"][0]
    }
    assert_eq!(ignoring(&index(|_| {})), Vec::<String>::new());
    let flagged =
        index(|pod| speaker(pod)["args"].as_array_mut().unwrap().push("--ignore-exclude-lb".into()));
    let told = ignoring(&flagged);
    assert!(
        told.len() == 3 && told.iter().all(|one| one.ends_with(" runs with --ignore-exclude-lb")),
        "{told:?}"
    );

    for (tag, ignores) in [("v0.13.12", true), ("v0.14.1", true), ("v0.14.2", false), ("v0.16.1", false)] {
        let told =
            ignoring(&index(|pod| speaker(pod)["image"] = format!("quay.io/metallb/speaker:{tag}").into()));
        assert_eq!(told.len(), if ignores { 3 } else { 0 }, "{tag}: {told:?}");
        assert!(told.iter().all(|one| one.contains(tag) && one.ends_with("since 0.14.2")), "{told:?}");
    }
}
