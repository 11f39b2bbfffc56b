//! Handovers and the history as metrics (docs/metrics.md).

use prometheus::proto::MetricFamily;

use super::{family::Family, seconds};
use crate::evidence::{HandoverGaps, HistoryState, LbIp, NodeReport};

pub(super) fn families(report: &NodeReport) -> Vec<MetricFamily> {
    let HistoryState { events, seq: _, dropped, dropped_requests, gaps } = &report.history;
    let mut last = Family::gauge(
        "last_handover_timestamp_seconds",
        "When this node last saw the LB IP come to another MAC. Every node of the segment sees it: take the maximum.",
    );
    for LbIp { ip, takeovers, .. } in &report.lb_ips {
        if let Some(takeover) = takeovers.last() {
            last.set(&[("ip", &ip.to_string())], seconds(takeover.at));
        }
    }
    let mut gap = Family::histogram(
        "handover_gap_seconds",
        "Handovers of this node's LB IPs to others, by the time from the first request that stayed unanswered to the first announcement of the new owner; 0 where none did. Told by the former owner alone: take the sum.",
    );
    let count: u64 = gaps.buckets.iter().sum();
    if count > 0 {
        let buckets: Vec<_> = HandoverGaps::BOUNDS.into_iter().zip(gaps.buckets.iter().copied()).collect();
        gap.observe(&[], &buckets, count, gaps.sum_seconds);
    }
    let mut kept = Family::gauge("history_events", "Events that are kept for /api/v1/events.");
    kept.set(&[], *events as f64);
    let mut gone = Family::counter(
        "history_dropped_total",
        "Events that had to make room for others: requests and the like, or what belonged to a handover.",
    );
    gone.count(&[("of", "requests")], *dropped_requests);
    gone.count(&[("of", "handovers")], *dropped);
    let mut drift = Family::gauge(
        "clock_drift_seconds",
        "By how much the node's wall clock was set forward since the agent's start.",
    );
    if let Some(clock) = &report.clock {
        drift.set(&[], clock.drift_ns as f64 / 1e9);
    }
    [last, gap, kept, gone, drift].map(Family::done).into()
}
