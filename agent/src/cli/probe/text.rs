//! The answers, for people.

use std::net::IpAddr;

use super::outcome::{Answered, Asked, Finding, Probed, milliseconds};
use crate::{
    cli::table::{Table, printable},
    verdict::Severity,
};

/// The whole page; `table` makes the tables.
pub(super) fn text(probed: &Probed, table: impl Fn(&[&str]) -> Table) -> String {
    let mut parts: Vec<_> = probed.asked.iter().map(|asked| asking(asked, probed.ip)).collect();
    if !probed.answers.is_empty() {
        parts.push(format!("\n{}", answers(&probed.answers, &table)));
    }
    parts.push("\n".to_owned());
    if probed.findings.is_empty() {
        parts.push(format!("{}: one answerer, all questions answered\n", Severity::Ok));
    }
    parts.extend(probed.findings.iter().map(found));
    parts.concat()
}

fn asking(asked: &Asked, ip: IpAddr) -> String {
    let Asked { interface, mac, sender, questions } = asked;
    let times = if *questions == 1 { "once".to_owned() } else { format!("{questions} times") };
    format!("Asked {times} on {interface} for {ip} by {sender} at {mac}\n")
}

fn found(finding: &Finding) -> String {
    let Finding { severity, code, reason, next } = finding;
    let code = code.map(|code| format!(" {code}")).unwrap_or_default();
    printable(&format!("{severity}{code}: {reason}\n  next: {next}\n"))
}

fn answers(answers: &[Answered], table: &impl Fn(&[&str]) -> Table) -> String {
    let mut table = table(&["ASKED ON", "QUESTION", "MAC", "NODE", "INTERFACE", "ORIGIN", "LATENCY"]);
    let known = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
    for answer in answers {
        let origins: Vec<_> = answer.origins.iter().map(|origin| origin.label()).collect();
        let cells = [
            answer.asked_on.clone(),
            answer.question.to_string(),
            answer.mac.to_string(),
            known(&answer.node),
            known(&answer.interface),
            if origins.is_empty() { "-".to_owned() } else { origins.join(",") },
            milliseconds(answer.latency_seconds),
        ];
        table.row(cells, None);
    }
    table.render()
}
