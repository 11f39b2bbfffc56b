//! What changed from version to version.

use super::{super::EXCLUDE_LABEL, *};

#[test]
fn each_version_elects_by_its_own_rules() {
    let excluded = || Some(labels(EXCLUDE_LABEL, ""));
    let exclude = |case: &mut Case| case.label_nodes(&[excluded(), None, None]);
    let network = |case: &mut Case| case.nodes[0].1.network_unavailable = true;
    let cordon = |case: &mut Case| case.nodes[0].1.unschedulable = true;
    let alone = |case: &mut Case| case.endpoints = vec![ready("node3")];
    let serving = |case: &mut Case| case.endpoints = vec![Endpoint { ready: false, ..ready("node3") }];
    let dead = |case: &mut Case| _ = case.speakers.ready.remove("node1");
    let memberless = |case: &mut Case| case.speakers.memberlist = false;
    let two = |case: &mut Case| case.ips.push("2001:db8::101".parse().unwrap());
    let class = |case: &mut Case| case.class = Some("x");
    let table = [
        // The key: namespace/name up to 0.10, the IP since.
        ("0.8", Case::version(0, 8, 2), "node2"),
        ("0.8, another name", Case::version(0, 8, 2).with(|c| c.service = "default/web"), "node3"),
        ("0.10", Case::version(0, 10, 3), "node2"),
        ("0.11", Case::version(0, 11, 0), "node1"),
        ("0.15", Case::version(0, 15, 3), "node1"),
        // Whether a node needs an endpoint.
        ("0.8, one endpoint", Case::version(0, 8, 2).with(alone), "node3"),
        ("0.10, one endpoint", Case::version(0, 10, 3).with(alone), "node3"),
        ("0.11, one endpoint", Case::version(0, 11, 0).with(alone), "node1"),
        // Who is alive.
        ("0.8 does not ask", Case::version(0, 8, 2).with(|c| c.speakers.ready.clear()), "node2"),
        (
            "0.10 asks",
            Case::version(0, 10, 3).with(alone).with(|c| _ = c.speakers.ready.remove("node3")),
            "no node with an endpoint (node3) has a ready speaker pod",
        ),
        ("0.12 asks", Case::version(0, 12, 1).with(dead), "node2"),
        ("0.16 asks", Case::version(0, 16, 1).with(dead), "node2"),
        // Without memberlist.
        ("0.10 without memberlist", Case::version(0, 10, 3).with(memberless).with(dead), "node2"),
        (
            "0.12 without memberlist",
            Case::version(0, 12, 1).with(memberless),
            "without memberlist this version",
        ),
        (
            "0.12 without memberlist, Local",
            Case::version(0, 12, 1).with(memberless).with(alone).with(|c| c.local_policy = true),
            "node3",
        ),
        (
            "0.14 without memberlist",
            Case::version(0, 14, 8).with(memberless),
            "without memberlist this version",
        ),
        (
            "0.14 without memberlist, Local",
            Case::version(0, 14, 8).with(memberless).with(|c| c.local_policy = true),
            "without memberlist this version",
        ),
        ("0.15 without memberlist", Case::version(0, 15, 0).with(memberless).with(dead), "node1"),
        // What keeps a node out.
        ("0.13.9 and the network", Case::version(0, 13, 9).with(network), "node1"),
        ("0.13.10 and the network", Case::version(0, 13, 10).with(network), "node2"),
        ("0.13 and the label", Case::version(0, 13, 12).with(exclude), "node1"),
        ("0.14 and the label", Case::version(0, 14, 2).with(exclude), "node2"),
        (
            "the label ignored",
            Case::version(0, 14, 4).with(exclude).with(|c| c.speakers.ignore_label = true),
            "node1",
        ),
        ("0.14.8 and the cordon", Case::version(0, 14, 8).with(cordon), "node1"),
        ("0.14.9 and the cordon", Case::version(0, 14, 9).with(cordon), "node2"),
        ("0.15 and the cordon", Case::version(0, 15, 0).with(cordon), "node1"),
        // Endpoints.
        ("0.13 and serving", Case::version(0, 13, 12).with(serving), "it has no endpoint that can serve"),
        ("0.14 and serving", Case::version(0, 14, 2).with(serving), "node1"),
        // Two families, classes.
        ("0.11, two addresses", Case::version(0, 11, 0).with(two), "no Service with two addresses"),
        ("0.12, two addresses", Case::version(0, 12, 1).with(two), "node1"),
        ("0.12 and a class", Case::version(0, 12, 1).with(class), "node1"),
        ("0.13 and a class", Case::version(0, 13, 2).with(class), "it has a loadBalancerClass"),
        ("its class", Case::version(0, 15, 3).with(class).with(|c| c.speakers_class = Some("x")), "node1"),
        (
            "class missing",
            Case::default().with(|c| c.speakers_class = Some("x")),
            "the loadBalancerClass x only",
        ),
        // A version to come goes by the newest rules.
        ("1.2", Case::version(1, 2, 0).with(exclude), "node2"),
    ];
    for (name, case, wanted) in table {
        let (found, _) = case.elect();
        assert!(found.contains(wanted), "{name}: {found}");
    }
}
