//! The rules, as tables: what was seen and said, and what is found. One file a theme.

mod answerers;
mod bad_input;
mod claims;
mod handover;
mod ipv6;
mod merging;
mod nobody;
mod node;
mod path;
mod several;
mod silence;
mod strangers;
mod well;

use super::{
    Coverage, corrected, judge,
    sample::{T0, all, at, node},
    views,
};
use crate::evidence::NodeReport;

pub(super) struct Row {
    name: &'static str,
    reports: Vec<NodeReport>,
    coverage: Coverage,
    findings: &'static [&'static str],
    cause: Option<&'static str>,
}

pub(super) fn row(name: &'static str, reports: Vec<NodeReport>, findings: &'static [&'static str]) -> Row {
    let coverage = all(reports.len());
    Row { name, reports, coverage, findings, cause: None }
}

impl Row {
    pub(super) fn resting_on(mut self, coverage: Coverage) -> Self {
        self.coverage = coverage;
        self
    }

    /// The first finding says why.
    pub(super) fn because(mut self, cause: &'static str) -> Self {
        self.cause = Some(cause);
        self
    }
}

/// A node that hears the request and has no part in it.
pub(super) fn bystander(name: &str, mac: u8, asked: i64) -> NodeReport {
    node(name, mac).asked(asked).done()
}

/// Judges every row and compares the names of all findings, and the cause of the first.
pub(super) fn check(rows: impl IntoIterator<Item = Row>) {
    for Row { name, reports, coverage, findings, cause } in rows {
        let reports: Vec<_> = reports.into_iter().map(|report| corrected(report, at(T0), at(T0)).0).collect();
        let views = views(&reports, &coverage, at(T0));
        let found = judge(&views[0], at(T0));
        let names: Vec<_> = found.iter().map(|finding| finding.verdict.name).collect();
        assert_eq!(names, findings, "{name}: {found:#?}\n{views:#?}");
        if let Some(cause) = cause {
            assert_eq!(found[0].cause.as_deref(), Some(cause), "{name}");
        }
    }
}
