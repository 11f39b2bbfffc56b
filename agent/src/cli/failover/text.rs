//! Timelines for the terminal.

use super::{
    document::{self, Document},
    words,
};
use crate::{
    cli::table::{Table, printable},
    timeline::{Handover, NodeClock, Step, Timeline},
    verdict::Coverage,
};

/// All of it; `table` makes the tables.
pub(in crate::cli) fn text(document: &Document, table: impl Fn(&[&str]) -> Table) -> String {
    let pages: Vec<_> = document.timelines.iter().map(|timeline| page(timeline, &table)).collect();
    pages.join("\n") + "\n" + &rests_on(&document.agents)
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
    page += &list("Something may be missing", incomplete);
    page + &list("Clocks", &clocks.iter().map(clock).collect::<Vec<_>>())
}

fn details(handover: &Handover, last: bool, table: &impl Fn(&[&str]) -> Table) -> String {
    let (kind, meaning) = words::kind(handover.kind);
    let mut text = format!("  {kind}: {meaning}\n");
    for (word, party) in [("from", &handover.from), ("to  ", &handover.to)] {
        if let Some(party) = party {
            text += &format!("  {word}  {}\n", printable(&words::party(party)));
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
        text += &list(&format!("  Not known of it ({severity})"), &handover.missing);
    }
    text
}

/// The step, and its own time where the control plane says another one than it was told at.
pub(super) fn what(step: &Step) -> String {
    let own = step.own_time.map(|own| format!(" (its own time: {})", words::date_and_clock(own)));
    step.text.clone() + &own.unwrap_or_default()
}

/// How a clock relates to the one that all times are by.
pub(super) fn clock(clock: &NodeClock) -> String {
    let NodeClock { node, offset_ns, error_ns, frames, reference } = clock;
    if *reference {
        return format!("{node}: all times are by its clock");
    }
    if error_ns.is_none() {
        return format!(
            "{node}: clock error unknown, no frame was seen by both; its times are as it told them"
        );
    }
    let (way, by) = match offset_ns {
        0 => {
            return format!(
                "{node}: as the reference, {} ({frames} frames seen by both)",
                words::error(*error_ns)
            );
        }
        // What has to be added is what it lacks.
        1.. => ("behind", offset_ns.unsigned_abs()),
        _ => ("ahead", offset_ns.unsigned_abs()),
    };
    let (by, error) = (words::length(by), words::error(*error_ns));
    format!("{node}: {by} {way}, {error} ({frames} frames seen by both); corrected")
}

fn list(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let indent = title.len() - title.trim_start().len() + 2;
    let line = |text: String, line: &String| text + &format!("{:indent$}{}\n", "", printable(line));
    lines.iter().fold(format!("\n{title}\n"), line)
}

fn rests_on(agents: &Coverage) -> String {
    let Coverage { asked, replied, .. } = agents;
    let word = if *asked == 1 { "agent" } else { "agents" };
    format!("Rests on what {replied} of {asked} {word} told.\n")
}

#[cfg(test)]
mod tests;
