//! What is said, as metrics: the speaker's word and where it differs from the wire (docs/metrics.md).

use std::collections::BTreeSet;

use prometheus::proto::MetricFamily;

use super::{family::Family, seconds};
use crate::{
    evidence::{LbIp, NodeReport, Reading, Speaker},
    verdict::{Severity, Verdict, node_findings, node_verdicts},
};

pub(super) fn families(report: &NodeReport) -> Vec<MetricFamily> {
    let mut families = vec![announced(report)];
    families.extend(compared(report));
    families.extend(changes(report));
    families.extend(report.speaker.iter().flat_map(speaker));
    families.extend(source(report));
    families.push(verdicts(report));
    families
}

/// One series a (Service, IP), as the speaker has them; only this node's.
fn announced(report: &NodeReport) -> MetricFamily {
    let mut family = Family::gauge(
        "announced",
        "1 for each series of metallb_speaker_announced that this node's speaker served: desired state, as read.",
    );
    for LbIp { ip, said, .. } in &report.lb_ips {
        let ip = ip.to_string();
        let series: BTreeSet<_> =
            said.announced.iter().map(|word| (word.service.as_str(), word.protocol.as_str())).collect();
        for (service, protocol) in series {
            let labels =
                [("ip", ip.as_str()), ("node", &report.node), ("service", service), ("protocol", protocol)];
            family.set(&labels, 1.0);
        }
    }
    family.done()
}

/// From warnings up: that nobody asked, or that an address moved, is no news on every node.
fn verdicts(report: &NodeReport) -> MetricFamily {
    let mut family = Family::gauge(
        "verdict",
        "1 for each finding of this node's own evidence and claims, from warnings up; without ip where it is about the node.",
    );
    let mut add = |ip: Option<String>, verdict: &Verdict| {
        if verdict.severity >= Severity::Warning {
            let about = ip.as_deref().map(|ip| ("ip", ip));
            let labels = about.into_iter().chain([
                ("node", report.node.as_str()),
                ("code", verdict.code),
                ("name", verdict.name),
                ("severity", verdict.severity.label()),
            ]);
            family.set(&labels.collect::<Vec<_>>(), 1.0);
        }
    };
    for (ip, finding) in node_verdicts(report, report.time) {
        add(Some(ip.to_string()), finding.verdict);
    }
    for finding in node_findings(report, report.time) {
        add(None, finding.verdict);
    }
    family.done()
}

fn compared(report: &NodeReport) -> Vec<MetricFamily> {
    let mut speaker = Family::counter(
        "speaker_counted_total",
        "What the speaker's counter metallb_layer2_<counter> gained while it was compared, restarts bridged.",
    );
    let mut wire = Family::counter(
        "speaker_witnessed_total",
        "What the wire saw of the same thing over the same windows.",
    );
    let mut difference = Family::gauge(
        "speaker_difference",
        "What the speaker counted less what the wire saw, beyond what can have passed while both were read; 0 is agreement.",
    );
    for LbIp { ip, said, .. } in &report.lb_ips {
        let ip = ip.to_string();
        for of in &said.counters {
            let labels = [("ip", ip.as_str()), ("counter", of.counter.label())];
            speaker.total(&labels, of.speaker);
            wire.total(&labels, of.wire);
            difference.set(&labels, of.difference as f64);
        }
    }
    [speaker, wire, difference].map(Family::done).into()
}

fn changes(report: &NodeReport) -> Vec<MetricFamily> {
    let mut handovers = Family::counter(
        "handovers_total",
        "How often this node saw the LB IP come to another MAC. Every node of the segment sees it: take the maximum, never the sum.",
    );
    let mut foreign = Family::counter(
        "foreign_claims_total",
        "Frames that claimed the LB IP with a MAC of no node. Every node of the segment hears them: take the maximum.",
    );
    for LbIp { ip, handovers: changed, foreign_claims, .. } in &report.lb_ips {
        let ip = ip.to_string();
        handovers.count(&[("ip", &ip)], *changed);
        foreign.count(&[("ip", &ip)], *foreign_claims);
    }
    [handovers, foreign].map(Family::done).into()
}

/// Which state the reading is in is a label: "unauthorized" and "unreachable" want different people.
fn speaker(speaker: &Speaker) -> Vec<MetricFamily> {
    let mut success = Family::gauge(
        "speaker_scrape_success",
        "1 if the metrics of this node's speaker could be read at the last try, else 0 with the reason.",
    );
    if speaker.reading != Reading::None {
        let ok = f64::from(speaker.reading == Reading::Ok);
        success.set(&[("state", speaker.reading.label())], ok);
    }
    let mut last =
        Family::gauge("speaker_scrape_timestamp_seconds", "When the speaker's metrics were last read.");
    if let Some(read) = speaker.read {
        last.set(&[], seconds(read));
    }
    [success, last].map(Family::done).into()
}

fn source(report: &NodeReport) -> Vec<MetricFamily> {
    let state = &report.source_state;
    let mut lost = Family::gauge(
        "source_lost_timestamp_seconds",
        "Since when the API server is not heard, while it is not; the last list of LB IPs stays in force.",
    );
    if let Some(since) = state.lost {
        lost.set(&[], seconds(since));
    }
    let mut bad = Family::gauge(
        "source_unusable_addresses",
        "Addresses in Services that are none, or can't be LB IPs; the agent's report names them.",
    );
    if !state.bad.is_empty() {
        bad.set(&[], state.bad.len() as f64);
    }
    [lost, bad].map(Family::done).into()
}
