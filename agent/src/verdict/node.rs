//! What one agent can say from its own report alone.

use std::{net::IpAddr, slice};

use jiff::{SignedDuration, Timestamp};

use super::{
    catalogue::{CLAIMS_UNREAD, IDLE, PARTIAL_VIEW, SOURCE_LOST, SOURCE_PARTIAL, Verdict},
    finding::Finding,
    hint::hint,
    judge::{judge, sort},
    text::{ago, few, span},
    time::{GRACE, within},
    view::{Coverage, Scope, each_view},
};
use crate::evidence::{NodeReport, Reading};

/// A node's own verdicts, by IP: those of [`judge`] that one node can know.
///
/// That nobody asked, and that others may know more, is true of most addresses on most nodes: it is left to
/// whoever asks all of them. Linear in the number of LB IPs; `now` is usually the report's own time.
pub fn node_verdicts(report: &NodeReport, now: Timestamp) -> Vec<(IpAddr, Finding)> {
    let coverage = Coverage { scope: Scope::Node, asked: 1, replied: 1, failed: Vec::new() };
    let only_here = |finding: &Finding| ![&IDLE, &PARTIAL_VIEW].contains(&finding.verdict);
    each_view(slice::from_ref(report), &coverage, now)
        .flat_map(|view| judge(&view, now).into_iter().map(move |finding| (view.ip, finding)))
        .filter(|(_, finding)| only_here(finding))
        .collect()
}

/// What a report says about the agent's own sources rather than about one LB IP, worst first.
pub fn node_findings(report: &NodeReport, now: Timestamp) -> Vec<Finding> {
    let rules = [claims_unread, source_lost, source_partial];
    let mut findings: Vec<_> = rules.into_iter().filter_map(|rule| rule(report, now)).collect();
    sort(&mut findings);
    findings
}

fn found(verdict: &'static Verdict, report: &NodeReport, reason: String) -> Finding {
    let next = verdict.next.replace("{node}", &report.node);
    Finding { verdict, node: Some(report.node.clone()), reason, cause: None, next }
}

/// A speaker that starts anew can't be read for some seconds.
fn claims_unread(report: &NodeReport, now: Timestamp) -> Option<Finding> {
    const OLD: SignedDuration = SignedDuration::from_mins(5);
    let speaker = report.speaker.as_ref()?;
    let since = speaker.read.or(report.source_state.synced).unwrap_or(report.since);
    let old = now.duration_since(since);
    let limit = match speaker.reading {
        Reading::None | Reading::NoSpeaker => return None,
        Reading::Ok => OLD,
        _ => GRACE,
    };
    if old <= limit {
        return None;
    }
    let read =
        speaker.read.map_or_else(|| "never read".to_owned(), |read| format!("last read {}", ago(read, now)));
    let at = speaker.endpoint.as_deref().unwrap_or("no endpoint");
    let error = speaker.error.as_deref().map_or_else(String::new, |error| format!(": {error}"));
    let reason = format!("{} at {at}{error}; {read}", speaker.reading.label().replace('_', " "));
    let finding = found(&CLAIMS_UNREAD, report, reason);
    // Each state has a next step of its own.
    Some(match hint(speaker) {
        Some(next) => Finding { next, ..finding },
        None => finding,
    })
}

/// API servers are restarted one after the other.
fn source_lost(report: &NodeReport, now: Timestamp) -> Option<Finding> {
    const RESTART: SignedDuration = SignedDuration::from_secs(30);
    let state = &report.source_state;
    let lost = state.lost.filter(|lost| now.duration_since(*lost) > RESTART)?;
    let error = state.error.as_deref().map_or_else(String::new, |error| format!(": {error}"));
    let reason = format!(
        "nothing new from the API server for {}{error}; the set of {} LB IPs of then stays in force",
        span(now.duration_since(lost)),
        report.lb_ips.len()
    );
    Some(found(&SOURCE_LOST, report, reason))
}

fn source_partial(report: &NodeReport, now: Timestamp) -> Option<Finding> {
    let state = &report.source_state;
    let missing = state.missing.iter().filter(|(kind, why)| is_missed(report, kind, why, now));
    let kinds = few(missing.map(|(kind, why)| format!("{kind}: {why}")));
    let bad = few(state.bad.iter().cloned());
    let reasons: Vec<_> = [("not followed: ", kinds), ("unusable addresses: ", bad)]
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(what, list)| format!("{what}{list}"))
        .collect();
    (!reasons.is_empty()).then(|| found(&SOURCE_PARTIAL, report, reasons.join("; ")))
}

/// What is not served is not there: old servers and other versions of MetalLB have not all kinds. What was lost
/// a moment ago comes back. Without a speaker nobody misses the election.
fn is_missed(report: &NodeReport, kind: &str, why: &str, now: Timestamp) -> bool {
    let lost = why.strip_prefix("lost since ").and_then(|rest| rest.split(": ").next()?.parse().ok());
    let lately = lost.is_some_and(|lost: Timestamp| within(lost, GRACE, now));
    let speaker = report.speaker.as_ref().is_some_and(|speaker| speaker.pod.is_some());
    why != "not served" && !lately && (kind != "election" || speaker)
}
