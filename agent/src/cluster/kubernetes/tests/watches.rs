//! What watches bring, and what becomes of them.

use super::*;
use crate::evidence::ControlChange;

#[tokio::test]
async fn what_changes_is_known_soon() {
    let server = Server::start(NEW);
    let mut kubernetes = follow(&server);
    tokio::time::timeout(DEADLINE, kubernetes.first_sync()).await.unwrap();
    until(&mut kubernetes, "all is read", complete).await;

    server.emit(SERVICES, "ADDED", service("late", "10.77.0.210"));
    until(&mut kubernetes, "a Service that came", has("10.77.0.210")).await;
    server.emit(SERVICES, "MODIFIED", service("late", "10.77.0.211"));
    until(&mut kubernetes, "a Service that moved", has("10.77.0.211")).await;
    assert!(!kubernetes.read(has("10.77.0.210")));
    server.emit(SERVICES, "DELETED", service("late", "10.77.0.211"));
    until(&mut kubernetes, "a Service that went", |index| index.lb_ips().len() == 3).await;

    let ready = |name: &str, node: &str, ready: &str| {
        json!({
            "metadata": {"name": name, "namespace": "metallb-system", "labels": {"app": "metallb", "component": "speaker"}},
            "spec": {"nodeName": node, "containers": [{"name": "speaker", "image": "quay.io/metallb/speaker:v0.15.3",
                "args": ["--ml-bindaddr=::", "--ml-labels=app=metallb"]}]},
            "status": {"conditions": [{"type": "Ready", "status": ready}]},
        })
    };
    // n1 has web and mail, and n3 may not take over.
    server.emit("/api/v1/pods", "MODIFIED", ready("speaker-ncjt8", "n1", "False"));
    let all_on_n2 = |index: &Index| owners(index).iter().all(|owner| owner.as_deref() == Some("n2"));
    until(&mut kubernetes, "n2 is to take over", all_on_n2).await;

    let word = |(of, what): (Option<IpAddr>, What)| match what {
        What::Cause(ControlChange { object, change, .. }) => (of, format!("{object} {change}")),
        other => panic!("{other:?}"),
    };
    let told: Vec<_> = kubernetes.reader().take_news().into_iter().map(word).collect();
    let (first, second) = (Some(ip("10.77.0.210")), Some(ip("10.77.0.211")));
    let wanted = [
        (first, "Service/default/late got 10.77.0.210"),
        (first, "Service/default/late lost 10.77.0.210"),
        (second, "Service/default/late got 10.77.0.211"),
        (second, "Service/default/late deleted, and 10.77.0.211 with it"),
        (None, "Pod/metallb-system/speaker-ncjt8 speaker on n1 is not ready any more"),
    ];
    assert_eq!(told, wanted.map(|(of, text)| (of, text.to_owned())));
    assert_eq!(kubernetes.reader().take_news(), []);
}

