//! The word of `MetalLB`'s controller: how many addresses its pools have, and how many it has given out.

use std::collections::BTreeMap;

use super::sample::{Garbage, label, sample};

/// Addresses of one pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocated {
    /// `metallb_allocator_addresses_in_use_total`: addresses, however many Services share each.
    pub in_use: u64,
    /// `metallb_allocator_addresses_total`; before 0.9.2 it was not exported.
    pub total: Option<u64>,
}

/// What the metrics of a controller say of its pools, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allocations(pub BTreeMap<String, Allocated>);

/// It exports none of its own series: not a controller, or not up yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no metallb_ series in what it sent")]
pub struct NoController;

impl Allocations {
    /// Reads the text of a controller's metrics; lines that can't be read are passed over.
    ///
    /// # Errors
    /// [`NoController`]: one without pools has other series of its own.
    pub fn read(text: &[u8]) -> Result<Self, NoController> {
        let mut allocations = Self::default();
        let mut is_controller = false;
        for line in text.split_inclusive(|byte| *byte == b'\n').filter_map(|line| str::from_utf8(line).ok()) {
            is_controller |= line.starts_with("metallb_");
            // What can't be read is not counted anywhere: of a controller, nobody's claim rests on it.
            let _ = allocations.take(line);
        }
        if is_controller { Ok(allocations) } else { Err(NoController) }
    }

    fn take(&mut self, line: &str) -> Result<(), Garbage> {
        let total = line.starts_with("metallb_allocator_addresses_total{");
        if !total && !line.starts_with("metallb_allocator_addresses_in_use_total{") {
            return Ok(());
        }
        let sample = sample(line)?;
        let pool = label(&sample, "pool").ok_or(Garbage)?.to_owned();
        // An IPv6 pool that never runs out is given as 2^63-1, which a double can't hold: as much as fits.
        let number = sample.number().max(0.0) as u64;
        let known = self.0.entry(pool).or_default();
        if total {
            known.total = Some(number);
        } else {
            known.in_use = number;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn of(text: &str) -> Result<Vec<(String, u64, Option<u64>)>, NoController> {
        let read = Allocations::read(text.as_bytes())?;
        Ok(read.0.into_iter().map(|(pool, Allocated { in_use, total })| (pool, in_use, total)).collect())
    }

    #[test]
    fn a_real_controller_of_each_age_says_what_it_has_given_out() {
        for (version, pool) in [
            ("metallb-0.15.3-kube-1.34.4", ("p".to_owned(), 3, Some(51))),
            ("metallb-0.8.2-kube-1.17.6", ("default".to_owned(), 3, None)),
        ] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(version);
            let text = fs::read_to_string(path.join("controller.metrics.txt")).unwrap();
            assert_eq!(of(&text), Ok(vec![pool]), "{version}");
        }
    }

    #[test]
    fn a_pool_that_never_runs_out_and_lines_that_say_nothing_do_no_harm() {
        let text = "metallb_allocator_addresses_total{pool=\"v6\"} 9.223372036854775807e+18\n\
                    metallb_allocator_addresses_in_use_total{pool=\"v6\"} NaN\n\
                    metallb_allocator_addresses_in_use_total{} 7\n\
                    metallb_allocator_addresses_in_use_total{pool=\"a\\\"b\"} 2\n";
        let expected = vec![("a\"b".to_owned(), 2, None), ("v6".to_owned(), 0, Some(1 << 63))];
        assert_eq!(of(text), Ok(expected));
    }

    #[test]
    fn what_is_no_controller_is_told_from_one_without_pools() {
        assert_eq!(of("<html>\n"), Err(NoController));
        assert_eq!(of("go_goroutines 7\n"), Err(NoController));
        assert_eq!(of("metallb_k8s_client_config_loaded_bool 1\n"), Ok(vec![]));
    }
}
