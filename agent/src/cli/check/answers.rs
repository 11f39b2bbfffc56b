//! The groups `claims` and `answers`: what is said, and what happens, for each LB IP.

use super::{
    Facts,
    line::{Detail, Group, Line, by_code, detail},
};
use crate::{
    cli::output::Judged,
    evidence::Said,
    verdict::{Finding, Severity},
};

/// What is said against what was seen.
pub(super) fn claims(facts: &Facts) -> Group {
    let name = "claims";
    let judged = &facts.document.lb_ips;
    let said: usize =
        facts.told.reports.iter().flat_map(|report| &report.lb_ips).filter(|lb| speaks(&lb.said)).count();
    if said == 0 {
        return Group::skipped(name, "no agent knows a claim: none was looked for, or no agent replied");
    }
    let agreed = judged.iter().filter(|judged| !judged.findings.iter().any(is_claim)).count();
    let text = format!("what is said is what happens for {agreed} of {} LB IPs", judged.len());
    let fine = (agreed > 0).then(|| Line::ok("claims-agree", text));
    Group { name, checks: fine.into_iter().chain(by_code(findings(judged, is_claim))).collect() }
}

/// Who answers.
pub(super) fn answers(facts: &Facts) -> Group {
    let name = "answers";
    let judged = &facts.document.lb_ips;
    if judged.is_empty() {
        return Group::skipped(name, "no LB IP: none is watched, or no agent replied");
    }
    let proven = judged.iter().filter(|judged| judged.severity == Severity::Ok).count();
    let text = format!("exactly one answerer is proven for {proven} of {} LB IPs", judged.len());
    let fine = (proven > 0).then(|| Line::ok("answers-proven", text));
    let found = by_code(findings(judged, |finding| !is_claim(finding)));
    Group { name, checks: fine.into_iter().chain(found).collect() }
}

/// 4xx: claims against evidence.
fn is_claim(finding: &Finding) -> bool {
    finding.verdict.code.starts_with("L2W4")
}

fn speaks(said: &Said) -> bool {
    let Said { services: _, announced, statuses, events, predicted, counters: _ } = said;
    !(announced.is_empty() && statuses.is_empty() && events.is_empty() && predicted.is_empty())
}

fn findings(judged: &[Judged], wanted: impl Fn(&Finding) -> bool) -> Vec<(Detail, &Finding)> {
    let all = judged.iter().flat_map(|judged| judged.findings.iter().map(move |finding| (judged, finding)));
    all.filter(|(_, finding)| wanted(finding))
        .map(|(judged, finding)| {
            let Judged { ip, services, .. } = judged;
            (Detail { ip: Some(*ip), services: services.clone(), ..detail(finding) }, finding)
        })
        .collect()
}
