//! Series in Prometheus' text format, as far as scenarios compare them.

use std::collections::BTreeMap;

/// What one target serves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics(Vec<Series>);

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The metric's name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

impl Metrics {
    /// Lines that are no series are left out.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(series).collect())
    }

    /// All series of this name that have these labels.
    pub fn all<'a>(&'a self, name: &'a str, labels: &'a [(&str, &str)]) -> impl Iterator<Item = &'a Series> {
        let has = |series: &Series| {
            labels.iter().all(|(key, value)| series.labels.get(*key).is_some_and(|known| known == value))
        };
        self.0.iter().filter(move |series| series.name == name && has(series))
    }

    /// Their sum, 0 if there are none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.all(name, labels).map(|series| series.value).sum()
    }
}

/// No label here holds an escaped character: they are addresses and names.
fn series(line: &str) -> Option<Series> {
    if line.starts_with('#') {
        return None;
    }
    let (series, value) = line.trim_end().rsplit_once(' ')?;
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let pairs = labels.strip_suffix('}')?.split_terminator("\",");
    let labels = pairs.map(|pair| {
        let (key, value) = pair.split_once("=\"")?;
        Some((key.to_owned(), value.trim_end_matches('"').to_owned()))
    });
    Some(Series { name: name.to_owned(), labels: labels.collect::<Option<_>>()?, value: value.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_found_by_name_and_labels() {
        let metrics = Metrics::parse(
            "# HELP a words\na{ip=\"192.0.2.1\",node=\"n1\"} 3\na{ip=\"192.0.2.2\",node=\"n1\"} 4\nb 5\nc{} x\n",
        );

        assert!((metrics.sum("a", &[("node", "n1")]) - 7.0).abs() < f64::EPSILON);
        assert!((metrics.sum("a", &[("ip", "192.0.2.2"), ("node", "n1")]) - 4.0).abs() < f64::EPSILON);
        assert!((metrics.sum("b", &[]) - 5.0).abs() < f64::EPSILON);
        assert_eq!(metrics.all("c", &[]).count() + metrics.all("d", &[]).count(), 0);
    }
}
