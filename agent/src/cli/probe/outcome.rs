//! What the answers mean.

use std::{net::IpAddr, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use super::{place::Place, wire::Answer};
use crate::{
    cli::{client::Told, exit::Exit},
    evidence::{MacAddr, NodeReport, Origin},
    verdict::{
        Coverage, Scope, Severity, Verdict,
        catalogue::{FOREIGN, SHADOW, SILENT, SPLIT},
    },
};

/// What `probe` gives out; docs/api.md describes it.
#[derive(Debug, Serialize)]
pub(super) struct Probed {
    pub(super) schema: u32,
    pub(super) time: Timestamp,
    pub(super) ip: IpAddr,
    pub(super) severity: Severity,
    /// From where it was asked.
    pub(super) asked: Vec<Asked>,
    /// All answers, in the order in which they came on each interface.
    pub(super) answers: Vec<Answered>,
    /// What is wrong; empty: exactly one answered every question.
    pub(super) findings: Vec<Finding>,
    /// Who was asked whose the MACs are.
    pub(super) agents: Coverage,
}

/// One interface that was asked on.
#[derive(Debug, Serialize)]
pub(super) struct Asked {
    pub(super) interface: String,
    pub(super) mac: MacAddr,
    /// 0.0.0.0 leaves no trace.
    pub(super) sender: IpAddr,
    pub(super) questions: u32,
}

/// One answer, with whose it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Answered {
    /// The interface that was asked on.
    pub(super) asked_on: String,
    pub(super) question: u32,
    pub(super) mac: MacAddr,
    /// The node that has this MAC, and by which interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) interface: Option<String>,
    /// Who of that node answers with it, by its agent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) origins: Vec<Origin>,
    pub(super) latency_seconds: f64,
    /// The frame came from another MAC.
    pub(super) hardware_mismatch: bool,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<&'static str>,
    pub(super) reason: String,
    pub(super) next: String,
}

impl Probed {
    const SCHEMA: u32 = 1;

    /// `heard` are the answers by the place they came to.
    pub(super) fn new(ip: IpAddr, count: u32, heard: &[(Place, Vec<Answer>)], told: &Told) -> Self {
        let asked = heard.iter().map(|(place, _)| Asked {
            interface: place.interface.name.clone(),
            mac: MacAddr(place.mac.octets()),
            sender: place.sender,
            questions: count,
        });
        let answers: Vec<_> = heard
            .iter()
            .flat_map(|(place, answers)| {
                answers.iter().map(|answer| answered(ip, &place.interface.name, answer, &told.reports))
            })
            .collect();
        let asked: Vec<_> = asked.collect();
        let findings = findings(ip, &asked, &answers, &told.coverage);
        let severity = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok);
        let agents = told.coverage.clone();
        Self { schema: Self::SCHEMA, time: told.now, ip, severity, asked, answers, findings, agents }
    }

    pub(super) const fn exit(&self) -> Exit {
        Exit::of(self.severity)
    }
}

fn answered(ip: IpAddr, asked_on: &str, answer: &Answer, reports: &[NodeReport]) -> Answered {
    let Answer { question, mac, latency, mismatch } = answer;
    let owner = reports.iter().find_map(|report| {
        // A VLAN has the MAC of the NIC below it: the interface that is observed is the one that answers.
        let mut with_mac = report.interfaces.iter().filter(|interface| interface.mac == *mac);
        let first = with_mac.clone().next()?;
        Some((report, with_mac.find(|interface| interface.hook.is_some()).unwrap_or(first)))
    });
    let origins = owner.map(|(report, _)| origins(ip, *mac, report)).unwrap_or_default();
    Answered {
        asked_on: asked_on.to_owned(),
        question: *question,
        mac: *mac,
        node: owner.map(|(report, _)| report.node.clone()),
        interface: owner.map(|(_, interface)| interface.name.clone()),
        origins,
        latency_seconds: latency.as_secs_f64(),
        hardware_mismatch: *mismatch,
    }
}

/// Who replied with this MAC while we asked.
fn origins(ip: IpAddr, mac: MacAddr, report: &NodeReport) -> Vec<Origin> {
    const LATELY: i64 = 30;
    let lately = |last: Timestamp| report.time.duration_since(last).as_secs() <= LATELY;
    let of_ip = report.lb_ips.iter().filter(|lb| lb.ip == ip).flat_map(|lb| &lb.local);
    let mut origins: Vec<_> = of_ip
        .filter(|local| local.mac == mac && local.replies > 0 && lately(local.last))
        .map(|local| local.origin)
        .collect();
    origins.sort_unstable();
    origins.dedup();
    origins
}

