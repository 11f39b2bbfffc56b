//! What the reports say after readings of all kinds.

use jiff::Timestamp;

use super::*;
use crate::{
    evidence::{Counter, LbIp},
    verdict::sample::node,
    wire::{TallyCounts, TallyIp, TallyPort},
};

const IP: &str = "192.0.2.10";

fn endpoint(port: u16) -> Endpoint {
    Endpoint::given(format!("http://192.0.2.1:{port}").parse().unwrap(), None, None, false).unwrap()
}

/// A reading of a speaker that started at this second and counted so many of everything.
fn scrape(started: i64, services: &[&str], figure: u64) -> Scrape {
    let mut readout = Readout::default();
    let mut lines = vec![format!("process_start_time_seconds {started}")];
    for service in services {
        lines.push(format!(
            "metallb_speaker_announced{{ip=\"{IP}\",node=\"n1\",protocol=\"layer2\",service=\"{service}\"}} 1"
        ));
    }
    for name in ["requests_received", "responses_sent", "gratuitous_sent"] {
        lines.push(format!("metallb_layer2_{name}{{ip=\"{IP}\"}} {figure}"));
    }
    for line in lines {
        readout.line(format!("{line}\n").as_bytes(), &|_| true);
    }
    Scrape { at: Timestamp::now(), endpoint: "http://192.0.2.1:7472/metrics".into(), outcome: Ok(readout) }
}

fn failed(reading: Reading) -> Scrape {
    Scrape { outcome: Err((reading, "why".into())), ..scrape(0, &[], 0) }
}

fn tally(figure: u64) -> Tally {
    let counts =
        TallyCounts { group: figure, replies: figure, announcements: figure, ..TallyCounts::default() };
    let port = TallyPort { index: 2, name: "eth0".into(), up: true, settled: true, ..TallyPort::default() };
    let ip = TallyIp { watched: 1, counts: vec![counts], ..TallyIp::default() };
    Tally { ports: vec![port], ips: [(IP.parse().unwrap(), ip)].into() }
}

fn claims() -> Claims {
    let claims = Claims::default();
    claims.set_endpoints(vec![endpoint(7472)]);
    claims
}

fn take(claims: &Claims, scrape: Scrape, wire: u64) -> Vec<Moved> {
    claims.state().take(scrape, &tally(wire), &tally(wire), None)
}

fn report(claims: &Claims) -> NodeReport {
    let mut report = node("n1", 1).ip(IP).done();
    claims.merge(&mut report);
    report
}

fn lb_ip(report: &NodeReport) -> &LbIp {
    &report.lb_ips[0]
}

#[test]
fn what_was_read_is_in_the_report() {
    let claims = claims();
    take(&claims, scrape(100, &["shop/web", "shop/api"], 10), 15);
    take(&claims, scrape(100, &["shop/web"], 30), 35);

    let report = report(&claims);

    let speaker = report.speaker.as_ref().unwrap();
    assert_eq!((speaker.reading, speaker.error.as_ref()), (Reading::Ok, None));
    assert_eq!(speaker.endpoint.as_deref(), Some("http://192.0.2.1:7472/metrics"));
    assert_eq!(speaker.started, Timestamp::from_second(100).ok());
    assert!(report.time.duration_since(speaker.read.unwrap()).as_secs() < 5);
    let said = &lb_ip(&report).said;
    assert_eq!(said.announced.iter().map(|word| word.service.as_str()).collect::<Vec<_>>(), ["shop/web"]);
    let counters: Vec<_> = said.counters.iter().map(|of| (of.counter, of.speaker, of.difference)).collect();
    assert_eq!(counters, Counter::ALL.map(|counter| (counter, 20, 0)));
}

#[test]
fn a_failing_reading_keeps_the_last_word_and_says_why() {
    let claims = claims();
    assert_eq!(report(&claims).speaker.unwrap().reading, Reading::None);
    take(&claims, scrape(100, &["shop/web"], 10), 15);
    take(&claims, failed(Reading::TimedOut), 15);

    let report = report(&claims);

    let speaker = report.speaker.as_ref().unwrap();
    assert_eq!((speaker.reading, speaker.error.as_deref()), (Reading::TimedOut, Some("why")));
    assert!(speaker.read.is_some() && speaker.started.is_some());
    assert_eq!(lb_ip(&report).said.announced.len(), 1);
}

#[test]
fn a_series_is_known_since_its_first_reading_from_the_present_process() {
    let claims = claims();
    let since = || claims.state().announced.get(&IP.parse::<IpAddr>().unwrap()).map(|all| all[0].1);
    take(&claims, scrape(100, &["shop/web"], 10), 15);
    let first = since();
    take(&claims, scrape(101, &["shop/web"], 10), 15);
    assert_eq!(since(), first, "a start that moves by a second is none");
    take(&claims, scrape(500, &["shop/web"], 0), 15);
    assert!(since() > first, "it restarted");
    take(&claims, scrape(500, &[], 0), 15);
    assert_eq!(since(), None, "withdrawn");
}

#[test]
fn totals_survive_a_restart_of_the_speaker() {
    let claims = claims();
    for (started, figure, wire) in [(100, 0, 0), (100, 10, 10), (500, 0, 12), (500, 7, 19)] {
        take(&claims, scrape(started, &["shop/web"], figure), wire);
    }
    let report = report(&claims);
    for of in &lb_ip(&report).said.counters {
        // Gratuitous ones rose as well: the requests of those windows are sure, as the wire saw no more of them.
        assert_eq!((of.speaker, of.wire, of.difference), (17, 17, 0), "{of:?}");
    }
}

#[test]
fn another_endpoint_is_another_speaker() {
    let claims = claims();
    take(&claims, scrape(100, &["shop/web"], 10), 15);
    claims.set_endpoints(vec![endpoint(7472)]);
    assert_eq!(lb_ip(&report(&claims)).said.announced.len(), 1, "the same again changes nothing");

    claims.set_endpoints(vec![endpoint(7473)]);
    let now = report(&claims);
    assert_eq!((now.speaker.as_ref().unwrap().reading, lb_ip(&now).said.announced.len()), (Reading::None, 0));
    claims.set_endpoints(Vec::new());
    assert_eq!(report(&claims).speaker, None);
}

#[test]
fn what_the_cluster_says_of_the_speaker_stays() {
    let claims = claims();
    let mut report = node("n1", 1).done();
    report.speaker = Some(Speaker { pod: Some("metallb-system/speaker-x".into()), ..Speaker::default() });
    take(&claims, failed(Reading::Unreachable), 0);
    claims.merge(&mut report);
    let speaker = report.speaker.unwrap();
    assert_eq!(
        (speaker.pod.as_deref(), speaker.reading),
        (Some("metallb-system/speaker-x"), Reading::Unreachable)
    );
}

#[test]
fn what_is_claimed_since_or_no_longer_is_told_across_restarts_and_failures() {
    let claims = claims();
    let moved = |scrape| {
        let told = |of: Moved| format!("{}{}", if of.began { '+' } else { '-' }, of.service);
        take(&claims, scrape, 15).into_iter().map(told).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(moved(scrape(100, &["shop/web"], 10)), none, "nobody knows since when");
    assert_eq!(moved(scrape(100, &["shop/api"], 10)), ["-shop/web", "+shop/api"]);
    assert_eq!(moved(failed(Reading::TimedOut)), none);
    assert_eq!(moved(scrape(100, &["shop/api"], 10)), none);
    claims.set_endpoints(Vec::new());
    claims.set_endpoints(vec![endpoint(7473)]);
    assert_eq!(moved(scrape(500, &[], 0)), ["-shop/api"], "another pod");
}
