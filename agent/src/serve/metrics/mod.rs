//! Prometheus metrics, computed from the evidence at each scrape; nothing is copied into gauges that drift.

mod claims;
mod evidence;
mod family;
mod history;
mod own;

use std::{sync::Arc, time::Instant};

use jiff::Timestamp;
use prometheus::{
    Encoder as _, Registry, TextEncoder,
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::Shared;
use crate::evidence::NodeReport;

/// The content type of the text format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All families of one report, in the order they are printed.
///
/// Only what happened has a series: thousands of LB IPs on thousands of nodes must not make their product.
pub fn families(report: &NodeReport) -> Vec<MetricFamily> {
    let mut families = evidence::families(report);
    families.extend(claims::families(report));
    families.extend(history::families(report));
    families.extend(own::families(report));
    families.retain(|family| !family.get_metric().is_empty());
    families
}

fn seconds(time: Timestamp) -> f64 {
    time.as_microsecond() as f64 / 1e6
}

/// Makes the report at scrape time.
struct ReportCollector(Arc<Shared>);

impl Collector for ReportCollector {
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let start = Instant::now();
        let report = self.0.report();
        let mut families = families(&report);
        families.push(own::duration(start.elapsed()));
        families
    }
}

/// The whole text of `/metrics`.
///
/// # Errors
/// Only if a family were malformed.
pub fn encode(shared: &Arc<Shared>) -> Result<Vec<u8>, prometheus::Error> {
    let registry = Registry::new();
    registry.register(Box::new(ReportCollector(Arc::clone(shared))))?;
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests;
