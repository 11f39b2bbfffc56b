//! Timelines for the terminal.

use super::{
    document::{self, Document},
    words,
};
use crate::{
    cli::table::{Table, printable},
    timeline::{Handover, NodeClock, Step, Timeline},
};

/// All of it; `table` makes the tables.
pub(in crate::cli) fn text(document: &Document, table: impl Fn(&[&str]) -> Table) -> String {
    let pages: Vec<_> = document.timelines.iter().map(|timeline| page(timeline, &table)).collect();
    pages.join("\n") + "\n" + &printable(&document.rests_on()) + ".\n"
}

fn page(timeline: &Timeline, table: &impl Fn(&[&str]) -> Table) -> String {
    let Timeline { ip, clocks, handovers, incomplete } = timeline;
    let last = handovers.len().saturating_sub(1);
    let told = handovers.iter().enumerate().map(|(place, handover)| {
        let headline = printable(&words::headline(*ip, handover));
        format!("{headline}\n{}", details(handover, place == last, table))
    });
    let mut page = told.collect::<Vec<_>>().join("\n");
    if handovers.is_empty() {
        page = format!("{ip}: no handover is known of the time asked about\n");
    }
    page += &list("Something may be missing", &words::some(incomplete));
    page + &list("Clocks", &self::clocks(clocks))
}

fn details(handover: &Handover, last: bool, table: &impl Fn(&[&str]) -> Table) -> String {
    let (kind, meaning) = words::kind(handover.kind);
    let mut text = format!("  {kind}: {meaning}\n");
    for (word, party) in [("from", &handover.from), ("to  ", &handover.to)] {
        if let Some(party) = party {
            text.extend(["  ", word, "  ", &printable(&words::party(party)), "\n"]);
        }
    }
    let (origin, name) = words::origin(handover);
    let header = ["TIME (UTC)", &format!("SINCE {}", name.to_uppercase()), "NODE", "WHAT"];
    let mut steps = table(&header);
    for step in &handover.steps {
        let cells = [words::clock(step.at), words::offset(step.at, origin), step.node.clone(), what(step)];
        steps.row(cells, None);
    }
    text += "\n";
    text += &steps.render().lines().fold(String::new(), |text, line| text + "  " + line + "\n");
    let severity = document::severity(handover, last);
    if !handover.missing.is_empty() {
        text += &list(&format!("  Not known of it ({severity})"), &words::some(&handover.missing));
    }
    text
}

/// The step, and its own time where the control plane says another one than it was told at.
pub(super) fn what(step: &Step) -> String {
    let own = step.own_time.map(|own| format!(" (its own time: {})", words::date_and_clock(own)));
    step.text.clone() + &own.unwrap_or_default()
}

/// How the clocks relate to the one that all times are by.
pub(super) fn clocks(clocks: &[NodeClock]) -> Vec<String> {
    let several = |node: &str| clocks.iter().filter(|clock| clock.node == node).count() > 1;
    // An agent that was restarted has another clock, and nothing else tells the two apart.
    let name = |NodeClock { node, boot, .. }: &NodeClock| {
        if several(node) && !boot.is_empty() { format!("{node} ({boot})") } else { node.clone() }
    };
    clocks.iter().map(|clock| format!("{}: {}", name(clock), relation(clock))).collect()
}

fn relation(clock: &NodeClock) -> String {
    let NodeClock { node: _, boot: _, offset_ns, error_ns, frames, reference } = clock;
    if *reference {
        return "all times are by its clock".to_owned();
    }
    if error_ns.is_none() {
        return "clock error unknown, no frame was seen by both; its times are as it told them".to_owned();
    }
    let error = words::error(*error_ns);
    // What has to be added is what it lacks.
    let (way, by) = match offset_ns {
        0 => return format!("as the reference, {error} ({frames} frames seen by both)"),
        1.. => ("behind", words::length(offset_ns.unsigned_abs())),
        _ => ("ahead", words::length(offset_ns.unsigned_abs())),
    };
    format!("{by} {way}, {error} ({frames} frames seen by both); corrected")
}

fn list(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let indent = title.len() - title.trim_start().len() + 2;
    let line = |text: String, line: &String| text + &format!("{:indent$}{}\n", "", printable(line));
    lines.iter().fold(format!("\n{title}\n"), line)
}

#[cfg(test)]
mod tests;
