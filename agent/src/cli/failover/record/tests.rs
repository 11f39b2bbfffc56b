//! What is written is read again; what is not ours is named with its line.

use std::fs;

use super::*;
use crate::{
    evidence::{Lost, What},
    verdict::{Failed, sample::node},
};

fn event(node: &str, seq: u64) -> Event {
    let at: Timestamp = "2026-01-31T14:03:00Z".parse().unwrap();
    let what = What::Lost(Lost { count: 1, reason: "history".to_owned() });
    let ip = Some("192.0.2.10".parse().unwrap());
    Event {
        node: node.to_owned(),
        boot: "a".to_owned(),
        seq,
        at: at + jiff::SignedDuration::from_millis(seq.cast_signed()),
        ip,
        what,
    }
}

fn record() -> Record {
    Record {
        time: "2026-01-31T14:05:00Z".parse().unwrap(),
        agents: Coverage {
            asked: 2,
            replied: 1,
            failed: vec![Failed { agent: "n2".to_owned(), error: "connection refused".to_owned() }],
            ..Coverage::default()
        },
        reports: vec![node("n1", 1).done()],
        events: vec![event("n1", 1), event("n1", 2)],
    }
}

fn written(record: &Record) -> String {
    let mut text = Vec::new();
    record.write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handover.jsonl");
    Recording::create(&path).unwrap().finish(&record()).unwrap();
    assert_eq!(Record::read(&[path]).unwrap(), record());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else stays behind");
}

#[test]
fn a_record_that_is_not_finished_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    drop(Recording::create(&folder.path().join("handover.jsonl")).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn several_files_are_one_record_and_what_is_in_both_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let one = write("one", &written(&record()));
    let other = Record { events: vec![event("n1", 2), event("n1", 3)], ..record() };
    let other = write("other", &written(&other));
    let bare = serde_json::to_string(&event("n3", 9)).unwrap();
    let bare = write("bare", &format!("{bare}\n\n{bare}"));
    let read = Record::read(&[one, other, bare]).unwrap();
    let seqs: Vec<_> = read.events.iter().map(|event| (event.node.as_str(), event.seq)).collect();
    assert_eq!(seqs, [("n1", 1), ("n1", 2), ("n1", 3), ("n3", 9)]);
    assert_eq!(read.reports.len(), 1);
    assert_eq!(read.ips(), ["192.0.2.10".parse::<IpAddr>().unwrap()]);
}

#[test]
fn what_can_t_be_used_is_named_with_its_line() {
    let whole = written(&record());
    let lines: Vec<&str> = whole.lines().collect();
    let cut = &whole[..whole.len() - 20];
    let other_schema = whole.replacen("\"schema\":1", "\"schema\":2", 1);
    let other_kind = whole.replacen(RECORD, "l2witness drill", 1);
    let damaged = whole.replacen("\"reports\"", "\"report\"", 1);
    let event_kind = whole.replacen("\"lost\"", "\"gained\"", 1);
    let long = format!("{}\n{}", lines[0], "x".repeat(70_000));
    let table: [(&str, &str); 9] = [
        ("", "is empty"),
        (
            "\u{1f}\u{8b}\u{8}",
            "line 1 is neither a record's first line nor an event: expected value, column 1",
        ),
        ("{}\n", "line 1 is no event: missing field `node`, column 2"),
        (cut, "line 3 is no event: EOF while parsing"),
        (&other_schema, "line 1: the record has schema 2, this l2witness reads 1"),
        (&other_kind, "line 1: this is a record of \"l2witness drill\""),
        (&damaged, "line 1 is damaged: missing field `reports`"),
        (&event_kind, "line 2 is no event: unknown variant `gained`"),
        (&long, "line 2 is too long for an event"),
    ];
    for (text, wanted) in table {
        let error = Record::from_lines(text.as_bytes()).unwrap_err();
        assert!(error.starts_with(wanted) && error.lines().count() == 1, "{error}\n{wanted}");
    }
    assert_eq!(Record::from_lines(lines[0].as_bytes()).unwrap().events, [], "nothing happened");
}

#[test]
fn a_place_where_nothing_can_be_written_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for (path, wanted) in
        [(folder.path().to_owned(), "it is a folder"), (folder.path().join("no/such"), "No such file")]
    {
        let failure = Recording::create(&path).err().unwrap();
        let text = failure.to_string();
        assert!(matches!(failure, Failure::Usage(_)) && text.contains(wanted), "{text}");
    }
    let failure = Record::read(&[folder.path().join("missing")]).unwrap_err().to_string();
    assert!(failure.contains("missing: can't be opened: No such file"), "{failure}");
}
