//! All the evidence about one LB IP, for people.

use jiff::Timestamp;

use super::{
    claims_text,
    output::{Judged, OnNode},
    table::{Table, printable, short_name},
};
use crate::{
    evidence::{Latency, OnInterface, Sender},
    verdict::{Answerer, Claim, Finding, Scope, ago, span},
};

/// The whole page, and on whom it rests; `table` makes the tables.
pub(super) fn text(judged: &Judged, now: Timestamp, table: impl Fn(&[&str]) -> Table) -> String {
    page(judged, now, table) + "\n" + &rests_on(judged) + "\n"
}

/// The page.
pub(super) fn page(judged: &Judged, now: Timestamp, table: impl Fn(&[&str]) -> Table) -> String {
    let services: String = judged.services.iter().flat_map(|service| ["  ", service]).collect();
    let mut page = format!("{}  {}{}\n", judged.ip, judged.severity, printable(&services));
    push(&mut page, "Findings", &findings(&judged.findings));
    push(&mut page, "Answerers", &answerers(&judged.answerers, now, &table));
    push(&mut page, "Foreign claims", &claims(&judged.foreign, now, &table));
    push(&mut page, "Heard of nodes", &claims(&judged.heard, now, &table));
    push(&mut page, "Claims", &claims_text::claims(judged, now, &table));
    push(&mut page, "The speakers' counters beside the wire's", &claims_text::counters(judged, now, &table));
    push(&mut page, "The nodes' own addresses and groups", &claims_text::bound(&judged.nodes, &table));
    push(&mut page, "On the nodes' interfaces", &interfaces(&judged.nodes, now, &table));
    push(&mut page, "Recent requests", &recent(&judged.nodes, now, &table));
    page
}

fn push(page: &mut String, title: &str, part: &str) {
    if !part.is_empty() {
        page.extend(["\n", title, "\n", &indent(part)]);
    }
}

fn indent(part: &str) -> String {
    part.lines().fold(String::new(), |text, line| text + "  " + line + "\n")
}

fn findings(findings: &[Finding]) -> String {
    findings.iter().fold(String::new(), |text, Finding { verdict, node: _, reason, cause, next }| {
        let (code, name, severity) = (verdict.code, verdict.name, verdict.severity);
        let cause = cause.as_ref().map_or_else(String::new, |cause| format!("\n       cause: {cause}"));
        text + &printable(&format!("{code} {name} ({severity}): {reason}{cause}\n       next: {next}")) + "\n"
    })
}

fn answerers(answerers: &[Answerer], now: Timestamp, table: &impl Fn(&[&str]) -> Table) -> String {
    if answerers.is_empty() {
        return "none\n".to_owned();
    }
    let header =
        ["NODE", "INTERFACE", "MAC", "ORIGIN", "SENDER", "STATE", "REPLIES", "ANNOUNCED", "FIRST", "LAST"];
    let mut table = table(&header);
    for answerer in answerers {
        let Answerer { node, interfaces, mac, origin, sender, replies, announcements, first, last, .. } =
            answerer;
        let cells = [
            node.clone(),
            interfaces.join(","),
            mac.to_string(),
            origin.to_string(),
            sender.as_ref().map_or_else(|| "-".to_owned(), by_what),
            state(answerer),
            replies.to_string(),
            announcements.to_string(),
            ago(*first, now),
            ago(*last, now),
        ];
        table.row(cells, None);
    }
    table.render()
}

fn state(answerer: &Answerer) -> String {
    let by =
        answerer.successor.as_ref().map(|successor| format!(" by {}", successor.node)).unwrap_or_default();
    let carrier = if answerer.carrier { "" } else { ", no carrier" };
    let flags: String = answerer.flags.iter().flat_map(|flag| [", ", flag]).collect();
    format!("{}{by}{carrier}{flags}", answerer.state)
}

fn by_what(sender: &Sender) -> String {
    let Sender { name: _, by, process: _, cookie: _, cgroup: _, pid, pod: _ } = sender;
    let by = format!("{by:?}").to_lowercase();
    let pid = pid.map_or_else(String::new, |pid| format!(", pid {pid}"));
    format!("{} (by {by}{pid})", short_name(sender))
}

