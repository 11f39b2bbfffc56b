//! Every way in which `MetalLB` was reported to fail, by the numbers of docs/verdicts/README.md: the evidence that
//! would be seen, and the verdict it leads to; or the reason in docs/limits.md why no node can see it.

mod announcing;
mod answering;
mod asking;
mod others;

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    catalogue::Verdict,
    judge, node_findings,
    sample::{T0, all, at},
    views,
};
use crate::evidence::NodeReport;

/// One class, as all agents together would see it.
pub(super) struct Class {
    number: u8,
    found: Found,
}

enum Found {
    /// These verdicts, all of them; the cause of one of them contains this.
    Codes { reports: Vec<NodeReport>, verdicts: Vec<&'static Verdict>, cause: &'static str },
    /// Nothing: it happens where no agent is.
    Limit,
}

pub(super) fn seen<const N: usize>(
    number: u8,
    reports: Vec<NodeReport>,
    verdicts: [&'static Verdict; N],
    cause: &'static str,
) -> Class {
    Class { number, found: Found::Codes { reports, verdicts: verdicts.into(), cause } }
}

pub(super) const fn unseen(number: u8) -> Class {
    Class { number, found: Found::Limit }
}

fn classes() -> impl Iterator<Item = Class> {
    [answering::classes(), asking::classes(), announcing::classes(), others::classes()].into_iter().flatten()
}

#[test]
fn every_class_leads_to_its_verdict_or_to_the_reason_why_not() {
    let list = page("docs/verdicts/README.md");
    let limits = page("docs/limits.md");
    for Class { number, found } in classes() {
        let row = list.lines().find(|line| line.starts_with(&format!("| {number} |")));
        let row = row.unwrap_or_else(|| panic!("class {number} is not in the list"));
        match found {
            Found::Codes { reports, verdicts, cause } => {
                let found: Vec<_> = views(&reports, &all(reports.len()), at(T0))
                    .iter()
                    .flat_map(|view| judge(view, at(T0)))
                    .chain(reports.iter().flat_map(|report| node_findings(report, at(T0))))
                    .collect();
                for verdict in verdicts {
                    let one = found.iter().find(|finding| finding.verdict == verdict);
                    assert!(one.is_some(), "class {number}: no {}: {found:#?}", verdict.name);
                    assert!(row.contains(verdict.code), "class {number}: {row}");
                }
                let causes: Vec<_> = found.iter().filter_map(|finding| finding.cause.as_deref()).collect();
                let told = cause.is_empty() || causes.iter().any(|one| one.contains(cause));
                assert!(told, "class {number}: {causes:?}");
            }
            Found::Limit => {
                assert!(row.contains("limits"), "class {number}: {row}");
                assert!(limits.contains(&format!("**MetalLB failure class {number}**")), "class {number}");
            }
        }
    }
}

#[test]
fn no_class_is_left_out() {
    let numbers: BTreeSet<_> = classes().map(|class| class.number).collect();
    assert_eq!(numbers, (1..=47).collect());
}

#[test]
fn the_list_of_verdicts_is_the_catalogue() {
    let list = page("docs/verdicts/README.md");
    for Verdict { code, name, severity, reason, next: _ } in super::catalogue::ALL {
        let row = format!("| [{code}]({code}.md) | {name} | {severity} | {reason} |");
        assert!(list.contains(&row), "{row}");
    }
}

fn page(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
