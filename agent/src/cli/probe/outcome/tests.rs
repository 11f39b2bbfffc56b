use super::*;
use crate::verdict::{
    Failed,
    sample::{T0, all, alone, at, kernel, mac, node, speaker},
};

const IP: &str = "192.0.2.10";

/// Answers on eth0 to three questions, as (question, last byte of the MAC).
fn probed(answers: &[(u32, u8)], told: &Told) -> Probed {
    let asked = vec![Asked {
        interface: "eth0".to_owned(),
        mac: mac(9),
        sender: "0.0.0.0".parse().unwrap(),
        questions: 3,
    }];
    let ip = IP.parse().unwrap();
    let answers: Vec<_> = answers
        .iter()
        .map(|(question, last)| {
            let latency = Duration::from_micros(210);
            let answer = Answer { question: *question, mac: mac(*last), latency, mismatch: false };
            answered(ip, "eth0", &answer, &told.reports)
        })
        .collect();
    let findings = findings(ip, &asked, &answers, &told.coverage);
    let severity = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok);
    let agents = told.coverage.clone();
    Probed { schema: 1, time: told.now, ip, severity, asked, answers, findings, agents }
}

fn told(reports: Vec<NodeReport>, coverage: Coverage) -> Told {
    Told { reports, coverage, notes: Vec::new(), now: at(T0) }
}

fn two_nodes() -> Told {
    let owner = node("n1", 1).local(speaker(1, 300, 1)).done();
    told(vec![owner, node("n2", 2).local(kernel(2, 20, 1)).done()], all(2))
}

fn unreached() -> Told {
    let failed = vec![Failed { agent: "/run/x.sock".to_owned(), error: "no such socket".to_owned() }];
    told(Vec::new(), Coverage { asked: 1, failed, ..alone() })
}

#[test]
fn exactly_one_answerer_is_fine_and_everything_else_is_told() {
    let every = |last: u8| [(1, last), (2, last), (3, last)];
    for (answers, told, severity, codes) in [
        (every(1).to_vec(), two_nodes(), Severity::Ok, vec![]),
        (every(1).to_vec(), unreached(), Severity::Ok, vec![]),
        (vec![], two_nodes(), Severity::Problem, vec![Some("L2W201")]),
        ([every(1), every(2)].concat(), two_nodes(), Severity::Problem, vec![Some("L2W102")]),
        ([every(1), every(2)].concat(), unreached(), Severity::Problem, vec![Some("L2W101")]),
        ([every(1), every(1)].concat(), two_nodes(), Severity::Problem, vec![Some("L2W101")]),
        (every(7).to_vec(), two_nodes(), Severity::Problem, vec![Some("L2W103")]),
        (vec![(1, 1), (3, 1)], two_nodes(), Severity::Warning, vec![None]),
        (vec![(1, 1), (1, 7)], unreached(), Severity::Problem, vec![Some("L2W101"), None, None]),
    ] {
        let probed = probed(&answers, &told);
        let found: Vec<_> = probed.findings.iter().map(|finding| finding.code).collect();
        assert_eq!((probed.severity, found), (severity, codes), "{answers:?}");
        assert_eq!(probed.exit(), Exit::of(severity));
    }
}

#[test]
fn the_page_names_every_answer() {
    let probed = probed(&[(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)], &two_nodes());
    let page = super::super::text::text(&probed, |header| crate::cli::table::Table::plain(header, None));
    assert_eq!(
        page,
        "\
Asked 3 times on eth0 for 192.0.2.10 by 0.0.0.0 at 00:00:5e:00:53:09

ASKED ON  QUESTION  MAC                NODE  INTERFACE  ORIGIN   LATENCY
eth0      1         00:00:5e:00:53:01  n1    eth0       speaker  0.21ms
eth0      1         00:00:5e:00:53:02  n2    eth0       kernel   0.21ms
eth0      2         00:00:5e:00:53:01  n1    eth0       speaker  0.21ms
eth0      2         00:00:5e:00:53:02  n2    eth0       kernel   0.21ms
eth0      3         00:00:5e:00:53:01  n1    eth0       speaker  0.21ms
eth0      3         00:00:5e:00:53:02  n2    eth0       kernel   0.21ms

problem L2W102: a kernel answers, asked on eth0: n1 (00:00:5e:00:53:01, speaker), n2 (00:00:5e:00:53:02, kernel)
  next: on n2, `ip -br addr | grep -wF 192.0.2.10`: if kube-ipvs0 holds it, set `strictARP: true` in kube-proxy's \
configuration; if nothing does, look for `proxy_arp=1`
"
    );
}

#[test]
fn a_vlan_s_mac_is_its_interface_s_that_is_observed() {
    let report = node("n1", 1).nic("eth0.5", 1).edit(|report| report.interfaces[0].hook = None).done();
    let probed = probed(&[(1, 1)], &told(vec![report], all(1)));
    assert_eq!(probed.answers[0].interface.as_deref(), Some("eth0.5"));
}
