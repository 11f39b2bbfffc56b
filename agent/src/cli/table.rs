//! Tables for people: as wide as the terminal, in colour only where it is one.

use std::{env, io::IsTerminal as _};

use comfy_table::{
    Cell, Color,
    ColumnConstraint::{ContentWidth, LowerBoundary},
    ContentArrangement, TableStyle, Width,
};

use crate::{
    evidence::{Named, Sender},
    verdict::Severity,
};

/// The last column gets no narrower, however narrow the terminal.
const LAST_COLUMN: u16 = 16;

/// Columns with two spaces between them and no lines, so that `awk` and `cut` work on it.
pub(super) struct Table {
    table: comfy_table::Table,
    coloured: bool,
}

impl Table {
    /// As stdout and the environment want it.
    pub(super) fn for_stdout(header: &[&str]) -> Self {
        let tty = std::io::stdout().is_terminal();
        let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let mut table = Self::plain(header, columns.filter(|_| tty));
        table.coloured = tty && !no_color;
        if tty && columns.is_none() {
            table.table.set_width(terminal_width());
            table.table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        table
    }

    /// Without colour; as wide as its content or at most `columns`.
    pub(super) fn plain(header: &[&str], columns: Option<u16>) -> Self {
        let mut table = comfy_table::Table::new();
        table.force_no_tty().load_style(TableStyle::new()).set_header(header.to_vec());
        if let Some(columns) = columns {
            table.set_width(columns).set_content_arrangement(ContentArrangement::Dynamic);
        }
        Self { table, coloured: false }
    }

    /// Adds a row; the severity colours its last cell.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N], severity: Option<Severity>) {
        let color = severity.filter(|_| self.coloured).and_then(color);
        let mut cells = cells.map(|text| Cell::new(printable(&text)));
        if let (Some(last), Some(color)) = (cells.last_mut(), color) {
            *last = std::mem::replace(last, Cell::new("")).fg(color);
        }
        self.table.add_row(cells);
    }

    /// The text, each line without spaces at its end.
    pub(super) fn render(mut self) -> String {
        if self.coloured {
            self.table.enforce_styling();
        }
        let last = self.table.column_count().saturating_sub(1);
        for (place, column) in self.table.column_iter_mut().enumerate() {
            // Addresses and figures that are broken in two can't be copied: only the last column wraps.
            let constraint =
                if place == last { LowerBoundary(Width::Fixed(LAST_COLUMN)) } else { ContentWidth };
            column.set_padding((0, 2)).set_constraint(constraint);
        }
        let mut text = String::new();
        for line in self.table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// The pod where it is known; a container id as its tools show it, twelve digits; other names as they are.
pub(super) fn short_name(sender: &Sender) -> String {
    if let Some(pod) = &sender.pod {
        return pod.clone();
    }
    match (sender.by, sender.name.get(..12)) {
        (Named::Container, Some(short)) => short.to_owned(),
        _ => sender.name.clone(),
    }
}

/// A process chooses its own name: what could steer the terminal is shown as a replacement character.
pub(super) fn printable(text: &str) -> String {
    text.replace(|character: char| character.is_control() && character != '\n', "\u{fffd}")
}

fn terminal_width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(80)
}

const fn color(severity: Severity) -> Option<Color> {
    match severity {
        Severity::Ok => Some(Color::Green),
        Severity::Info => None,
        Severity::Warning => Some(Color::Yellow),
        Severity::Unknown => Some(Color::Magenta),
        Severity::Problem => Some(Color::Red),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(columns: Option<u16>) -> Table {
        let mut table = Table::plain(&["IP", "VERDICT"], columns);
        table.row(["192.0.2.10".to_owned(), "SPLIT two nodes answer".to_owned()], Some(Severity::Problem));
        table
    }

    #[test]
    fn a_plain_table_has_no_lines_no_colour_and_no_trailing_spaces() {
        assert_eq!(sample(None).render(), "IP          VERDICT\n192.0.2.10  SPLIT two nodes answer\n");
    }

    #[test]
    fn on_a_narrow_terminal_the_last_column_wraps() {
        let text = sample(Some(30)).render();
        assert!(text.lines().all(|line| line.len() <= 30), "{text}");
        assert!(text.lines().count() > 2, "{text}");
        assert!(sample(Some(10)).render().contains("192.0.2.10"));
    }

    #[test]
    fn a_name_can_t_steer_the_terminal() {
        assert_eq!(printable("arping\u{1b}[2J\r"), "arping\u{fffd}[2J\u{fffd}");
    }

    #[test]
    fn colour_comes_only_when_asked_for() {
        let mut table = Table::plain(&["IP", "VERDICT"], None);
        table.coloured = true;
        table.row(["192.0.2.10".to_owned(), "ok".to_owned()], Some(Severity::Ok));
        assert!(table.render().contains('\u{1b}'));
        assert!(!sample(None).render().contains('\u{1b}'));
    }
}
