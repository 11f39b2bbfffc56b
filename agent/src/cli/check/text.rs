//! Checks, for people: as `linkerd check` prints them.

use std::{env, io::IsTerminal as _};

use super::{
    Checked,
    line::{Detail, Group, Line, Status},
};
use crate::cli::table::printable;

/// So many details a line; the rest is in the JSON.
const SHOWN: usize = 10;
/// Where nothing is to be done.
const SHOWN_WELL: usize = 3;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Only what is not as it should be.
    pub(super) short: bool,
    /// The terminal shows more than ASCII.
    pub(super) unicode: bool,
    pub(super) colour: bool,
}

impl Style {
    /// As stdout and the environment want it.
    pub(super) fn for_stdout(short: bool) -> Self {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        Self {
            short,
            unicode: locale.ends_with("utf-8") || locale.ends_with("utf8"),
            colour: std::io::stdout().is_terminal() && set("NO_COLOR").is_none(),
        }
    }

    fn mark(self, status: Status) -> String {
        let (unicode, ascii, colour) = match status {
            Status::Ok | Status::Info => ("✔", "ok", 32),
            Status::Warning => ("‼", "!!", 33),
            Status::Unknown => ("?", "??", 35),
            Status::Problem => ("×", "xx", 31),
            Status::Skipped => ("-", "--", 0),
        };
        let mark = if self.unicode { unicode } else { ascii };
        if self.colour && colour != 0 { format!("\u{1b}[{colour}m{mark}\u{1b}[0m") } else { mark.to_owned() }
    }
}

/// The whole page.
pub(super) fn text(checked: &Checked, style: Style) -> String {
    let groups: Vec<_> = checked.groups.iter().filter_map(|group| of_group(group, style)).collect();
    let mut page = groups.join("\n");
    if !page.is_empty() {
        page.push('\n');
    }
    page + &summary(checked, style) + "\n"
}

fn of_group(group: &Group, style: Style) -> Option<String> {
    let shown = |line: &&Line| !style.short || line.status > Status::Info;
    let lines: Vec<_> = group.checks.iter().filter(shown).map(|line| of_line(line, style)).collect();
    if lines.is_empty() {
        return None;
    }
    Some(format!("{}\n{}\n{}", group.name, "-".repeat(group.name.len()), lines.concat()))
}

fn of_line(line: &Line, style: Style) -> String {
    let Line { check: _, status, text, hint, details } = line;
    let mut parts = vec![format!("{} {}\n", style.mark(*status), printable(text))];
    let is_bad = *status > Status::Info;
    let shown = if is_bad { SHOWN } else { SHOWN_WELL };
    // The same next step for all is said once.
    let mut last = None;
    for (place, detail) in details.iter().take(shown).enumerate() {
        parts.push(format!("    {}\n", printable(&what(detail))));
        let following = details.get(place + 1).filter(|_| place + 1 < shown);
        if let Some(next) = detail.next.as_ref().filter(|_| is_bad)
            && following.is_none_or(|following| following.next != detail.next)
            && last != Some(next)
        {
            parts.push(format!("      next: {}\n", printable(next)));
            last = Some(next);
        }
    }
    if details.len() > shown {
        parts.push(format!("    and {} more: -o json has them all\n", details.len() - shown));
    }
    if let Some(hint) = hint.as_ref().filter(|_| is_bad) {
        parts.push(format!("    see {hint}\n"));
    }
    parts.concat()
}

fn what(detail: &Detail) -> String {
    let Detail { ip, services, node, reason, cause, next: _ } = detail;
    let services = services.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let about = match (ip, node) {
        (Some(ip), _) if services.is_empty() => format!("{ip}: "),
        (Some(ip), _) => format!("{ip} ({services}): "),
        (None, Some(node)) => format!("{node}: "),
        (None, None) => String::new(),
    };
    let cause = cause.as_ref().map(|cause| format!("\n      cause: {cause}")).unwrap_or_default();
    format!("{about}{reason}{cause}")
}

fn summary(checked: &Checked, style: Style) -> String {
    let count = |status: Status| {
        checked.groups.iter().flat_map(|group| &group.checks).filter(|line| line.status == status).count()
    };
    let parts: Vec<_> =
        [(Status::Problem, "problem"), (Status::Unknown, "unknown"), (Status::Warning, "warning")]
            .into_iter()
            .filter_map(|(status, word)| match count(status) {
                0 => None,
                1 => Some(format!("1 {word}")),
                many if status == Status::Unknown => Some(format!("{many} {word}")),
                many => Some(format!("{many} {word}s")),
            })
            .collect();
    let worst = Status::from(checked.severity);
    let told = if parts.is_empty() { "all checks passed".to_owned() } else { parts.join(", ") };
    let agents = if checked.agents.asked == 1 { "agent" } else { "agents" };
    format!(
        "{} {told}; from {} of {} {agents}",
        style.mark(worst),
        checked.agents.replied,
        checked.agents.asked
    )
}
