//! Frames that claim an LB IP with a MAC of no node, summed over the places of those who send them: a place is given
//! to somebody else after a while, and the sum must not fall.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

use crate::evidence::{Heard, Interface, LbIp, MacAddr};

/// What was counted before.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    totals: BTreeMap<IpAddr, u64>,
    /// Of all who were heard, so that frames of a node whose MAC was learnt late are never a stranger's.
    heard: HashMap<(IpAddr, String, MacAddr), u64>,
}

impl Foreign {
    /// Forgets LB IPs that are not watched any more.
    pub(super) fn retain(&mut self, present: &BTreeSet<IpAddr>) {
        self.totals.retain(|ip, _| present.contains(ip));
        self.heard.retain(|(ip, ..), _| present.contains(ip));
    }

    /// The frames of strangers so far. As long as not every node's MAC is known, nobody is taken for one.
    pub(super) fn count(&mut self, lb_ip: &LbIp, interfaces: &[Interface], all_known: bool) -> u64 {
        let total = self.totals.entry(lb_ip.ip).or_default();
        for Heard { interface, mac, node, count, .. } in &lb_ip.heard {
            let before = self.heard.entry((lb_ip.ip, interface.clone(), *mac)).or_default();
            let more = if *count >= *before { *count - *before } else { *count };
            *before = *count;
            if all_known && node.is_none() && !is_own(interfaces, *mac) {
                *total += more;
            }
        }
        *total
    }
}

/// Whether one of the node's own interfaces has it.
fn is_own(interfaces: &[Interface], mac: MacAddr) -> bool {
    interfaces.iter().any(|interface| interface.mac == mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::sample::{mac, node};

    fn heard(count: u64, name: Option<&str>) -> (LbIp, Vec<Interface>) {
        let mut report = node("n1", 1).heard(9, 5).done();
        let of_ip = &mut report.lb_ips[0].heard[0];
        (of_ip.count, of_ip.node) = (count, name.map(str::to_owned));
        (report.lb_ips.remove(0), report.interfaces)
    }

    #[test]
    fn a_stranger_s_frames_add_up_also_when_its_place_was_somebody_else_s_meanwhile() {
        let mut foreign = Foreign::default();
        let counts = [2, 5, 5, 1, 3].map(|count| {
            let (lb_ip, interfaces) = heard(count, None);
            foreign.count(&lb_ip, &interfaces, true)
        });
        assert_eq!(counts, [2, 5, 5, 6, 8]);
    }

    #[test]
    fn nodes_and_those_that_may_be_nodes_are_no_strangers() {
        let mut foreign = Foreign::default();
        let (lb_ip, interfaces) = heard(4, None);
        assert_eq!(foreign.count(&lb_ip, &interfaces, false), 0);
        let (lb_ip, interfaces) = heard(6, Some("n2"));
        assert_eq!(foreign.count(&lb_ip, &interfaces, true), 0);
        // Only what comes after everybody was known.
        let (lb_ip, interfaces) = heard(7, None);
        assert_eq!(foreign.count(&lb_ip, &interfaces, true), 1);
    }

    #[test]
    fn what_is_not_watched_any_more_is_forgotten() {
        let mut foreign = Foreign::default();
        let (lb_ip, interfaces) = heard(4, None);
        foreign.count(&lb_ip, &interfaces, true);
        foreign.retain(&BTreeSet::new());
        assert!(foreign.totals.is_empty() && foreign.heard.is_empty());
        assert_ne!(mac(9), MacAddr::default());
    }
}
