//! The text of a whole scrape, against a golden file.
//!
//! `golden/report.json` is what an agent answered on a real segment (arping, ndisc6 and a kernel as senders);
//! after a change that is meant, `UPDATE_GOLDEN=1 cargo test -p l2witness golden` writes the text anew.

use std::{env, fs, path::Path};

use prometheus::{Encoder as _, TextEncoder};

use super::families;
use crate::evidence::NodeReport;

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
fn every_family_is_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let page = fs::read_to_string(page).unwrap();
    for family in families(&report()) {
        assert!(
            page.contains(&format!("`{}`", family.name())),
            "{} is not in docs/metrics.md",
            family.name()
        );
    }
}
