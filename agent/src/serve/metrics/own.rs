//! Metrics about the agent itself.

use std::time::Duration;

use prometheus::proto::MetricFamily;

use super::family::Family;
use crate::evidence::NodeReport;

pub(super) fn families(report: &NodeReport) -> Vec<MetricFamily> {
    let mut attached = Family::gauge("program_attached", "1 for each program on an interface, by hook.");
    let mut ignored = Family::counter(
        "frames_ignored_total",
        "Frames that looked like evidence and were not used, by reason; not_watched are those for other addresses.",
    );
    for interface in &report.interfaces {
        let Some(hook) = &interface.hook else { continue };
        for direction in ["ingress", "egress"] {
            let labels = [("interface", interface.name.as_str()), ("direction", direction), ("hook", hook)];
            attached.set(&labels, 1.0);
        }
        for (reason, count) in &interface.ignored {
            ignored.count(&[("interface", interface.name.as_str()), ("reason", reason)], *count);
        }
    }
    let mut lost = Family::counter("events_lost_total", "Change events that did not reach the agent.");
    for (reason, count) in &report.events_lost {
        lost.total(&[("reason", reason)], *count);
    }
    let mut entries = Family::gauge("map_entries", "Entries in use.");
    entries.set(&[("map", "watched")], report.lb_ips.len() as f64);
    let mut capacity = Family::gauge("map_capacity", "Entries there is room for (--max-ips).");
    capacity.set(&[("map", "watched")], f64::from(report.capacity));
    let mut success = Family::gauge("collector_success", "1 if the evidence could be read.");
    success.set(&[], 1.0);
    let mut build = Family::gauge("build_info", "Always 1; the version of the agent.");
    build.set(&[("version", &report.version), ("source", &report.source), ("node", &report.node)], 1.0);
    [attached, ignored, lost, entries, capacity, success, build].into_iter().map(Family::done).collect()
}

/// How long reading the evidence took.
pub(super) fn duration(elapsed: Duration) -> MetricFamily {
    let mut family =
        Family::gauge("collector_duration_seconds", "Time to read the evidence for this scrape.");
    family.set(&[], elapsed.as_secs_f64());
    family.done()
}
