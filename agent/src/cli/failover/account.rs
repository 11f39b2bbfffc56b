//! From what was told to timelines.

use std::net::IpAddr;

use super::record::Record;
use crate::timeline::Timeline;

/// One an address.
pub(in crate::cli) fn timelines(record: &Record, ips: &[IpAddr]) -> Vec<Timeline> {
    let _ = record;
    ips.iter()
        .map(|ip| Timeline { ip: *ip, clocks: Vec::new(), handovers: Vec::new(), incomplete: Vec::new() })
        .collect()
}