fn claims(claims: &[Claim], now: Timestamp, table: &impl Fn(&[&str]) -> Table) -> String {
    if claims.is_empty() {
        return String::new();
    }
    let mut table = table(&["MAC", "NODE", "HEARD BY", "FRAMES", "FIRST", "LAST", "FLAGS"]);
    for Claim { mac, node, heard_by, count, first, last, flags } in claims {
        let by: Vec<_> = heard_by.iter().map(|at| format!("{}/{}", at.node, at.interface)).collect();
        let cells = [
            mac.to_string(),
            node.clone().unwrap_or_else(|| "-".to_owned()),
            by.join(","),
            count.to_string(),
            ago(*first, now),
            ago(*last, now),
            if flags.is_empty() { "-".to_owned() } else { flags.join(",") },
        ];
        table.row(cells, None);
    }
    table.render()
}

fn interfaces(nodes: &[OnNode], now: Timestamp, table: &impl Fn(&[&str]) -> Table) -> String {
    let header = [
        "NODE",
        "INTERFACE",
        "REQUESTS",
        "UNICAST",
        "PROBES",
        "REPLIES",
        "ANNOUNCED",
        "HEARD",
        "UNANSWERED HERE",
        "P50",
        "P99",
        "LAST REQUEST",
    ];
    let mut table = table(&header);
    for (node, on) in nodes.iter().flat_map(|node| node.interfaces.iter().map(move |on| (node, on))) {
        let OnInterface { replies_sent, announcements_sent_request, announcements_sent_reply, .. } = on;
        let announced = [announcements_sent_request, announcements_sent_reply];
        let heard = on.replies_received + on.announcements_received_request + on.announcements_received_reply;
        let cells = [
            node.node.clone(),
            on.interface.clone(),
            on.requests.group.to_string(),
            on.requests.unicast.to_string(),
            on.probes.to_string(),
            (replies_sent.socket + replies_sent.kernel).to_string(),
            announced.iter().map(|sent| sent.socket + sent.kernel).sum::<u64>().to_string(),
            heard.to_string(),
            on.unanswered.to_string(),
            quantile(&on.latency, 50),
            quantile(&on.latency, 99),
            on.last.request.map_or_else(|| "never".to_owned(), |request| ago(request, now)),
        ];
        table.row(cells, None);
    }
    table.render()
}

/// The end of the bucket that holds the quantile: "not more than". A log2 histogram knows no better.
fn quantile(latency: &Latency, percent: u64) -> String {
    const FIRST_BUCKET_BITS: usize = 15;
    let total: u64 = latency.buckets.iter().sum();
    let rank = (total * percent).div_ceil(100);
    let mut below = 0;
    for (bucket, count) in latency.buckets.iter().enumerate() {
        below += count;
        if total == 0 || below < rank {
            continue;
        }
        let last = bucket + 1 == latency.buckets.len();
        let end = 1_u64 << (FIRST_BUCKET_BITS + if last { bucket.saturating_sub(1) } else { bucket }).min(62);
        return format!("{}{}", if last { ">" } else { "<" }, short(end));
    }
    "-".to_owned()
}

fn short(nanoseconds: u64) -> String {
    match nanoseconds {
        0..1_000_000 => format!("{}us", nanoseconds / 1000),
        _ => format!("{:.1}ms", nanoseconds as f64 / 1e6),
    }
}

fn recent(nodes: &[OnNode], now: Timestamp, table: &impl Fn(&[&str]) -> Table) -> String {
    let mut table = table(&["NODE", "INTERFACE", "AGO"]);
    let mut any = false;
    for (node, on) in nodes.iter().flat_map(|node| node.interfaces.iter().map(move |on| (node, on))) {
        if on.recent_requests.is_empty() {
            continue;
        }
        any = true;
        let times: Vec<_> =
            on.recent_requests.iter().rev().map(|request| span(now.duration_since(*request))).collect();
        table.row([node.node.clone(), on.interface.clone(), times.join(", ")], None);
    }
    if any { table.render() } else { String::new() }
}

fn rests_on(judged: &Judged) -> String {
    let agents = &judged.agents;
    match agents.scope {
        Scope::Node => "Rests on this node's agent alone.".to_owned(),
        Scope::Agents => format!("Rests on {} of {} agents.", agents.replied, agents.asked),
    }
}

#[cfg(test)]
mod tests;
