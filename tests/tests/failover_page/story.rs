//! Events to draw: of a real capture, and made up to be hard to draw.

use std::{collections::BTreeMap, process::Command};

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use l2witness_tests::lab::binary;
use serde_json::{Value, json};

/// What happened when MetalLB 0.8.2 moved an address, as four hosts' captures tell.
pub(crate) fn of_the_capture() -> Result<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/metallb-0.8.2-kube-1.17.6");
    let mut replay = Command::new(binary("l2witness")?);
    replay.args(["replay", "--events", "--lb-ip", "10.77.0.201", "--mac", "n1=62:ae:93:b7:e3:fd"]);
    for host in ["n1", "n2", "n3", "rt"] {
        replay.arg(format!("{folder}/{host}.pcap"));
    }
    let output = replay.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

/// 2026-01-31T14:03:00Z.
const START: Timestamp = Timestamp::constant(1_769_868_180, 0);

/// A DNS name of 253 characters.
fn long_name(number: u8) -> String {
    format!("ip-10-0-0-{number}.{}example.internal", "a-rather-long-name-of-a-rack.".repeat(8))
}

/// Two addresses, nodes with long names, moves within microseconds and within hours.
pub(crate) fn made_up() -> String {
    let mut story = Story { lines: String::new(), rows: BTreeMap::new(), now: START };
    for (ip, pauses) in [
        ("192.0.2.10", [300_000, 2_000_000, 900]),
        ("2001:db8:1234:5678:9abc:def0:1234:5678", [40, 7_000_000, 20_000]),
    ] {
        story.owns(ip, 1);
        for (turn, pause) in pauses.into_iter().enumerate() {
            let turn = turn as u8;
            story.wait(20_000_000);
            story.moves(ip, 1 + turn, 2 + turn, pause);
        }
        story.wait(3_600_000_000);
    }
    story.lines
}

struct Story {
    lines: String,
    /// The last number of each node and address.
    rows: BTreeMap<(u8, String), u64>,
    now: Timestamp,
}

impl Story {
    fn wait(&mut self, microseconds: i64) {
        self.now += SignedDuration::from_micros(microseconds);
    }

    fn tell(&mut self, node: u8, ip: Option<&str>, mut what: Value) {
        let seq = self.rows.entry((node, ip.unwrap_or_default().to_owned())).or_default();
        *seq += 1;
        what["node"] = long_name(node).into();
        what["seq"] = (*seq).into();
        what["at"] = self.now.to_string().into();
        if let Some(ip) = ip {
            what["ip"] = ip.into();
        }
        self.lines.push_str(&what.to_string());
        self.lines.push('\n');
    }

    fn claimed(&mut self, kind: &str, observer: u8, of: u8, ip: &str, asked: u64) {
        let sent = observer == of;
        let mut what = json!({"kind": kind, "interface": "enp193s0f0np0.4094", "mac": mac(of), "sent": sent, "asked": asked});
        if kind == "announcement" {
            what["form"] = "request".into();
        }
        if sent {
            what["origin"] = "speaker".into();
            what["sender"] = format!("metallb-system/metallb-speaker-with-a-long-name-{of}").into();
        }
        self.tell(observer, Some(ip), what);
    }

    fn asks(&mut self, ip: &str, count: u64) {
        for observer in 1..=4 {
            let what = json!({"kind": "request", "interface": "enp193s0f0np0.4094", "mac": mac(200), "count": count});
            self.tell(observer, Some(ip), what);
            self.wait(3);
        }
    }

    fn owns(&mut self, ip: &str, owner: u8) {
        self.asks(ip, 1);
        self.claimed("reply", owner, owner, ip, 1);
    }

    /// `pause` microseconds without an answer.
    fn moves(&mut self, ip: &str, from: u8, to: u8, pause: i64) {
        let count = u64::from(from) * 10;
        let cause = json!({"kind": "cause", "object": format!("Node/{}", long_name(from)),
            "change": "label node.kubernetes.io/exclude-from-external-load-balancers added",
            "own_time": (self.now - SignedDuration::from_millis(400)).to_string()});
        self.tell(from, None, cause);
        self.wait(900_000);
        self.asks(ip, count);
        let (last, asked) = (self.now, count);
        self.wait(pause / 2);
        self.asks(ip, count + 1);
        self.wait(pause / 2);
        for round in 0..5 {
            for observer in 1..=4 {
                self.claimed("announcement", observer, to, ip, count + 1);
                self.wait(2);
            }
            if round == 0 {
                // An agent knows which reply was the last one when it sees the loss.
                let now = std::mem::replace(&mut self.now, last);
                self.claimed("last_reply", from, from, ip, asked);
                self.now = now;
                self.asks(ip, count + 2);
                self.claimed("reply", to, to, ip, count + 2);
            }
            self.wait(1_100_000);
        }
    }
}

fn mac(number: u8) -> String {
    format!("00:00:5e:00:53:{number:02x}")
}
