//! What one node saw of one LB IP.

use crate::evidence::{LbIp, NodeReport};

/// One node's part of a view.
pub(super) struct Seen<'a> {
    pub(super) report: &'a NodeReport,
    pub(super) lb: &'a LbIp,
}

impl Seen<'_> {
    pub(super) fn node(&self) -> &str {
        &self.report.node
    }
}
