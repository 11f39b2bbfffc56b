//! One line of a text of metrics, for all who read some of MetalLB's.

use nom_openmetrics::{Label, Sample, parser::family};

/// A line of a wanted family that says nothing.
pub(super) struct Garbage;

/// Our values are numbers that begin with a digit; the parser prints what it reads of infinities.
pub(super) fn sample(line: &str) -> Result<Sample<'_>, Garbage> {
    let value = line.rsplit(' ').next().unwrap_or_default();
    if !value.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(Garbage);
    }
    let (_, family) = family(line).map_err(|_| Garbage)?;
    family.samples.into_iter().next().ok_or(Garbage)
}

pub(super) fn label<'a>(sample: &'a Sample<'_>, name: &str) -> Option<&'a str> {
    let found = |label: &&Label<'_>| label.name == name;
    sample.labels().iter().find(found).map(|label| label.value.as_str())
}

/// Counters are doubles in Prometheus; those of a speaker are whole and below 2^53.
pub(super) fn whole(number: f64) -> Result<u64, Garbage> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if (0.0..=EXACT).contains(&number) && number.fract() == 0.0 { Ok(number as u64) } else { Err(Garbage) }
}
