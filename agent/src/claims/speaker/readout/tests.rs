//! Against what real speakers served, and against what no speaker should.

use std::{fs, path::Path};

use super::*;

/// An address, its requests, responses and announcements counted, and the Service announced with it.
type Row = (&'static str, [Option<u64>; 3], Option<&'static str>);

fn read(text: &str) -> Readout {
    let mut readout = Readout::default();
    for line in text.split_inclusive('\n') {
        readout.line(line.as_bytes(), &|_| true);
    }
    readout
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn speakers_of_both_ages_are_read_to_the_number() {
    let old = "metallb-0.8.2-kube-1.17.6";
    let new = "metallb-0.15.3-kube-1.34.4";
    let (web, api, mail) = ("10.77.0.200", "10.77.0.201", "10.77.0.202");
    let table: [(&str, &str, i64, &[Row]); 6] = [
        (old, "n1", 1_795_414_872_260, &[(web, [None, None, Some(10)], Some("default/web"))]),
        (
            old,
            "n2",
            1_795_414_872_260,
            &[(web, [Some(8), Some(8), Some(10)], None), (api, [Some(18), Some(18), Some(10)], None)],
        ),
        (
            old,
            "n3",
            1_795_414_872_260,
            &[
                (api, [Some(42), Some(42), Some(10)], Some("default/api")),
                (mail, [Some(2), Some(2), Some(10)], Some("default/mail")),
            ],
        ),
        (
            new,
            "n1",
            1_795_416_903_210,
            &[
                (web, [Some(62), Some(62), Some(10)], Some("default/web")),
                (mail, [None, None, Some(20)], Some("default/mail")),
            ],
        ),
        (new, "n2", 1_795_416_903_150, &[(api, [None, None, Some(20)], Some("default/api"))]),
        (new, "n3", 1_795_416_903_180, &[(web, [Some(18), Some(18), Some(10)], None)]),
    ];
    for (system, node, started, rows) in table {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(system);
        let readout = read(&fs::read_to_string(data.join(format!("speaker-{node}.metrics.txt"))).unwrap());

        let mut expected = Readout {
            config_loaded: Some(true),
            config_stale: Some(false),
            started: Some(Timestamp::from_millisecond(started).unwrap()),
            lines: 3,
            ..Readout::default()
        };
        for (address, [requests_received, responses_sent, gratuitous_sent], service) in rows {
            let counted = Counted {
                requests_received: *requests_received,
                responses_sent: *responses_sent,
                gratuitous_sent: *gratuitous_sent,
            };
            expected.counted.insert(ip(address), counted);
            expected.lines +=
                Counter::ALL.into_iter().filter(|counter| counted.of(*counter) > 0).count() as u64;
            if let Some(service) = service {
                let (service, protocol, node) = ((*service).into(), "layer2".into(), node.into());
                expected.announced.insert(ip(address), vec![Series { service, protocol, node }]);
                expected.lines += 1;
            }
        }
        assert_eq!(readout, expected, "{system} {node}");
    }
}

#[test]
fn lines_that_say_nothing_are_counted_and_the_others_still_read() {
    let garbage = [
        "metallb_layer2_responses_sent{ip=\"banana\"} 1\n",
        "metallb_layer2_responses_sent{ip=\"\"} 1\n",
        "metallb_layer2_responses_sent{ip=\"192.0.2.300\"} 1\n",
        "metallb_layer2_responses_sent{ip=\"192.0.2.1\"} -1\n",
        "metallb_layer2_responses_sent{ip=\"192.0.2.1\"} 1.5\n",
        "metallb_layer2_responses_sent{ip=\"192.0.2.1\"} +Inf\n",
        "metallb_layer2_responses_sent{ip=\"192.0.2.1\"} NaN\n",
        "metallb_layer2_responses_sent{ip=\"192.0.2.1\"} 1e300\n",
        "metallb_layer2_responses_sent{ip=\"192.0.2.1\"\n",
        "metallb_layer2_responses_sent{ip=\"192.0.2.1} 1\n",
        "metallb_layer2_responses_sent 1\n",
        "metallb_speaker_announced{ip=\"192.0.2.1\",protocol=\"layer2\"} 1\n",
        "process_start_time_seconds 1e99\n",
    ];
    let good = "metallb_layer2_responses_sent{ip=\"192.0.2.1\"} 1.25e+06\n";

    let readout = read(&(garbage.concat() + good));

    assert_eq!((readout.lines, readout.garbage), (1, garbage.len() as u64));
    assert_eq!(readout.counted[&ip("192.0.2.1")].responses_sent, Some(1_250_000));
    let mut bytes = Readout::default();
    bytes.line(b"metallb_layer2_responses_sent{ip=\"\xff\"} 1\n", &|_| true);
    assert_eq!((bytes.lines, bytes.garbage), (0, 1));
}

#[test]
fn labels_are_read_by_name_and_escapes_for_what_they_stand_for() {
    let line = "metallb_speaker_announced{service=\"a\\\"},ip=\\\\b\",protocol=\"layer2\",node=\"n1\",ip=\"::ffff:192.0.2.1\"} 1\n";
    let announced = &read(line).announced[&ip("192.0.2.1")];
    assert_eq!(announced[0].service, "a\"},ip=\\b");
}

#[test]
fn a_series_counts_once_and_only_while_it_is_1() {
    let series = |service, value| {
        format!(
            "metallb_speaker_announced{{ip=\"192.0.2.1\",node=\"n1\",protocol=\"layer2\",service=\"{service}\"}} {value}\n"
        )
    };
    let readout = read(&[series("a/a", 1), series("a/a", 1), series("a/b", 0)].concat());
    assert_eq!(readout.announced[&ip("192.0.2.1")].len(), 1);
    assert_eq!((readout.lines, readout.garbage), (3, 0));
}

#[test]
fn other_families_and_other_addresses_are_passed_over() {
    let text = "# HELP x y\n# TYPE x counter\n\nx{a=\"b\"} 1\nmetallb_layer2_responses_sent_total{ip=\"x\"} 1\n<html>\n";
    assert_eq!(read(text), Readout::default());

    let mut readout = Readout::default();
    readout.line(b"metallb_layer2_responses_sent{ip=\"192.0.2.9\"} 1\n", &|_| false);
    assert_eq!((readout.lines, readout.counted.len()), (1, 0));
}
