//! Just enough of the Prometheus text format.

use anyhow::{Context as _, Result};

/// The sum over all series (of a counter: whole numbers) of that name which have all these labels.
pub(crate) fn sum(text: &str, name: &str, labels: &[&str]) -> Result<u64> {
    let mut sum = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').with_context(|| line.to_owned())?;
        let (family, rest) = series.split_once('{').unwrap_or((series, ""));
        if family == name && labels.iter().all(|label| rest.contains(label)) {
            sum += value.parse::<u64>().with_context(|| line.to_owned())?;
        }
    }
    Ok(sum)
}
