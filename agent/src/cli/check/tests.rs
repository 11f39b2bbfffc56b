mod cluster;

use serde_json::json;

use super::{line::Status, *};
use crate::{
    evidence::{NodeReport, Reading, Service, Speaker},
    verdict::{
        Coverage,
        sample::{T0, all, alone, at, before, but_one, kernel, node, speaker},
    },
};

/// As it is on a node whose agent was given the IPs by hand.
fn local(reports: Vec<NodeReport>, coverage: Coverage) -> Facts {
    let told = Told { reports, coverage, notes: Vec::new(), now: at(T0) };
    let document = Document::new(&told, &[]);
    Facts { told, document, roster: None, api: None, cluster: None, drills: None }
}

fn checked(facts: &Facts) -> Checked {
    Checked::new(&facts.told, groups(facts))
}

const PLAIN: Style = Style { short: false, unicode: true, colour: false };

fn shadowed() -> Vec<NodeReport> {
    let service = Service { name: "shop/web".to_owned(), ..Service::default() };
    let owner = node("n1", 1).asked(3).local(speaker(1, 300, 3));
    vec![
        owner.edit(|report| report.lb_ips[0].said.services = vec![service]).done(),
        node("n2", 2).asked(3).local(kernel(2, 200, 3)).done(),
    ]
}

#[test]
fn with_agents_alone_the_groups_that_need_more_say_so() {
    let page = text(&checked(&local(shadowed(), all(2))), PLAIN);
    assert_eq!(
        page,
        "\
kubernetes-api
--------------
- not asked: give --kubeconfig or --context to look at the cluster, too

l2witness-agents
----------------
✔ 2 of 2 agents reply
✔ all agents have one version: 0.1.0
✔ programs are attached to every selected interface: 2
✔ no change event was lost
✔ every agent has fresh LB IPs

metallb
-------
- no speaker is known: there is none, none was looked for, or no agent replied
- whether a drill left its label: that takes the API server

addresses
---------
- not added up: that takes the API server

claims
------
- no agent knows a claim: none was looked for, or no agent replied

answers
-------
× L2W102 SHADOW: a node's own kernel answers, beside or instead of a program
    192.0.2.10 (shop/web): answered by a kernel: n2 (kernel, 00:00:5e:00:53:02, 3s ago); beside: n1 (speaker, \
00:00:5e:00:53:01, 3s ago)
      next: on n2, `ip -br addr | grep -wF 192.0.2.10`: if kube-ipvs0 holds it, set `strictARP: true` in \
kube-proxy's configuration; if nothing does, look for `proxy_arp=1`
    see `l2witness explain L2W102`

× 1 problem; from 2 of 2 agents
"
    );
}

#[test]
fn short_leaves_out_what_is_well_and_ascii_does_without_signs() {
    let style = Style { short: true, unicode: false, colour: false };
    let page = text(&checked(&local(shadowed(), all(2))), style);
    assert!(page.starts_with("answers\n-------\nxx L2W102 SHADOW: "), "{page}");
    assert!(page.ends_with("\nxx 1 problem; from 2 of 2 agents\n"), "{page}");

    let idle = local(vec![node("n1", 1).done()], alone());
    assert_eq!(text(&checked(&idle), style), "ok all checks passed; from 1 of 1 agent\n");
}

#[test]
fn the_threshold_decides_what_counts() {
    use Threshold::{Problem as P, Unknown as U, Warning as W};
    let healthy = || vec![node("n1", 1).asked(3).local(speaker(1, 300, 3)).done()];
    let odd = vec![node("n1", 1).asked(3).local(speaker(1, 300, 3)).overflowing().done()];
    for (facts, exits) in [
        (local(healthy(), all(1)), [(W, Exit::Fine), (U, Exit::Fine), (P, Exit::Fine)]),
        (local(odd, all(1)), [(W, Exit::Warning), (U, Exit::Fine), (P, Exit::Fine)]),
        (local(healthy(), but_one(2)), [(W, Exit::Unknown), (U, Exit::Unknown), (P, Exit::Fine)]),
        (local(shadowed(), all(2)), [(W, Exit::Problem), (U, Exit::Problem), (P, Exit::Problem)]),
        (local(vec![], but_one(1)), [(W, Exit::Unknown), (U, Exit::Unknown), (P, Exit::Fine)]),
    ] {
        for (threshold, exit) in exits {
            assert_eq!(checked(&facts).exit(threshold), exit, "{threshold:?}");
        }
    }
}