/// One answerer on one interface.
struct Answerer<'a> {
    first: &'a Answered,
    answers: u32,
    questions: u32,
}

impl Answerer<'_> {
    fn name(&self) -> String {
        let Answered { mac, node, origins, .. } = self.first;
        let who: Vec<_> = origins.iter().map(|origin| origin.label()).collect();
        match node {
            Some(node) if who.is_empty() => format!("{node} ({mac})"),
            Some(node) => format!("{node} ({mac}, {})", who.join(" and ")),
            None => mac.to_string(),
        }
    }
}

fn answerers<'a>(answers: &'a [Answered], on: &str) -> Vec<Answerer<'a>> {
    let mut all: Vec<Answerer<'a>> = Vec::new();
    let mut questions = Vec::new();
    for answer in answers.iter().filter(|answer| answer.asked_on == on) {
        let new = !questions.contains(&(answer.mac, answer.question));
        questions.push((answer.mac, answer.question));
        let known = all.iter_mut().find(|known| known.first.mac == answer.mac);
        if let Some(known) = known {
            known.answers += 1;
            known.questions += u32::from(new);
        } else {
            all.push(Answerer { first: answer, answers: 1, questions: 1 });
        }
    }
    all
}

fn findings(ip: IpAddr, asked: &[Asked], answers: &[Answered], agents: &Coverage) -> Vec<Finding> {
    if answers.is_empty() {
        let questions: u32 = asked.iter().map(|asked| asked.questions).sum();
        let on: Vec<_> = asked.iter().map(|asked| asked.interface.as_str()).collect();
        let reason = format!("nobody answered {questions} questions on {}", on.join(", "));
        return vec![found(&SILENT, ip, None, reason)];
    }
    let mut findings: Vec<_> = asked
        .iter()
        .flat_map(|asked| judge(ip, asked, &answerers(answers, &asked.interface), agents))
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn judge(ip: IpAddr, asked: &Asked, answerers: &[Answerer<'_>], agents: &Coverage) -> Vec<Finding> {
    let mut findings = Vec::new();
    let on = &asked.interface;
    let kernel = answerers.iter().find(|answerer| answerer.first.origins.contains(&Origin::Kernel));
    let names = || answerers.iter().map(Answerer::name).collect::<Vec<_>>().join(", ");
    if let Some(kernel) = kernel {
        let reason = format!("a kernel answers, asked on {on}: {}", names());
        findings.push(found(&SHADOW, ip, kernel.first.node.as_deref(), reason));
    } else if answerers.len() > 1 {
        let reason = format!("{} answer, asked on {on}: {}", answerers.len(), names());
        findings.push(found(&SPLIT, ip, answerers[0].first.node.as_deref(), reason));
    }
    for answerer in answerers {
        let Answerer { first, answers, questions } = answerer;
        let name = answerer.name();
        if answers > questions && kernel.is_none() {
            let reason =
                format!("{name} gave {answers} answers to {questions} questions: two programs, or a loop");
            findings.push(found(&SPLIT, ip, first.node.as_deref(), reason));
        }
        if *questions < asked.questions {
            let reason = format!("{name} answered {questions} of {} questions", asked.questions);
            let next = "ask again with a larger --count; look for losses on the way (cables, full queues)";
            findings.push(Finding { severity: Severity::Warning, code: None, reason, next: next.to_owned() });
        }
        let whole = agents.scope == Scope::Agents && agents.failed.is_empty() && agents.replied > 0;
        if first.node.is_none() && whole {
            findings.push(found(&FOREIGN, ip, None, format!("{name} is the MAC of none of the asked nodes")));
        }
    }
    findings
}

fn found(verdict: &'static Verdict, ip: IpAddr, node: Option<&str>, reason: String) -> Finding {
    let next = verdict.next_for(ip, node);
    Finding { severity: verdict.severity, code: Some(verdict.code), reason, next }
}

/// As tables and lines give it.
pub(super) fn milliseconds(latency: f64) -> String {
    format!("{:.2}ms", Duration::from_secs_f64(latency.max(0.0)).as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests;
