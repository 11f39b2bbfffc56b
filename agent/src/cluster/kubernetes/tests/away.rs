//! An API server that is away, silent, broken or unwilling.

use super::*;

#[tokio::test]
async fn an_api_server_that_goes_away_leaves_the_last_set_in_force() {
    let mut server = Server::start(NEW);
    let mut kubernetes = follow(&server);
    until(&mut kubernetes, "all is read", complete).await;
    let before = kubernetes.read(|index| index.said(ip("10.77.0.200")));
    let synced = kubernetes.read(|index| index.state().synced).unwrap();

    let gone = Timestamp::now();
    server.away();
    until(&mut kubernetes, "it is told", |index| index.state().lost.is_some()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let state = kubernetes.read(Index::state);
    assert!(state.lost.is_some_and(|lost| lost >= gone), "{state:?}");
    assert_eq!(state.synced, Some(synced));
    assert!(state.error.is_some_and(|error| error.contains("connection refused")));
    assert!(state.missing.is_empty(), "{:?}", state.missing);
    assert_eq!(kubernetes.read(|index| index.said(ip("10.77.0.200"))), before);
    assert_eq!(kubernetes.read(|index| index.lb_ips().len()), 3);

    server.emit(SERVICES, "ADDED", service("late", "10.77.0.210"));
    server.back();
    until(&mut kubernetes, "what came meanwhile", has("10.77.0.210")).await;
    until(&mut kubernetes, "it is told", |index| index.state().lost.is_none()).await;
    let state = kubernetes.read(Index::state);
    assert_eq!(state.error, None);
    assert!(state.synced > Some(synced), "complete once more");
    until(&mut kubernetes, "the rest, too", |index| index.state().missing.is_empty()).await;
    eventually("all is watched", || server.watches() == 10).await;
}

#[tokio::test]
async fn an_api_server_that_comes_late_is_waited_for() {
    let mut server = Server::start(OLD);
    server.away();
    let mut kubernetes = follow(&server);
    until(&mut kubernetes, "it is told", |index| index.state().lost.is_some()).await;
    assert!(!kubernetes.read(Index::synced));
    server.back();
    tokio::time::timeout(DEADLINE, kubernetes.first_sync()).await.unwrap();
    until(&mut kubernetes, "all is read", complete).await;
    assert_eq!(kubernetes.read(|index| index.state().lost), None);
}

#[tokio::test]
async fn an_api_server_that_misbehaves_is_lost_and_found_again() {
    let table = [
        (Failing::Status(500, "boom"), "the API server says 500: boom"),
        (Failing::Status(429, "slow down"), "the API server says 429: slow down"),
        (Failing::Status(401, "who are you"), "unauthorized: "),
        (Failing::Text("banana"), "not understood: "),
        (Failing::Text("[]"), "not understood: "),
        (Failing::Silent, "no answer for "),
    ];
    for (failing, wanted) in table {
        let server = Server::start(NEW);
        server.fail(SERVICES, failing);
        let pace = Pace { answer: Duration::from_millis(200), ..PACE };
        let mut kubernetes = Kubernetes::start(server.client(), on("n1"), pace);
        until(&mut kubernetes, wanted, |index| {
            index.state().error.is_some_and(|error| error.starts_with(wanted))
        })
        .await;
        assert!(!kubernetes.read(Index::synced));
        server.heal(SERVICES);
        until(&mut kubernetes, "all is read", complete).await;
        assert_eq!(kubernetes.read(|index| index.state().error), None, "{failing:?}");
    }
}

#[tokio::test]
async fn rights_that_are_withdrawn_leave_the_set_and_what_may_be_old_is_not_told() {
    let server = Server::start(NEW);
    let mut kubernetes = follow(&server);
    until(&mut kubernetes, "all is read", complete).await;
    let statuses = |index: &Index| index.said(ip("10.77.0.200")).statuses.len();
    until(&mut kubernetes, "statuses", |index| statuses(index) == 1).await;

    server.fail(STATUSES, Failing::Status(403, "servicel2statuses.metallb.io is forbidden"));
    server.cut(STATUSES);
    let wanted = "forbidden: grant list,watch on servicel2statuses.metallb.io in namespace metallb-system";
    let told =
        |index: &Index| index.state().missing.get("servicel2statuses").is_some_and(|why| why == wanted);
    until(&mut kubernetes, "it is told", told).await;
    assert_eq!(kubernetes.read(statuses), 0);
    assert!(kubernetes.read(complete), "the rest goes on");

    server.fail(SERVICES, Failing::Status(403, "services is forbidden"));
    server.cut(SERVICES);
    until(&mut kubernetes, "it is told", |index| index.state().missing.contains_key("services")).await;
    let state = kubernetes.read(Index::state);
    assert_eq!(state.error.as_deref(), Some("forbidden: grant list,watch on services"));
    assert!(state.lost.is_some());
    assert_eq!(kubernetes.read(|index| index.lb_ips().len()), 3);

    server.heal(STATUSES);
    server.heal(SERVICES);
    until(&mut kubernetes, "rights that are back", |index| {
        index.state().missing.is_empty() && statuses(index) == 1
    })
    .await;
    assert_eq!(kubernetes.read(|index| index.state().lost), None);
}

#[tokio::test]
async fn refusals_are_not_asked_about_all_the_time() {
    let server = Server::start(NEW);
    server.fail(NODES, Failing::Status(403, "no"));
    let pace = Pace { longest: Duration::from_millis(300), ..PACE };
    let mut kubernetes = Kubernetes::start(server.client(), on("n1"), pace);
    until(&mut kubernetes, "it is told", |index| index.state().missing.contains_key("nodes")).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(server.asked(Some(NODES)).len() <= 3, "{:?}", server.asked(Some(NODES)));
}
