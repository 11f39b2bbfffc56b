use super::*;
use crate::{
    cli::{client::Told, exit::Exit},
    evidence::NodeReport,
    verdict::{
        Coverage,
        sample::{T0, all, alone, at, before, but_one, kernel, node, speaker},
    },
};

fn told(reports: Vec<NodeReport>, coverage: Coverage) -> Told {
    Told { reports, coverage, notes: Vec::new(), now: at(T0) }
}

fn shadowed() -> Vec<NodeReport> {
    vec![
        node("n1", 1).asked(3).local(speaker(1, 300, 3)).done(),
        node("n2", 2).asked(3).local(kernel(2, 200, 3)).done(),
    ]
}

fn plain(header: &[&str]) -> Table {
    Table::plain(header, None)
}

fn shown(document: &Document, format: Format) -> String {
    render(document, format, plain)
}

#[test]
fn the_table_has_a_line_for_every_answerer_and_the_verdict_once() {
    let document = Document::new(&told(shadowed(), all(2)), &[]);
    assert_eq!(
        shown(&document, Format::Table),
        "\
LB IP       NODE  INTERFACE  MAC                ORIGIN   REPLIES  LAST ANSWER  VERDICT
192.0.2.10  n1    eth0       00:00:5e:00:53:01  speaker  12       3s ago       L2W102 SHADOW
192.0.2.10  n2    eth0       00:00:5e:00:53:02  kernel   12       3s ago

1 LB IP: 0 fine, 1 with problems; from 2 of 2 agents
"
    );
    assert_eq!(document.exit(), Exit::Problem);
}

#[test]
fn the_wide_table_names_the_sender_and_the_state() {
    let document = Document::new(&told(shadowed(), all(2)), &[]);
    let text = shown(&document, Format::Wide);
    assert!(
        text.contains("speaker  4f2a9c  answering  12       10         3s ago       3s ago  L2W102"),
        "{text}"
    );
}

#[test]
fn an_ip_without_answerer_still_has_its_line() {
    let document = Document::new(&told(vec![node("n1", 1).done()], alone()), &[]);
    let text = shown(&document, Format::Table);
    assert!(
        text.contains("192.0.2.10  -     -          -    -       -        -            L2W210 IDLE\n"),
        "{text}"
    );
    assert!(text.ends_with("\n1 LB IP: 1 fine; from 1 of 1 agent\n"), "{text}");
}

#[test]
fn who_does_not_answer_any_more_shows_in_the_wide_table_only() {
    let reports = vec![
        node("n1", 1).asked(60).local(speaker(1, 300, 60)).heard(2, 36).done(),
        node("n2", 2).asked(5).local(speaker(2, 40, 5)).announced(36).done(),
    ];
    let document = Document::new(&told(reports, all(2)), &[]);
    assert!(!shown(&document, Format::Table).contains("n1"));
    assert!(shown(&document, Format::Wide).contains("superseded"));
}

#[test]
fn exit_codes_tell_fine_from_unknown_from_problem() {
    let healthy = || vec![node("n1", 1).asked(3).local(speaker(1, 300, 3)).done()];
    let idle = vec![node("n1", 1).done()];
    let odd = vec![node("n1", 1).asked(3).local(speaker(1, 300, 3)).overflowing().done()];
    let other = "192.0.2.99".parse().unwrap();
    for (reports, coverage, ips, exit) in [
        (healthy(), all(1), vec![], Exit::Fine),
        (idle, all(1), vec![], Exit::Fine),
        (odd, all(1), vec![], Exit::Warning),
        (shadowed(), all(2), vec![], Exit::Problem),
        (shadowed(), but_one(3), vec![], Exit::Problem),
        (healthy(), but_one(2), vec![], Exit::Unknown),
        (healthy(), all(1), vec![other], Exit::Unknown),
        (vec![], but_one(1), vec![], Exit::Unknown),
    ] {
        assert_eq!(Document::new(&told(reports, coverage), &ips).exit(), exit);
    }
}

#[test]
fn json_has_the_documented_fields() {
    let coverage = but_one(3);
    let document = Document::new(&told(shadowed(), coverage), &[]);
    let text = output::machine(&document, Format::Json).unwrap().unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let lb_ip = &json["lb_ips"][0];
    assert_eq!(json["agents"]["failed"][0]["error"], "connection refused");
    assert_eq!(lb_ip["agents"]["asked"], 3);
    assert_eq!(lb_ip["agents"]["replied"], 2);
    assert_eq!(lb_ip["answerers"][1]["origin"], "kernel");
    let finding = lb_ip["findings"][0].as_object().unwrap();
    assert_eq!(finding.keys().collect::<Vec<_>>(), ["code", "name", "next", "node", "reason", "severity"]);
    let answerer = lb_ip["answerers"][0].as_object().unwrap();
    for field in [
        "node",
        "interface",
        "interfaces",
        "mac",
        "origin",
        "state",
        "replies",
        "announcements",
        "first",
        "last",
        "sender",
    ] {
        assert!(answerer.contains_key(field), "{field}");
    }
}

#[test]
fn yaml_says_the_same_as_json() {
    let document = Document::new(&told(shadowed(), all(2)), &[]);
    let json = output::machine(&document, Format::Json).unwrap().unwrap();
    let yaml = output::machine(&document, Format::Yaml).unwrap().unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_norway::from_str::<serde_json::Value>(&yaml).unwrap(), json);
}

#[test]
fn asking_for_what_nobody_watches_leaves_a_note() {
    let other = "192.0.2.99".parse().unwrap();
    let document = Document::new(&told(shadowed(), all(2)), &[other]);
    assert_eq!(unwatched(&document, &[other]), ["no asked agent watches 192.0.2.99"]);
}

#[test]
fn causes_and_what_is_wrong_with_agents_stand_below_the_table() {
    let bound = |name: &str, mac| {
        let here = node(name, mac).asked(3).local(kernel(mac, 200, 3)).holds(&["lo"]);
        here.host(|host| host.arp_ignore = Some(0))
    };
    let lost = bound("n2", 2).edit(|report| report.source_state.lost = Some(before(300)));
    let document = Document::new(&told(vec![bound("n1", 1).done(), lost.done()], all(2)), &[]);
    let text = shown(&document, Format::Table);
    let expected = "

192.0.2.10  L2W102 SHADOW: lo holds 192.0.2.10 and arp_ignore is 0 on eth0
n2  L2W904 SOURCE-LOST: nothing new from the API server for 5m; the set of 1 LB IPs of then stays in force

1 LB IP: 0 fine, 1 with problems; from 2 of 2 agents
";
    assert!(text.ends_with(expected), "{text}");
    assert_eq!(document.exit(), Exit::Problem);
}
