//! Figures as a table, for people and as JSON.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

/// What was measured in one way.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Section {
    pub(super) title: &'static str,
    /// How, in a few lines.
    pub(super) method: String,
    pub(super) rows: Vec<Row>,
}

/// One figure.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) case: String,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    /// To the section's first row, and the difference to it.
    pub(super) ratio: Option<f64>,
    pub(super) difference: Option<f64>,
    pub(super) target: Option<Target>,
}

/// The most it should be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Value(f64),
    Ratio(f64),
    Difference(f64),
}

impl Row {
    /// A figure that is not compared.
    pub(super) fn new(case: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { case: case.into(), value, unit, ratio: None, difference: None, target: None }
    }

    /// The same with a target.
    pub(super) fn at_most(self, target: f64) -> Self {
        Self { target: Some(Target::Value(target)), ..self }
    }

    /// Whether the target is met, if there is one.
    fn met(&self) -> Option<bool> {
        let (measured, most) = match self.target? {
            Target::Value(most) => (Some(self.value), most),
            Target::Ratio(most) => (self.ratio, most),
            Target::Difference(most) => (self.difference, most),
        };
        measured.map(|measured| measured <= most)
    }

    fn cells(&self) -> [String; 6] {
        let Self { case, value, unit, ratio, difference, target } = self;
        let met = self.met().map_or("", |met| if met { "met" } else { "missed" });
        [
            case.clone(),
            format!("{value:.1} {unit}"),
            ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}")),
            difference.map_or_else(String::new, |difference| format!("{difference:+.1} {unit}")),
            target.map_or_else(String::new, |target| target.text(unit)),
            met.to_owned(),
        ]
    }
}

impl Target {
    fn text(self, unit: &str) -> String {
        match self {
            Self::Value(most) => format!("<= {most} {unit}"),
            Self::Ratio(most) => format!("<= {most:.2} x"),
            Self::Difference(most) => format!("<= {most:+} {unit}"),
        }
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { case, value, unit, ratio, difference, target } = self;
        let mut row = serializer.serialize_struct("Row", 7)?;
        row.serialize_field("case", case)?;
        row.serialize_field("median", value)?;
        row.serialize_field("unit", unit)?;
        row.serialize_field("ratio", ratio)?;
        row.serialize_field("difference", difference)?;
        row.serialize_field("target", &target.map(|target| target.text(unit)))?;
        row.serialize_field("met", &self.met())?;
        row.end()
    }
}

const HEADER: [&str; 6] = ["", "MEDIAN", "RATIO", "DIFFERENCE", "TARGET", ""];

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, method, rows } = self;
        writeln!(f, "{title}\n{method}\n")?;
        let rows: Vec<_> =
            [HEADER.map(str::to_owned)].into_iter().chain(rows.iter().map(Row::cells)).collect();
        let width = |column: usize| rows.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
        for cells in &rows {
            let [case, median, ratio, difference, target, met] = cells;
            let line = format!(
                "  {case:<0$}  {median:>1$}  {ratio:>2$}  {difference:>3$}  {target:<4$}  {met}",
                width(0),
                width(1),
                width(2),
                width(3),
                width(4)
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_held_against_its_target() {
        let row = Row { ratio: Some(1.2), difference: Some(20.0), ..Row::new("a", 120.0, "ns") };

        for (target, met) in [
            (None, None),
            (Some(Target::Value(120.0)), Some(true)),
            (Some(Target::Value(119.0)), Some(false)),
            (Some(Target::Ratio(1.1)), Some(false)),
            (Some(Target::Difference(45.0)), Some(true)),
        ] {
            assert_eq!(Row { target, ..row.clone() }.met(), met, "{target:?}");
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![Row::new("empty", 15.25, "ns"), Row::new("a longer one", 5.0, "ns").at_most(6.0)];
        let text = Section { title: "Title", method: "Method.".to_owned(), rows }.to_string();

        let lines: Vec<_> = text.lines().skip(4).collect();
        assert_eq!(lines[0], "  empty         15.2 ns");
        assert!(
            lines[1].starts_with("  a longer one   5.0 ns") && lines[1].ends_with("<= 6 ns  met"),
            "{text}"
        );
    }
}
