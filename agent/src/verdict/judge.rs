//! A view in, findings out.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{finding::Finding, rules, view::View};

/// All findings, worst first; none means that exactly one answerer is proven and nothing speaks against it.
pub fn judge(view: &View<'_>, now: Timestamp) -> Vec<Finding> {
    let mut findings: Vec<_> = rules::ALL.iter().filter_map(|rule| rule(view, now)).collect();
    sort(&mut findings);
    findings
}

/// Worst first, then by code.
pub(super) fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| (Reverse(finding.verdict.severity), finding.verdict.code));
}
