//! What is said about one LB IP, beside what the wire shows, for people.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{output::OnNode, table::Table};
use crate::{
    evidence::{Announced, Assigned, Bound, Compared, L2Status, Prediction},
    verdict::ago,
};

/// Who claims what. What several agents read of the API server is one claim.
pub(super) fn claims(nodes: &[OnNode], now: Timestamp, table: &impl Fn(&[&str]) -> Table) -> String {
    let mut rows = BTreeSet::new();
    for OnNode { node, said, .. } in nodes {
        for Announced { service, protocol, since } in &said.announced {
            let what = format!("announced by {protocol}, first read {}", ago(*since, now));
            rows.insert(["metallb_speaker_announced".to_owned(), service.clone(), node.clone(), what]);
        }
        for L2Status { service, node, interfaces } in &said.statuses {
            let what = format!("on {}", all_or(interfaces));
            rows.insert(["ServiceL2Status".to_owned(), service.clone(), node.clone(), what]);
        }
        for Assigned { service, node, at } in &said.events {
            let what = format!("nodeAssigned {}", ago(*at, now));
            rows.insert(["Event".to_owned(), service.clone(), node.clone(), what]);
        }
        for Prediction { service, node, nobody, interfaces, rules, since: _ } in &said.predicted {
            let on = interfaces.as_ref().map_or_else(|| "all interfaces".to_owned(), |names| all_or(names));
            let what = match nobody {
                Some(why) => format!("predicted: nobody, {why}"),
                None => format!("predicted, on {on}"),
            };
            let by = format!("election of MetalLB {rules}");
            rows.insert([by, service.clone(), node.clone().unwrap_or_else(|| "-".to_owned()), what]);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut table = table(&["SAID BY", "SERVICE", "NODE", "WHAT"]);
    for row in rows {
        table.row(row, None);
    }
    table.render()
}

fn all_or(interfaces: &[String]) -> String {
    if interfaces.is_empty() { "all interfaces".to_owned() } else { interfaces.join(",") }
}

/// The speakers' counters beside the wire's.
pub(super) fn counters(nodes: &[OnNode], now: Timestamp, table: &impl Fn(&[&str]) -> Table) -> String {
    let all = || nodes.iter().flat_map(|node| node.said.counters.iter().map(move |counter| (node, counter)));
    if all().next().is_none() {
        return String::new();
    }
    let mut table = table(&["NODE", "METALLB_LAYER2_", "SPEAKER", "WIRE", "DIFFERENCE", "SINCE"]);
    for (node, Compared { counter, speaker, wire, difference, since, until: _, reason }) in all() {
        let why = reason.map_or_else(String::new, |reason| format!(" ({})", reason.text()));
        let cells = [
            node.node.clone(),
            counter.label().to_owned(),
            speaker.to_string(),
            wire.to_string(),
            format!("{difference}{why}"),
            ago(*since, now),
        ];
        table.row(cells, None);
    }
    table.render()
}

/// The nodes that have the address themselves, or listen for IPv6 questions about it.
pub(super) fn bound(nodes: &[OnNode], table: &impl Fn(&[&str]) -> Table) -> String {
    let has = |node: &&OnNode| !node.bound.interfaces.is_empty() || !node.bound.groups.is_empty();
    let with: Vec<_> = nodes.iter().filter(has).collect();
    if with.is_empty() {
        return String::new();
    }
    let mut table = table(&["NODE", "HAS IT ON", "JOINED ITS GROUP ON"]);
    let names = |names: &[String]| if names.is_empty() { "-".to_owned() } else { names.join(",") };
    for OnNode { node, bound: Bound { interfaces, groups }, .. } in with {
        table.row([node.clone(), names(interfaces), names(groups)], None);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::{
            client::Told,
            output::{Document, Judged},
        },
        evidence::{Counter, Said},
        verdict::sample::{T0, all, at, before, node},
    };

    fn judged() -> Judged {
        let service = || "shop/web".to_owned();
        let announced = Announced { service: service(), protocol: "layer2".to_owned(), since: before(300) };
        let status = L2Status { service: service(), node: "n2".to_owned(), interfaces: Vec::new() };
        let event = Assigned { service: service(), node: "n1".to_owned(), at: before(60) };
        let predicted = Prediction {
            service: service(),
            node: Some("n1".to_owned()),
            nobody: None,
            interfaces: Some(vec!["eth0".to_owned()]),
            rules: "0.11+".to_owned(),
            since: None,
        };
        let compared = Compared {
            counter: Counter::ResponsesSent,
            speaker: 12,
            wire: 11,
            difference: 1,
            since: before(300),
            until: before(0),
            reason: None,
        };
        let common = Said {
            statuses: vec![status],
            events: vec![event],
            predicted: vec![predicted],
            ..Said::default()
        };
        let own = Said { announced: vec![announced], counters: vec![compared], ..common.clone() };
        let one = node("n1", 1).edit(|report| report.lb_ips[0].said = own).done();
        let two = node("n2", 2).edit(|report| {
            report.lb_ips[0].said = common;
            report.lb_ips[0].bound.interfaces = vec!["kube-ipvs0".to_owned()];
        });
        let told = Told { reports: vec![one, two.done()], coverage: all(2), notes: Vec::new(), now: at(T0) };
        Document::new(&told, &[]).with_evidence(&told).lb_ips.remove(0)
    }

    #[test]
    fn claims_that_contradict_each_other_stand_below_each_other() {
        let text = claims(&judged().nodes, at(T0), &|header| Table::plain(header, None));
        assert_eq!(
            text,
            "\
SAID BY                    SERVICE   NODE  WHAT
Event                      shop/web  n1    nodeAssigned 60s ago
ServiceL2Status            shop/web  n2    on all interfaces
election of MetalLB 0.11+  shop/web  n1    predicted, on eth0
metallb_speaker_announced  shop/web  n1    announced by layer2, first read 5m ago
"
        );
    }

    #[test]
    fn counters_and_addresses_of_the_nodes_have_their_tables() {
        let plain = |header: &[&str]| Table::plain(header, None);
        assert_eq!(
            counters(&judged().nodes, at(T0), &plain),
            "\
NODE  METALLB_LAYER2_  SPEAKER  WIRE  DIFFERENCE  SINCE
n1    responses_sent   12       11    1           5m ago
"
        );
        assert_eq!(
            bound(&judged().nodes, &plain),
            "NODE  HAS IT ON   JOINED ITS GROUP ON\nn2    kube-ipvs0  -\n"
        );
    }
}
