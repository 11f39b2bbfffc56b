//! What pools, advertisements, endpoints and speakers make of the rules.

use super::{super::EXCLUDE_LABEL, *};

const EXCLUDED: &str = "labelled node.kubernetes.io/exclude-from-external-load-balancers";

#[test]
fn advertisements_say_who_may_announce() {
    let rack = |a: &'static str, b: &'static str, c: &'static str| {
        move |case: &mut Case| case.label_nodes(&[a, b, c].map(|rack| Some(labels("rack", rack))))
    };
    let on = |rack: &'static str| {
        move |case: &mut Case| case.advertisements[0].node_selectors = vec![selector("rack", rack)]
    };
    let ad = |change: fn(&mut Advertisement)| move |case: &mut Case| change(&mut case.advertisements[0]);
    let table = [
        ("selected by name", Case::default().with(ad(|a| a.pools = vec!["p".into()])), "node1"),
        (
            "another pool by name",
            Case::default().with(ad(|a| a.pools = vec!["q".into()])),
            "no L2Advertisement selects the pool p",
        ),
        (
            "selected by label",
            Case::default().with(ad(|a| a.pool_selectors = vec![selector("use", "web")])),
            "node1",
        ),
        (
            "another pool by label",
            Case::default().with(ad(|a| a.pool_selectors = vec![selector("use", "db")])),
            "no L2Advertisement selects the pool p",
        ),
        (
            "a name that is none, a label that is",
            Case::default().with(ad(|a| {
                a.pools = vec!["q".into()];
                a.pool_selectors = vec![selector("use", "web")];
            })),
            "node1",
        ),
        (
            "no advertisement",
            Case::default().with(|c| c.advertisements.clear()),
            "no L2Advertisement selects the pool p",
        ),
        ("a rack of two", Case::default().with(rack("1", "2", "2")).with(on("2")), "node2"),
        (
            "an empty rack",
            Case::default().with(rack("1", "1", "1")).with(on("2")),
            "select none of the 3 nodes",
        ),
        (
            "one of two selectors",
            Case::default().with(rack("1", "2", "3")).with(|c| {
                c.advertisements[0].node_selectors = vec![selector("rack", "2"), selector("rack", "9")];
            }),
            "node2",
        ),
        (
            "two advertisements",
            Case::default().with(rack("1", "2", "3")).with(on("2")).with(|c| {
                let node_selectors = vec![selector("rack", "1")];
                c.advertisements.push(Advertisement { node_selectors, ..Advertisement::default() });
            }),
            "node1",
        ),
        (
            "0.15 passes over service selectors",
            Case::default().with(ad(|a| a.service_selectors = vec![selector("tier", "db")])),
            "node1",
        ),
        (
            "0.16 heeds them",
            Case::version(0, 16, 0).with(ad(|a| a.service_selectors = vec![selector("tier", "db")])),
            "no L2Advertisement of the pool p selects this Service",
        ),
        (
            "0.16, the right Service",
            Case::version(0, 16, 0)
                .with(ad(|a| a.service_selectors = vec![selector("tier", "db")]))
                .with(|c| c.service_labels = labels("tier", "db")),
            "node1",
        ),
    ];
    for (name, case, wanted) in table {
        let (found, _) = case.elect();
        assert!(found.contains(wanted), "{name}: {found}");
    }
}

