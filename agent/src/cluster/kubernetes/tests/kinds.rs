//! Which kinds are followed, by what is served.

use super::*;

/// The paths that were asked for.
fn paths(server: &Server) -> std::collections::BTreeSet<String> {
    server.asked(None).into_iter().map(|asked| asked.path).collect()
}

#[tokio::test]
async fn two_clusters_six_years_apart_are_read_alike() {
    let common = ["/apis", "/api/v1/events", "/api/v1/pods", NODES, SERVICES];
    let old = ["/api/v1/endpoints", "/api/v1/namespaces/metallb-system/configmaps"];
    let new = [
        "/apis/discovery.k8s.io/v1/endpointslices",
        "/apis/metallb.io/v1beta1",
        STATUSES,
        ADVERTISEMENTS,
        POOLS,
    ];
    let table = [(OLD, old.as_slice(), ["n1", "n3", "n3"], 8), (NEW, &new, ["n1", "n2", "n1"], 10)];
    for (set, further, wanted, watches) in table {
        let server = Server::start(set);
        let mut kubernetes = follow(&server);
        until(&mut kubernetes, "all is read", complete).await;
        let found = kubernetes.read(owners);
        assert_eq!(found.iter().map(|owner| owner.as_deref().unwrap()).collect::<Vec<_>>(), wanted, "{set}");
        eventually("all is watched", || server.watches() == watches).await;
        // Nothing more and nothing less is asked for.
        let wanted = common.iter().chain(further).map(ToString::to_string).collect();
        assert_eq!(paths(&server), wanted, "{set}");
        let missing = kubernetes.read(|index| index.state().missing);
        let statuses = missing.get("servicel2statuses").map(String::as_str);
        assert_eq!(statuses, (set == OLD).then_some("not served"), "{missing:?}");
        assert_eq!(missing.len(), usize::from(set == OLD), "{missing:?}");
    }
}

#[tokio::test]
async fn a_snapshot_says_the_same_as_what_is_followed() {
    for set in [OLD, NEW] {
        let server = Server::start(set);
        let snapshot = Snapshot::read(server.client(), Scope::default()).await.unwrap();
        let mut kubernetes = follow(&server);
        until(&mut kubernetes, "all is read", complete).await;
        for ip in snapshot.lb_ips() {
            until(&mut kubernetes, "the same", |index| index.said(ip) == snapshot.said(ip)).await;
        }
        assert_eq!(snapshot.lb_ips().len(), 3);
        assert_eq!(snapshot.own_speaker(), None);
        assert_eq!(snapshot.speakers().count(), 3);
    }

    let server = Server::start(NEW);
    server.fail(STATUSES, Failing::Status(403, "no"));
    let snapshot = Snapshot::read(server.client(), Scope::default()).await.unwrap();
    assert!(snapshot.state().missing["servicel2statuses"].starts_with("forbidden: "));
    server.fail(SERVICES, Failing::Status(403, "no"));
    let error = Snapshot::read(server.client(), Scope::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "forbidden: grant list,watch on services");
}

#[tokio::test]
async fn metallb_that_is_installed_later_is_found() {
    let server = Server::start(NEW);
    server.install("metallb.io", &["v1"], &[]);
    let pace = Pace { rediscover: Duration::from_millis(100), ..PACE };
    let mut kubernetes = Kubernetes::start(server.client(), on("n1"), pace);
    let wanted = "not served as v1beta1, only as v1";
    let told = |index: &Index| index.state().missing.get("l2advertisements").is_some_and(|why| why == wanted);
    until(&mut kubernetes, "a version that is not known", told).await;
    assert!(kubernetes.read(|index| index.said(ip("10.77.0.200")).predicted.is_empty()));

    server.install("metallb.io", &["v1beta1"], &["ipaddresspools", "l2advertisements", "servicel2statuses"]);
    until(&mut kubernetes, "one that is", complete).await;
    until(&mut kubernetes, "nothing is missing", |index| index.state().missing.is_empty()).await;

    server.install("metallb.io", &["v1beta1"], &["ipaddresspools", "l2advertisements"]);
    let gone = |index: &Index| index.state().missing.contains_key("servicel2statuses");
    until(&mut kubernetes, "a kind that went", gone).await;
    assert!(kubernetes.read(|index| index.said(ip("10.77.0.200")).statuses.is_empty()));
}

#[tokio::test]
async fn a_kind_that_is_said_to_be_served_and_is_not_stops_nothing() {
    let server = Server::start(NEW);
    server.fail(STATUSES, Failing::Status(404, "the server could not find the requested resource"));
    let mut kubernetes = follow(&server);
    until(&mut kubernetes, "all is read", complete).await;
    let told =
        |index: &Index| index.state().missing.get("servicel2statuses").is_some_and(|why| why == "not served");
    until(&mut kubernetes, "it is told", told).await;
    server.heal(STATUSES);
    until(&mut kubernetes, "it is asked for again", |index| index.state().missing.is_empty()).await;
}

#[tokio::test]
async fn where_nobody_may_ask_what_is_served_the_kinds_themselves_tell() {
    let server = Server::start(NEW);
    server.fail("/apis", Failing::Status(403, "no"));
    let mut kubernetes = follow(&server);
    until(&mut kubernetes, "all is read", |index| {
        let statuses = index.said(ip("10.77.0.200")).statuses;
        statuses.len() == 1 && index.state().missing.contains_key("addresspools")
    })
    .await;
}

#[tokio::test]
async fn objects_that_are_not_understood_cost_themselves() {
    let server = Server::start(NEW);
    let odd =
        json!({"metadata": {"name": "odd", "namespace": "metallb-system"}, "spec": {"interfaces": "eth0"}});
    server.emit(ADVERTISEMENTS, "ADDED", odd.clone());
    let mut kubernetes = follow(&server);
    let told = |index: &Index| index.state().missing.get("l2advertisements").cloned().unwrap_or_default();
    let begins = |index: &Index| told(index).starts_with("metallb-system/odd is not understood: ");
    until(&mut kubernetes, "it is told", begins).await;
    until(&mut kubernetes, "the rest", |index| index.said(ip("10.77.0.200")).statuses.len() == 1).await;
    assert!(kubernetes.read(|index| index.said(ip("10.77.0.200")).predicted.is_empty()), "who knows");
    server.emit(ADVERTISEMENTS, "DELETED", odd);
    until(&mut kubernetes, "all is read", complete).await;
}

#[tokio::test]
async fn metallbs_namespace_is_where_its_speakers_are() {
    let server = Server::start(NEW);
    let elsewhere = "/apis/metallb.io/v1beta1/namespaces/lb/l2advertisements";
    let scope = Scope { namespace: Some("lb".to_owned()), ..on("n1") };
    let mut kubernetes = Kubernetes::start(server.client(), scope, PACE);
    until(&mut kubernetes, "it is looked for where it was said to be", |index| {
        // There is no such list here.
        index.state().missing.contains_key("speaker pods")
    })
    .await;
    eventually("asked there", || {
        paths(&server).contains("/api/v1/namespaces/lb/pods") && paths(&server).contains(elsewhere)
    })
    .await;
    assert!(!paths(&server).contains(ADVERTISEMENTS));
}
