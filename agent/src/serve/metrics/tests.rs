//! The text of a whole scrape, against a golden file.
//!
//! `golden/report.json` is what an agent answered on a real segment (arping, ndisc6 and a kernel as senders);
//! after a change that is meant, `UPDATE_GOLDEN=1 cargo test -p l2witness golden` writes the text anew.

use std::{env, fs, path::Path};

use jiff::SignedDuration;
use prometheus::{Encoder as _, TextEncoder};

use super::families;
use crate::evidence::{
    Announced, ClockState, Compared, Counter, HandoverGaps, HistoryState, MacAddr, NodeReport, Reading,
    Speaker, Takeover,
};

fn golden(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/metrics/golden").join(name)
}

fn report() -> NodeReport {
    serde_json::from_str(&fs::read_to_string(golden("report.json")).unwrap()).unwrap()
}

fn text(report: &NodeReport) -> String {
    let mut text = Vec::new();
    TextEncoder::new().encode(&families(report), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_scrape_is_the_golden_text() {
    let now = text(&report());
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden("metrics.prom"), &now).unwrap();
    }
    let before = fs::read_to_string(golden("metrics.prom")).unwrap();
    for (number, (now, before)) in now.lines().zip(before.lines()).enumerate() {
        assert_eq!(now, before, "line {}", number + 1);
    }
    assert_eq!(now.lines().count(), before.lines().count());
}

#[test]
fn what_never_happened_has_no_series() {
    let mut report = report();
    for lb_ip in &mut report.lb_ips {
        lb_ip.interfaces.clear();
        lb_ip.local.clear();
        lb_ip.heard.clear();
    }
    let text = text(&report);
    assert!(!text.contains("ip=\""), "{text}");
    assert!(text.contains("l2witness_map_entries{map=\"watched\"} 4"), "{text}");
}

#[test]
fn what_is_said_has_series_of_its_own() {
    let mut report = report();
    let since = report.time;
    report.speaker =
        Some(Speaker { reading: Reading::Unauthorized, read: Some(since), ..Speaker::default() });
    report.source_state.bad = vec!["default/web: \"banana\"".to_owned()];
    report.source_state.lost = Some(since);
    let moved = Takeover { at: since, mac: MacAddr::default() };
    let lb = &mut report.lb_ips[0];
    (lb.handovers, lb.foreign_claims) = (3, 7);
    let word = |service: &str| Announced { service: service.into(), protocol: "layer2".into(), since };
    lb.said.announced = vec![word("default/web"), word("default/web"), word("default/dns")];
    lb.said.counters = vec![Compared {
        counter: Counter::ResponsesSent,
        speaker: 1000,
        wire: 998,
        difference: 2,
        since,
        until: since,
        changed: None,
        reason: None,
    }];
    lb.takeovers = [90, 7].map(|ago| Takeover { at: since - SignedDuration::from_secs(ago), ..moved }).into();
    let (ip, node) = (lb.ip, report.node.clone());
    let mut buckets = vec![0; 16];
    (buckets[0], buckets[6], buckets[15]) = (2, 1, 1);
    let gaps = HandoverGaps { buckets, sum_seconds: 400.75 };
    report.history = HistoryState { events: 40, seq: 50, dropped: 3, dropped_requests: 7, gaps };
    report.clock = Some(ClockState { boot: "b".into(), drift_ns: -1_500_000_000, steps: 1, stepped: None });
    let last = (since - SignedDuration::from_secs(7)).as_microsecond() as f64 / 1e6;

    let text = text(&report);

    let lines = [
        format!(
            "l2witness_announced{{ip=\"{ip}\",node=\"{node}\",service=\"default/web\",protocol=\"layer2\"}} 1"
        ),
        format!(
            "l2witness_announced{{ip=\"{ip}\",node=\"{node}\",service=\"default/dns\",protocol=\"layer2\"}} 1"
        ),
        format!("l2witness_speaker_counted_total{{ip=\"{ip}\",counter=\"responses_sent\"}} 1000"),
        format!("l2witness_speaker_witnessed_total{{ip=\"{ip}\",counter=\"responses_sent\"}} 998"),
        format!("l2witness_speaker_difference{{ip=\"{ip}\",counter=\"responses_sent\"}} 2"),
        format!("l2witness_handovers_total{{ip=\"{ip}\"}} 3"),
        format!("l2witness_foreign_claims_total{{ip=\"{ip}\"}} 7"),
        format!("l2witness_last_handover_timestamp_seconds{{ip=\"{ip}\"}} {last}"),
        "l2witness_handover_gap_seconds_bucket{le=\"0.01\"} 2".to_owned(),
        "l2witness_handover_gap_seconds_bucket{le=\"0.5\"} 2".to_owned(),
        "l2witness_handover_gap_seconds_bucket{le=\"1\"} 3".to_owned(),
        "l2witness_handover_gap_seconds_bucket{le=\"300\"} 3".to_owned(),
        "l2witness_handover_gap_seconds_bucket{le=\"+Inf\"} 4".to_owned(),
        "l2witness_handover_gap_seconds_sum 400.75".to_owned(),
        "l2witness_handover_gap_seconds_count 4".to_owned(),
        "l2witness_history_events 40".to_owned(),
        "l2witness_history_dropped_total{of=\"handovers\"} 3".to_owned(),
        "l2witness_history_dropped_total{of=\"requests\"} 7".to_owned(),
        "l2witness_clock_drift_seconds -1.5".to_owned(),
        "l2witness_speaker_scrape_success{state=\"unauthorized\"} 0".to_owned(),
        "l2witness_source_unusable_addresses 1".to_owned(),
    ];
    for line in lines {
        assert_eq!(text.lines().filter(|known| **known == line).count(), 1, "{line}\nin\n{text}");
    }
    undocumented(&report);
}

#[test]
fn every_family_is_documented() {
    undocumented(&report());
}

fn undocumented(report: &NodeReport) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let page = fs::read_to_string(page).unwrap();
    for family in families(report) {
        assert!(
            page.contains(&format!("`{}`", family.name())),
            "{} is not in docs/metrics.md",
            family.name()
        );
    }
}