#[test]
fn pools_and_endpoints_say_whether_anybody_may_announce() {
    let table = [
        (
            "in no pool",
            Case::default().with(|c| c.ips = vec!["10.9.9.9".parse().unwrap()]),
            "10.9.9.9 is in no pool",
        ),
        (
            "half in a pool",
            Case::default().with(|c| c.ips.push("2001:db9::1".parse().unwrap())),
            "no pool has all of its addresses",
        ),
        (
            "an ingress without IP",
            Case::default().with(|c| c.bad_ip = true),
            "one of its ingress entries is no IP",
        ),
        (
            "BGP",
            Case::version(0, 9, 3).with(|c| c.pools[0].announced = Announced::ByBgp),
            "pool p is announced by BGP",
        ),
        (
            "an AddressPool",
            Case::version(0, 13, 4).with(|c| c.pools[0].announced = Announced::ByLayer2),
            "node1",
        ),
        ("no endpoint", Case::default().with(|c| c.endpoints.clear()), "it has no endpoint that can serve"),
        (
            "Local",
            Case::default().with(|c| c.local_policy = true).with(|c| c.endpoints = vec![ready("node2")]),
            "node2",
        ),
        (
            "Local, not on a candidate",
            Case::default().with(|c| c.local_policy = true).with(|c| {
                c.label_nodes(&[None, Some(labels("rack", "2")), None]);
                c.advertisements[0].node_selectors = vec![selector("rack", "2")];
                c.endpoints = vec![ready("node1"), ready("node3")];
            }),
            "externalTrafficPolicy is Local, and no node with an endpoint (node1, node3) is a candidate",
        ),
        (
            "Local, nowhere",
            Case::default().with(|c| c.local_policy = true).with(|c| {
                c.endpoints = vec![Endpoint { node: None, ready: true }];
            }),
            "no endpoint names its node",
        ),
    ];
    for (name, case, wanted) in table {
        let (found, _) = case.elect();
        assert!(found.contains(wanted), "{name}: {found}");
    }
}

#[test]
fn where_nobody_stands_the_reasons_are_counted() {
    let excluded = || Some(labels(EXCLUDE_LABEL, "false"));
    let all = Case::default().with(|c| c.label_nodes(&[excluded(), excluded(), excluded()]));
    assert_eq!(all.elect().0, format!("all 3 candidates are {EXCLUDED}"));

    let silent = Case::default().with(|c| c.speakers.ready.clear());
    assert_eq!(silent.elect().0, "all 3 candidates are without a ready speaker pod");

    let mixed = Case::default().with(|c| {
        c.label_nodes(&[excluded(), None, excluded()]);
        c.nodes[1].1.network_unavailable = true;
        _ = c.speakers.ready.remove("node3");
    });
    let wanted =
        format!("of 3 candidates 1 without a ready speaker pod, 1 with NetworkUnavailable, 1 {EXCLUDED}");
    assert_eq!(mixed.elect().0, wanted);

    let single = Case::default().with(|c| {
        c.label_nodes(&[Some(labels("rack", "1")), None, None]);
        c.advertisements[0].node_selectors = vec![selector("rack", "1")];
        _ = c.speakers.ready.remove("node1");
    });
    assert_eq!(single.elect().0, "the only candidate is without a ready speaker pod");
}

#[test]
fn interfaces_are_the_union_of_what_selects_the_node() {
    let ad = |interfaces: &[&str], rack: Option<&str>| Advertisement {
        interfaces: interfaces.iter().map(ToString::to_string).collect(),
        node_selectors: rack.map(|rack| selector("rack", rack)).into_iter().collect(),
        ..Advertisement::default()
    };
    let case = |ads: Vec<Advertisement>| {
        Case::default().with(|c| {
            c.label_nodes(&[Some(labels("rack", "1")), None, None]);
            c.advertisements = ads;
        })
    };
    let found = |ads| case(ads).elect().1;
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(
        found(vec![ad(&["eth1", "eth0"], None), ad(&["eth0", "eth2"], Some("1"))]),
        names(&["eth0", "eth1", "eth2"])
    );
    assert_eq!(found(vec![ad(&["eth1"], None), ad(&["eth2"], Some("2"))]), names(&["eth1"]));
    assert_eq!(found(vec![ad(&["eth1"], None), ad(&[], None)]), None);
    assert_eq!(found(vec![ad(&["eth1"], None), ad(&[], Some("2"))]), names(&["eth1"]));
}
