//! What a check comes to: groups of lines, each with what led to it and what to do.

use std::{collections::BTreeSet, net::IpAddr};

use serde::Serialize;

use crate::{
    cli::output::Document,
    verdict::{Finding, Severity},
};

/// How one check went, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Not looked at, and why is said.
    Skipped,
    /// As it should be.
    Ok,
    /// Worth knowing, nothing to do.
    Info,
    /// To look at.
    Warning,
    /// It can't be told.
    Unknown,
    /// Clients are hurt, or will be.
    Problem,
}

impl From<Severity> for Status {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Ok => Self::Ok,
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Unknown => Self::Unknown,
            Severity::Problem => Self::Problem,
        }
    }
}

impl Status {
    /// What it means for the whole; what was not looked at means nothing.
    pub(super) const fn severity(self) -> Severity {
        match self {
            Self::Skipped | Self::Ok => Severity::Ok,
            Self::Info => Severity::Info,
            Self::Warning => Severity::Warning,
            Self::Unknown => Severity::Unknown,
            Self::Problem => Severity::Problem,
        }
    }
}

/// What led to a line, about one LB IP, one node, one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ip: Option<IpAddr>,
    /// The Services that have the address.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) services: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<String>,
    pub(super) reason: String,
    /// Why it is so, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl Detail {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }

    pub(super) fn on(node: &str, reason: impl Into<String>) -> Self {
        Self { node: Some(node.to_owned()), ..Self::new(reason) }
    }

    pub(super) fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// Its name, which never changes.
    pub(super) check: &'static str,
    pub(super) status: Status,
    /// What was looked at and found, in one line.
    pub(super) text: String,
    /// Where more is to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) details: Vec<Detail>,
}

impl Line {
    pub(super) fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, text: text.into(), hint: None, details: Vec::new() }
    }

    pub(super) fn skipped(check: &'static str, text: impl Into<String>) -> Self {
        Self { status: Status::Skipped, ..Self::ok(check, text) }
    }

    /// Fine without details, else of this status.
    pub(super) fn by(
        check: &'static str,
        text: impl Into<String>,
        bad: Status,
        details: Vec<Detail>,
    ) -> Self {
        let status = if details.is_empty() { Status::Ok } else { bad };
        Self { status, details, ..Self::ok(check, text) }
    }
}

/// Checks that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) checks: Vec<Line>,
}

impl Group {
    /// Not looked at as a whole.
    pub(super) fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, checks: vec![Line::skipped("skipped", why)] }
    }
}

/// Where the page of a verdict is: in the repository where its URL is known, else in the program.
pub(super) fn hint(finding: &Finding) -> String {
    const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
    if REPOSITORY.is_empty() {
        format!("`l2witness explain {}`", finding.verdict.code)
    } else {
        format!("{REPOSITORY}/blob/main/{}", finding.verdict.docs())
    }
}

/// One line a verdict, worst first, with all that it was reached on.
pub(super) fn by_code(found: Vec<(Detail, &Finding)>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (detail, finding) in found {
        let verdict = finding.verdict;
        if let Some(line) = lines.iter_mut().find(|line| line.check == verdict.code) {
            line.details.push(detail);
            continue;
        }
        lines.push(Line {
            check: verdict.code,
            status: verdict.severity.into(),
            text: format!("{} {}: {}", verdict.code, verdict.name, verdict.reason),
            hint: Some(hint(finding)),
            details: vec![detail],
        });
    }
    lines.sort_by_key(|line| (std::cmp::Reverse(line.status), line.check));
    lines
}

/// The detail that a finding makes.
pub(super) fn detail(finding: &Finding) -> Detail {
    let Finding { verdict: _, node, reason, cause, next } = finding.clone();
    Detail { node, cause, ..Detail::new(reason).next(next) }
}

/// The findings about agents' own sources that are wanted, each with the detail it makes.
pub(super) fn of_nodes(document: &Document, wanted: impl Fn(&Finding) -> bool) -> Vec<(Detail, &Finding)> {
    let all = document.nodes.iter().flat_map(|of_node| &of_node.findings);
    all.filter(|finding| wanted(finding)).map(|finding| (detail(finding), finding)).collect()
}