/// The lines that are not as they should be, each with its first detail.
fn complaints(facts: &Facts) -> Vec<String> {
    let lines = checked(facts).groups.into_iter().flat_map(|group| group.checks);
    let bad = lines.filter(|line| line.status > Status::Ok);
    bad.map(|line| {
        let first =
            line.details.first().map(|detail| (detail.node.clone().unwrap_or_default(), &detail.reason));
        format!("{:?} {} {first:?}", line.status, line.check)
    })
    .collect()
}

#[test]
fn what_is_wrong_with_agents_is_told_by_node() {
    let odd = node("n2", 2)
        .edit(|report| {
            report.version = "0.2.0".to_owned();
            report.events_lost.insert("event_buffer".to_owned(), 7);
            report.interfaces[0].hook = None;
            report.interfaces[0].skipped = Some("attaching to eth0 by tcx failed".to_owned());
        })
        .done();
    let by_rule = node("n1", 1)
        .nic("docker0", 9)
        .edit(|report| {
            report.interfaces[1].hook = None;
            report.interfaces[1].skipped = Some("excluded by name".to_owned());
        })
        .done();
    let told = complaints(&local(vec![by_rule, odd], all(2)));
    for (place, line) in [
        "Warning agents-version Some((\"\", \"0.1.0 on n1\"))",
        "Problem agents-attached Some((\"n2\", \"eth0: attaching to eth0 by tcx failed\"))",
        "Info agents-events Some((\"n2\", \"7 by event_buffer since 2023-11-13T22:13:20Z; counters have them\"))",
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(told[place], *line);
    }
}

#[test]
fn what_is_wrong_with_speakers_is_told_with_a_hint() {
    let with = |name: &str, mac, edit: fn(&mut Speaker)| {
        let mut known = Speaker {
            pod: Some("metallb-system/speaker-x".to_owned()),
            ready: Some(true),
            version: Some("v0.15.3".to_owned()),
            reading: Reading::Ok,
            config_loaded: Some(true),
            config_stale: Some(false),
            read: Some(before(120)),
            ..Speaker::default()
        };
        edit(&mut known);
        node(name, mac).edit(|report| report.speaker = Some(known)).done()
    };
    let reports = vec![
        with("n1", 1, |_| {}),
        with("n2", 2, |speaker| {
            speaker.ready = Some(false);
            speaker.version = Some("v0.14.9".to_owned());
            speaker.config_loaded = Some(false);
            speaker.config_stale = Some(true);
        }),
        with("n3", 3, |speaker| {
            speaker.reading = Reading::Unauthorized;
            speaker.error = Some("answered 401".to_owned());
        }),
        with("n4", 4, |speaker| *speaker = Speaker { reading: Reading::NoSpeaker, ..Speaker::default() }),
    ];
    let facts = local(reports, all(4));
    let told: Vec<_> = complaints(&facts)
        .into_iter()
        .filter(|line| line.contains(" speakers-") || line.contains("L2W903"))
        .collect();
    assert_eq!(
        told,
        [
            "Warning speakers-ready Some((\"n2\", \"metallb-system/speaker-x is not ready\"))",
            "Warning speakers-version Some((\"\", \"v0.14.9 on n2\"))",
            "Warning L2W903 Some((\"n3\", \"unauthorized at no endpoint: answered 401; last read 2m ago\"))",
            "Problem speakers-config Some((\"n2\", \"its speaker has no valid configuration loaded\"))",
            "Warning speakers-stale Some((\"n2\", \"its speaker works by a stale configuration\"))",
        ]
    );
    let page = text(&checked(&facts), PLAIN);
    assert!(page.contains("‼ 2 of 3 speakers are ready\n"), "{page}");
}

#[test]
fn json_has_the_documented_fields() {
    let json = serde_json::to_value(checked(&local(shadowed(), but_one(3)))).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["severity"], "problem");
    assert_eq!(json["agents"]["failed"][0]["error"], "connection refused");
    let group = json["groups"].as_array().unwrap().last().unwrap();
    assert_eq!(group["name"], "answers");
    let check = &group["checks"][0];
    assert_eq!((&check["check"], &check["status"]), (&json!("L2W102"), &json!("problem")));
    assert_eq!(check["hint"], "`l2witness explain L2W102`");
    let detail = &check["details"][0];
    assert_eq!((&detail["ip"], &detail["services"]), (&json!("192.0.2.10"), &json!(["shop/web"])));
    assert!(detail["reason"].is_string() && detail["next"].is_string());
}
