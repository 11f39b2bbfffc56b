//! The page around the pictures.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{marks, picture};
use crate::{
    cli::failover::{
        document::{self, Document},
        text, words,
    },
    timeline::{Handover, Step, StepKind, Timeline},
    verdict::Severity,
};

const STYLE: &str = include_str!("style.css");

/// The whole file.
pub(in crate::cli) fn page(document: &Document) -> String {
    let Document { time, timelines, .. } = document;
    let ips: Vec<_> = timelines.iter().map(|timeline| timeline.ip.to_string()).collect();
    let title = format!("Failover of {}", ips.join(", "));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (marks::shapes())
                header {
                    h1 { (title) }
                    p class="quiet" { (document.rests_on()) " by " (words::date_and_time(*time)) }
                }
                main {
                    @for (place, timeline) in timelines.iter().enumerate() { (of_ip(timeline, place)) }
                    (legend(timelines))
                }
                footer class="quiet" { "l2witness " (env!("CARGO_PKG_VERSION")) ". All times are UTC." }
            }
        }
    };
    page.into_string()
}

fn of_ip(timeline: &Timeline, place: usize) -> Markup {
    let Timeline { ip, clocks, handovers, incomplete } = timeline;
    let last = handovers.len().saturating_sub(1);
    let id = |number: usize| format!("h{place}-{number}");
    html! {
        @if handovers.is_empty() {
            p { (ip) ": no handover is known of the time asked about" }
        }
        @if handovers.len() > 1 {
            nav {
                h2 { (handovers.len()) " handovers of " (ip) }
                ol {
                    @for (number, handover) in handovers.iter().enumerate() {
                        li { a href=(format!("#{}", id(number))) { (words::headline(*ip, handover)) } }
                    }
                }
            }
        }
        @if !incomplete.is_empty() {
            aside {
                h2 { "Something may be missing" }
                ul { @for why in words::some(incomplete) { li { (why) } } }
            }
        }
        @for (number, handover) in handovers.iter().enumerate() {
            (section(timeline, handover, number == last, &id(number)))
        }
        @if !clocks.is_empty() {
            section {
                h2 { "Clocks" }
                ul { @for line in text::clocks(clocks) { li { (line) } } }
            }
        }
    }
}

fn section(timeline: &Timeline, handover: &Handover, last: bool, id: &str) -> Markup {
    let headline = words::headline(timeline.ip, handover);
    let severity = document::severity(handover, last);
    let (kind, meaning) = words::kind(handover.kind);
    html! {
        section id=(id) {
            h2 class=(class(severity)) { (headline) }
            dl {
                dt { "Kind" }
                dd { (kind) ": " (meaning) }
                @for (word, party) in [("From", &handover.from), ("To", &handover.to)] {
                    @if let Some(party) = party { dt { (word) } dd { (words::party(party)) } }
                }
            }
            (picture::pictures(handover, &headline))
            (steps(handover))
            @if !handover.missing.is_empty() {
                aside {
                    h3 { "Not known of it" }
                    ul { @for why in words::some(&handover.missing) { li { (why) } } }
                }
            }
        }
    }
}

const fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok | Severity::Info => "well",
        Severity::Warning => "warning",
        Severity::Unknown => "unknown",
        Severity::Problem => "problem",
    }
}

fn steps(handover: &Handover) -> Markup {
    let (origin, name) = words::origin(handover);
    html! {
        table {
            thead {
                tr { th { "" } th { "Time (UTC)" } th class="number" { "Since " (name) } th { "Node" } th { "What" } }
            }
            tbody {
                @for step in &handover.steps { (row(step, origin)) }
            }
        }
    }
}

fn row(step: &Step, origin: jiff::Timestamp) -> Markup {
    html! {
        tr {
            td { (marks::inline(step.kind)) }
            td class="time" { (words::clock(step.at)) }
            td class="number" { (words::offset(step.at, origin)) }
            td class="node" title=(step.node) { (words::short(&step.node)) }
            td { (text::what(step)) }
        }
    }
}

/// Of what occurs.
fn legend(timelines: &[Timeline]) -> Markup {
    let handovers = || timelines.iter().flat_map(|timeline| &timeline.handovers);
    let occurs =
        |kind: &StepKind| handovers().any(|handover| handover.steps.iter().any(|step| step.kind == *kind));
    html! {
        @if handovers().next().is_some() {
            section class="legend" {
                h2 { "Legend" }
                ul {
                    @for kind in marks::ALL.iter().filter(|kind| occurs(kind)) {
                        li { (marks::inline(*kind)) (marks::of(*kind).1) }
                    }
                    li { span class="swatch from" {} "the former owner answers" }
                    li { span class="swatch to" {} "the new owner answers" }
                    @if handovers().any(|handover| handover.gap_ns.is_some_and(|gap| gap > 0)) {
                        li { span class="swatch gap" {} "between the last answer and the first" }
                    }
                    @if handovers().any(|handover| handover.gap_ns.is_some_and(|gap| gap <= 0)) {
                        li { span class="swatch overlap" {} "both answer" }
                    }
                }
            }
        }
    }
}
