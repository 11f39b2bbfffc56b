//! `l2witness status [IP…]`

use std::{collections::BTreeSet, net::IpAddr};

use jiff::Timestamp;

use super::{
    client::AgentArgs,
    exit::Outcome,
    output::{self, Document, Format, Judged, OutputArgs},
    reach,
    table::{Table, printable, short_name},
};
use crate::verdict::{Answerer, Finding, Severity, State, ago, few};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only these LB IPs
    #[arg(value_name = "IP")]
    ips: Vec<IpAddr>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    agents: AgentArgs,
}

pub(super) fn run(args: &Args) -> Outcome {
    let Args { ips, output: OutputArgs { output: format }, agents } = args;
    // The same address twice is one row.
    let ips: Vec<_> = ips.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let told = reach::ask(agents)?;
    output::note(&told.notes);
    let document = Document::new(&told, &ips);
    if let Some(text) = output::machine(&document, *format)? {
        output::print(&text)?;
    }
    if let Some(failure) = told.nobody() {
        return Err(failure);
    }
    if matches!(format, Format::Table | Format::Wide) {
        output::print(&render(&document, *format, Table::for_stdout))?;
    }
    output::note(&unwatched(&document, &ips));
    Ok(document.exit())
}

fn unwatched(document: &Document, ips: &[IpAddr]) -> Vec<String> {
    let known = |ip: &IpAddr| document.lb_ips.iter().any(|judged| judged.ip == *ip);
    let mut notes: Vec<_> =
        ips.iter().filter(|ip| !known(ip)).map(|ip| format!("no asked agent watches {ip}")).collect();
    if ips.is_empty() && document.lb_ips.is_empty() {
        notes.push("the asked agents watch no LB IP yet".to_owned());
    }
    notes
}

const COLUMNS: [&str; 8] =
    ["LB IP", "NODE", "INTERFACE", "MAC", "ORIGIN", "REPLIES", "LAST ANSWER", "VERDICT"];
const WIDE: [&str; 13] = [
    "LB IP",
    "SERVICE",
    "NODE",
    "INTERFACE",
    "MAC",
    "ORIGIN",
    "SENDER",
    "STATE",
    "REPLIES",
    "ANNOUNCED",
    "LAST ANSWER",
    "ASKED",
    "VERDICT",
];

fn render(document: &Document, format: Format, table: impl Fn(&[&str]) -> Table) -> String {
    rows(document, format, table) + &summary(document)
}

/// The table, and causes below it.
pub(super) fn rows(document: &Document, format: Format, table: impl Fn(&[&str]) -> Table) -> String {
    let wide = format == Format::Wide;
    let mut table = table(if wide { &WIDE } else { &COLUMNS });
    for judged in &document.lb_ips {
        let mut shown: Vec<Option<&Answerer>> =
            judged.answerers.iter().filter(|answerer| wide || counts(answerer)).map(Some).collect();
        if shown.is_empty() {
            shown.push(None);
        }
        for (line, answerer) in shown.into_iter().enumerate() {
            // Once for all lines of an IP.
            let (verdict, severity) =
                if line == 0 { (verdict(judged), Some(judged.severity)) } else { (String::new(), None) };
            if wide {
                table.row(wide_row(judged, answerer, verdict, document.time), severity);
            } else {
                table.row(row(judged, answerer, verdict, document.time), severity);
            }
        }
    }
    table.render() + &causes(document)
}

/// Why, where it is known; of addresses with one cause the first few.
fn causes(document: &Document) -> String {
    let of_ips = document.lb_ips.iter().flat_map(|judged| {
        let about = |finding| (finding, judged.ip.to_string());
        judged.findings.iter().map(about)
    });
    let of_nodes = document.nodes.iter().flat_map(|of_node| {
        let about = |finding| (finding, of_node.node.clone());
        of_node.findings.iter().map(about)
    });
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    let caused = of_ips.filter_map(|(finding, about)| Some((finding, about, finding.cause.as_ref()?)));
    let told = of_nodes.map(|(finding, about)| (finding, about, &finding.reason));
    for (Finding { verdict, .. }, about, why) in caused.chain(told) {
        let line = printable(&format!("{} {}: {why}", verdict.code, verdict.name));
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, abouts)) => abouts.push(about),
            None => lines.push((line, vec![about])),
        }
    }
    let text = |(line, abouts): (String, Vec<String>)| format!("{}  {line}\n", few(abouts));
    let lines: String = lines.into_iter().map(text).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// Who once answered and does not any more only fills the screen; `-o wide` and `who` show it.
fn counts(answerer: &Answerer) -> bool {
    matches!(answerer.state, State::Answering | State::Announced | State::Silent)
}

fn row(judged: &Judged, answerer: Option<&Answerer>, verdict: String, now: Timestamp) -> [String; 8] {
    let of = |tell: &dyn Fn(&Answerer) -> String| answerer.map_or_else(|| "-".to_owned(), tell);
    [
        judged.ip.to_string(),
        of(&|a| a.node.clone()),
        of(&|a| a.interfaces.join(",")),
        of(&|a| a.mac.to_string()),
        of(&|a| a.origin.to_string()),
        of(&|a| a.replies.to_string()),
        of(&|a| a.last_reply.map_or_else(|| "never".to_owned(), |reply| ago(reply, now))),
        verdict,
    ]
}

fn wide_row(judged: &Judged, answerer: Option<&Answerer>, verdict: String, now: Timestamp) -> [String; 13] {
    let [ip, node, interface, mac, origin, replies, last, verdict] = row(judged, answerer, verdict, now);
    let of = |tell: &dyn Fn(&Answerer) -> String| answerer.map_or_else(|| "-".to_owned(), tell);
    let sender = of(&|a| a.sender.as_ref().map_or_else(|| "-".to_owned(), short_name));
    let state = of(&|a| a.state.to_string());
    let announced = of(&|a| a.announcements.to_string());
    let asked = judged.requests.last.map_or_else(|| "never".to_owned(), |request| ago(request, now));
    let services = judged.services.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    let services = if services.is_empty() { "-".to_owned() } else { services };
    [ip, services, node, interface, mac, origin, sender, state, replies, announced, last, asked, verdict]
}

fn verdict(judged: &Judged) -> String {
    if judged.findings.is_empty() {
        return Severity::Ok.label().to_owned();
    }
    let told = |finding: &Finding| format!("{} {}", finding.verdict.code, finding.verdict.name);
    judged.findings.iter().map(told).collect::<Vec<_>>().join(", ")
}

fn summary(document: &Document) -> String {
    let count = |severity| document.lb_ips.iter().filter(|judged| judged.severity == severity).count();
    let fine = count(Severity::Ok) + count(Severity::Info);
    let mut parts = vec![format!("{fine} fine")];
    for (severity, word) in [
        (Severity::Warning, "to look at"),
        (Severity::Problem, "with problems"),
        (Severity::Unknown, "unknown"),
    ] {
        let count = count(severity);
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let addresses = if document.lb_ips.len() == 1 { "LB IP" } else { "LB IPs" };
    let agents = if document.agents.asked == 1 { "agent" } else { "agents" };
    format!(
        "\n{} {addresses}: {}; from {} of {} {agents}\n",
        document.lb_ips.len(),
        parts.join(", "),
        document.agents.replied,
        document.agents.asked
    )
}

#[cfg(test)]
mod tests;
