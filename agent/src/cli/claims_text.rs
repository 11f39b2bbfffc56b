//! What is said about one LB IP, beside what the wire shows, for people.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    output::{Judged, OnNode},
    table::Table,
};
use crate::{
    evidence::{Assigned, Bound, Compared, L2Status, Origin, Prediction},
    verdict::{Announcing, Answerer, Counted, Sayings, State, ago},
};

/// Who claims what, and how that agrees with the wire. What several agents read of the API server is one claim.
pub(super) fn claims(judged: &Judged, now: Timestamp, table: &impl Fn(&[&str]) -> Table) -> String {
    let Sayings { services: _, announced, statuses, events, predicted, counters: _ } = &judged.said;
    let mut rows = BTreeSet::new();
    for word in announced {
        let Announcing { node, service, protocol, since, read, reading: _ } = word;
        let old = match read {
            _ if word.is_fresh(now) => String::new(),
            Some(read) => format!("; last read {}", ago(*read, now)),
            None => "; not read at present".to_owned(),
        };
        let what = format!("announced by {protocol}, first read {}{old}", ago(*since, now));
        rows.insert(["metallb_speaker_announced".to_owned(), service.clone(), node.clone(), what]);
    }
    for status in statuses {
        let L2Status { service, node, interfaces, object, written_by: _ } = status;
        let stuck =
            status.stuck_by().map(|by| format!("; stuck: {object} was written last by the speaker of {by}"));
        let what = format!("on {}{}", all_or(interfaces), stuck.unwrap_or_default());
        rows.insert(["ServiceL2Status".to_owned(), service.clone(), node.clone(), what]);
    }
    for Assigned { service, node, at } in events {
        let what = format!("nodeAssigned {}", ago(*at, now));
        rows.insert(["Event".to_owned(), service.clone(), node.clone(), what]);
    }
    for Prediction { service, node, nobody, interfaces, rules, elsewhere: _, since: _ } in predicted {
        let on = interfaces.as_ref().map_or_else(|| "all interfaces".to_owned(), |names| all_or(names));
        let what = match nobody {
            Some(why) => format!("predicted: nobody, {why}"),
            None => format!("predicted, on {on}"),
        };
        let by = format!("election of MetalLB {rules}");
        rows.insert([by, service.clone(), node.clone().unwrap_or_else(|| NOBODY.to_owned()), what]);
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut table = table(&["SAID BY", "SERVICE", "NODE", "ON THE WIRE", "WHAT"]);
    for [by, service, node, what] in rows {
        let wire = on_the_wire(&node, &judged.answerers);
        table.row([by, service, node, wire, what], None);
    }
    table.render()
}

const NOBODY: &str = "-";

/// Whether the wire bears a claim out.
fn on_the_wire(node: &str, answerers: &[Answerer]) -> String {
    let programs =
        answerers.iter().filter(|one| one.state == State::Answering && one.origin != Origin::Kernel);
    let others: Vec<_> = programs.map(|one| one.node.as_str()).collect();
    match others.first() {
        _ if others.contains(&node) => "answers".to_owned(),
        Some(other) => format!("no: {other} answers"),
        None => "-".to_owned(),
    }
}

fn all_or(interfaces: &[String]) -> String {
    if interfaces.is_empty() { "all interfaces".to_owned() } else { interfaces.join(",") }
}

/// The speakers' counters beside the wire's.
pub(super) fn counters(judged: &Judged, now: Timestamp, table: &impl Fn(&[&str]) -> Table) -> String {
    let counters = &judged.said.counters;
    if counters.is_empty() {
        return String::new();
    }
    let mut table = table(&["NODE", "METALLB_LAYER2_", "SPEAKER", "WIRE", "DIFFERENCE", "SINCE"]);
    for Counted { node, compared } in counters {
        let Compared { counter, speaker, wire, difference, changed: _, since, until: _, reason } = compared;
        let why = reason.map_or_else(String::new, |reason| format!(" ({})", reason.text()));
        let cells = [
            node.clone(),
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
        cli::{client::Told, output::Document},
        evidence::{Counter, Reading},
        verdict::sample::{T0, WEB, all, at, member, owner},
    };

    fn judged() -> Judged {
        let one = owner("n1", 1).status(WEB, "n2").selects(&["eth0"]).counted(Counter::ResponsesSent, 12, 11);
        let two = member("n2", 2).holds(&["kube-ipvs0"]).announces(WEB, 7200);
        let two = two.speaker_is(|speaker| speaker.reading = Reading::TimedOut);
        let reports = vec![one.done(), two.done()];
        let told = Told { reports, coverage: all(2), notes: Vec::new(), now: at(T0) };
        Document::new(&told, &[]).with_evidence(&told).lb_ips.remove(0)
    }

    #[test]
    fn claims_that_contradict_each_other_stand_below_each_other() {
        let text = claims(&judged(), at(T0), &|header| Table::plain(header, None));
        assert_eq!(
            text,
            "\
SAID BY                    SERVICE      NODE  ON THE WIRE     WHAT
Event                      default/web  n1    answers         nodeAssigned 60m ago
ServiceL2Status            default/web  n1    answers         on all interfaces
ServiceL2Status            default/web  n2    no: n1 answers  on all interfaces
election of MetalLB 0.11+  default/web  n1    answers         predicted, on eth0
metallb_speaker_announced  default/web  n1    answers         announced by layer2, first read 60m ago
metallb_speaker_announced  default/web  n2    no: n1 answers  announced by layer2, first read 2h ago; last read 5s ago
"
        );
    }

    #[test]
    fn counters_and_addresses_of_the_nodes_have_their_tables() {
        let plain = |header: &[&str]| Table::plain(header, None);
        assert_eq!(
            counters(&judged(), at(T0), &plain),
            "\
NODE  METALLB_LAYER2_  SPEAKER  WIRE  DIFFERENCE  SINCE
n1    responses_sent   12       11    1           10m ago
"
        );
        assert_eq!(
            bound(&judged().nodes, &plain),
            "NODE  HAS IT ON   JOINED ITS GROUP ON\nn2    kube-ipvs0  -\n"
        );
    }
}
