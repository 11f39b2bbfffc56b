//! Whose MAC is it?

use std::collections::HashMap;

use crate::evidence::{MacAddr, NodeReport};

/// The MACs of the asked nodes' interfaces, observed or not.
pub(super) struct Owners<'a>(HashMap<MacAddr, &'a str>);

impl<'a> Owners<'a> {
    pub(super) fn new(reports: &'a [NodeReport]) -> Self {
        let interfaces = reports.iter().flat_map(|report| {
            report.interfaces.iter().map(|interface| (interface.mac, report.node.as_str()))
        });
        // Tunnels and loopbacks have no MAC.
        Self(interfaces.filter(|(mac, _)| *mac != MacAddr::default()).collect())
    }

    pub(super) fn of(&self, mac: MacAddr) -> Option<&'a str> {
        self.0.get(&mac).copied()
    }
}