#[tokio::test]
async fn a_watch_that_is_cut_goes_on_where_it_was() {
    let server = Server::start(NEW);
    let mut kubernetes = follow(&server);
    until(&mut kubernetes, "all is read", complete).await;
    server.emit(SERVICES, "ADDED", service("one", "10.77.0.211"));
    until(&mut kubernetes, "the first", has("10.77.0.211")).await;
    let seen = server.bookmark(SERVICES);
    // The bookmark is on its way before this.
    server.emit(NODES, "ADDED", json!({"metadata": {"name": "n9"}}));
    until(&mut kubernetes, "a node", |index| index.nodes().any(|node| node == "n9")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;

    server.forget_asked();
    server.cut(SERVICES);
    server.emit(SERVICES, "ADDED", service("two", "10.77.0.212"));
    until(&mut kubernetes, "what came meanwhile", has("10.77.0.212")).await;
    let asked = server.asked(Some(SERVICES));
    assert!(asked.iter().all(|asked| asked.watch), "it is not listed again: {asked:?}");
    assert_eq!(asked[0].version, seen);
    assert_eq!(kubernetes.read(|index| index.state().lost), None, "it was never lost");
    assert!(kubernetes.read(has("10.77.0.211")));
}

#[tokio::test]
async fn a_watch_that_is_too_far_behind_begins_with_a_list() {
    let by_status = |server: &Server| server.compact();
    let by_event = |server: &Server| server.fail(SERVICES, Failing::Event(410, "gone"));
    // As kube 1.17 says it.
    let by_words =
        |server: &Server| server.fail(SERVICES, Failing::Event(500, "too old resource version: 1 (2)"));
    let ways: [fn(&Server); 3] = [by_status, by_event, by_words];
    for way in ways {
        let server = Server::start(NEW);
        let mut kubernetes = follow(&server);
        server.emit(SERVICES, "ADDED", service("gone", "10.77.0.210"));
        until(&mut kubernetes, "all is read", has("10.77.0.210")).await;

        // Nobody hears of what happens now.
        server.fail(SERVICES, Failing::Watch(503, "starting"));
        server.cut(SERVICES);
        server.emit(SERVICES, "DELETED", service("gone", "10.77.0.210"));
        server.emit(SERVICES, "ADDED", service("new", "10.77.0.211"));
        server.heal(SERVICES);
        way(&server);
        until(&mut kubernetes, "a list again", has("10.77.0.211")).await;
        assert!(!kubernetes.read(has("10.77.0.210")), "a list replaces the set");
        server.heal(SERVICES);
        server.emit(SERVICES, "ADDED", service("newer", "10.77.0.212"));
        until(&mut kubernetes, "watched again", has("10.77.0.212")).await;
    }
}

#[tokio::test]
async fn a_watch_that_never_works_is_made_up_for_by_lists() {
    for failing in [Failing::Watch(500, "boom"), Failing::Event(500, "boom"), Failing::Watch(200, "boom")] {
        let server = Server::start(NEW);
        server.fail(SERVICES, failing);
        let mut kubernetes = follow(&server);
        until(&mut kubernetes, "Services are read", |index| index.lb_ips().len() == 3).await;
        until(&mut kubernetes, "it is told", |index| index.state().lost.is_some()).await;
        server.emit(SERVICES, "ADDED", service("late", "10.77.0.210"));
        until(&mut kubernetes, "a list", has("10.77.0.210")).await;
        server.heal(SERVICES);
        server.emit(SERVICES, "ADDED", service("later", "10.77.0.211"));
        until(&mut kubernetes, "a watch", has("10.77.0.211")).await;
        until(&mut kubernetes, "it is told", |index| index.state().lost.is_none()).await;
    }
}

#[tokio::test]
async fn watches_that_are_cut_at_once_are_not_opened_all_the_time() {
    let server = Server::start(NEW);
    server.fail(NODES, Failing::Cut);
    let wait = Duration::from_millis(100);
    let pace = Pace { first: wait, longest: wait, ..PACE };
    let began = std::time::Instant::now();
    let mut kubernetes = Kubernetes::start(server.client(), on("n1"), pace);
    until(&mut kubernetes, "all is read", complete).await;
    tokio::time::sleep(6 * wait).await;
    let attempts = server.asked(Some(NODES)).len();
    // A wait after each; and each fifth time, as in the beginning, a list of two pages.
    let waits = began.elapsed().as_millis() / wait.as_millis();
    assert!((attempts as u128) < 2 * (waits + 2), "{attempts} in {waits}");
    assert!(attempts > 4, "{attempts}");
    let told =
        |index: &Index| index.state().missing.get("nodes").is_some_and(|why| why.ends_with("cut at once"));
    until(&mut kubernetes, "it is told", told).await;
    assert_eq!(kubernetes.read(|index| index.nodes().count()), 3, "what was listed is there");
}

#[tokio::test]
async fn what_is_no_event_costs_the_watch_and_nothing_else() {
    let server = Server::start(NEW);
    let mut kubernetes = follow(&server);
    until(&mut kubernetes, "all is read", complete).await;
    for text in [
        "banana\n",
        "{\"type\":\"ADDED\",\"object\":7}\n",
        "{\"type\":\"ADDED\",\"object\":{}}\n",
        "\u{0}\n",
        "\n",
    ] {
        server.say(SERVICES, text);
    }
    server.emit(SERVICES, "ADDED", service("late", "10.77.0.210"));
    until(&mut kubernetes, "the next event", has("10.77.0.210")).await;
    assert_eq!(kubernetes.read(|index| index.lb_ips().len()), 4);
}

#[tokio::test]
async fn once_nobody_asks_nothing_is_followed() {
    let server = Server::start(NEW);
    let mut kubernetes = follow(&server);
    until(&mut kubernetes, "all is read", complete).await;
    eventually("all is watched", || server.watches() == 10).await;
    let reader = kubernetes.reader();
    drop(kubernetes);
    eventually("no watch is left", || {
        // It notices when it has something to say.
        server.emit(SERVICES, "ADDED", service("late", "10.77.0.210"));
        server.emit(NODES, "ADDED", json!({"metadata": {"name": "n9"}}));
        server.watches() == 0
    })
    .await;
    assert_eq!(reader.read(|index| index.lb_ips().len()), 3);
}
