//! Rounds and medians.

use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::time::{ClockId, clock_gettime};

use crate::demo::interrupt;

/// Measures each case once a round, so that whatever drifts hits all of them. Each round begins with
/// another case, so that none always follows the same one; a round before the first is thrown away.
pub(super) fn rounds<C>(
    rounds: usize,
    cases: &mut [C],
    mut measure: impl FnMut(&mut C) -> Result<f64>,
) -> Result<Vec<Vec<f64>>> {
    let mut samples = vec![Vec::with_capacity(rounds); cases.len()];
    for round in 0..=rounds {
        for turn in 0..cases.len() {
            interrupt::check()?;
            let at = (round + turn) % cases.len();
            let value = measure(&mut cases[at])?;
            if round > 0 {
                samples[at].push(value);
            }
        }
    }
    Ok(samples)
}

/// The median of one figure measured `rounds` times.
pub(super) fn repeated(rounds: usize, mut measure: impl FnMut() -> Result<f64>) -> Result<f64> {
    Ok(median(self::rounds(rounds, &mut [()], |()| measure())?.swap_remove(0)))
}

/// The one in the middle, or between the two in the middle; 0 of nothing.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        even if even.is_multiple_of(2) => f64::midpoint(values[half - 1], values[half]),
        _ => values[half],
    }
}

/// The median of `compare` over the rounds: of two figures of one round, not of two medians.
pub(super) fn paired(values: &[f64], base: &[f64], compare: fn(f64, f64) -> f64) -> f64 {
    median(values.iter().zip(base).map(|(value, base)| compare(*value, *base)).collect())
}

/// What this thread has had of its processor: less disturbed by others than the time on the wall.
pub(super) fn cpu_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).context("CLOCK_THREAD_CPUTIME_ID")?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]).to_bits(), 2_f64.to_bits());
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]).to_bits(), 3_f64.to_bits());
        assert_eq!(median(Vec::new()).to_bits(), 0_f64.to_bits());
    }

    #[test]
    fn every_round_has_every_case_once_and_the_first_is_thrown_away() {
        let mut order = Vec::new();
        let samples = rounds(2, &mut ['a', 'b', 'c'], |case| {
            order.push(*case);
            Ok(order.len() as f64)
        });

        assert_eq!(order.iter().collect::<String>(), "abcbcacab");
        assert_eq!(samples.unwrap(), [[6.0, 8.0], [4.0, 9.0], [5.0, 7.0]]);
    }
}
