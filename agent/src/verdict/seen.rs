//! What one node saw of one LB IP.

use jiff::Timestamp;

use super::time::MAX_SKEW;
use crate::evidence::{Interface, LbIp, NodeReport};

/// One node's part of a view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen<'a> {
    pub(super) report: &'a NodeReport,
    pub(super) lb: &'a LbIp,
}

impl<'a> Seen<'a> {
    pub(super) fn node(&self) -> &'a str {
        &self.report.node
    }

    pub(super) fn interface(&self, name: &str) -> Option<&'a Interface> {
        self.report.interfaces.iter().find(|interface| interface.name == name)
    }

    /// Whether it counted when another node's clock said `at`: an agent that was started later knows nothing of it.
    pub(super) fn counted_at(&self, at: Timestamp) -> bool {
        let began = self.lb.since.max(Some(self.report.since));
        began.is_some_and(|began| at.duration_since(began) > MAX_SKEW)
    }

    /// The interfaces on which `MetalLB` has its sockets, as far as its rules are known: those that are observed.
    pub(super) fn responders(&self) -> impl Iterator<Item = &'a Interface> {
        self.report
            .interfaces
            .iter()
            .filter(|interface| interface.hook.is_some() && interface.up && interface.host.master.is_none())
    }
}
