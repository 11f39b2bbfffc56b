//! What one node saw of one LB IP.

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

    /// The interfaces on which `MetalLB` has its sockets, as far as its rules are known: those that are observed.
    pub(super) fn responders(&self) -> impl Iterator<Item = &'a Interface> {
        self.report
            .interfaces
            .iter()
            .filter(|interface| interface.hook.is_some() && interface.up && interface.host.master.is_none())
    }
}
