//! From recorded events to `failover -o html`.

use std::fs;
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use l2witness::evidence::{Claimed, Event, MacAddr, Origin, What};
use tempfile::TempDir;

use super::sample::repeated;
use super::table::{Row, Section};
use crate::lab::binary;

/// Handovers of one LB IP, there and back.
const HANDOVERS: i64 = 200;
/// From one to the next.
const APART: SignedDuration = SignedDuration::from_mins(10);
/// Milliseconds.
const TARGET: f64 = 1000.0;

const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 200));

pub(super) fn measure(count: usize) -> Result<Section> {
    let folder = TempDir::new().context("a folder")?;
    let file = folder.path().join("events.jsonl");
    let events = events();
    let lines: Result<Vec<_>, _> = events.iter().map(serde_json::to_string).collect();
    fs::write(&file, lines?.join("\n")).with_context(|| file.display().to_string())?;
    let program = binary("l2witness")?;
    let page = || {
        let mut command = Command::new(&program);
        command.args(["failover", "-o", "html", "--last", &HANDOVERS.to_string(), "--input-file"]).arg(&file);
        command.stdin(Stdio::null()).output().context("run l2witness failover")
    };
    let pictures = String::from_utf8_lossy(&page()?.stdout).matches("moved from ").count();
    ensure!(pictures >= HANDOVERS as usize - 1, "{pictures} of {HANDOVERS} handovers are in the page");
    let took = repeated(count, || {
        let start = Instant::now();
        page()?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    })?;
    let method = format!(
        "{} events of two nodes, {HANDOVERS} handovers of one LB IP, in a file. From the start of the process until its\n\
         page has been read from a pipe.",
        events.len()
    );
    let rows = vec![Row::new(format!("a page of {HANDOVERS} handovers"), took, "ms").at_most(TARGET)];
    Ok(Section { title: "Timelines as a page", method, rows })
}

/// What agents of two nodes tell.
fn events() -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    let mut seq = [0_u64; 2];
    let mut tell = |node: usize, at: Timestamp, what: What| {
        seq[node] += 1;
        let (boot, ip) = ("bench".to_owned(), Some(IP));
        all.push(Event { node: name(node), boot, seq: seq[node], at, ip, what });
    };
    for turn in 0..HANDOVERS {
        let begin = Timestamp::UNIX_EPOCH + APART * (turn as i32 + 1);
        let (new, old) = ((turn % 2) as usize, ((turn + 1) % 2) as usize);
        let asked = 600 * turn as u64;
        for round in 0..5 {
            let at = begin + Duration::from_millis(1100) * round;
            for form in ["request", "reply"] {
                tell(new, at, What::Announcement(claimed(new, true, Some(form), asked)));
                tell(old, at, What::Announcement(claimed(new, false, Some(form), asked)));
            }
            if round == 0 {
                let last = begin - Duration::from_millis(40);
                tell(old, last, What::LastReply(claimed(old, true, None, asked)));
            }
            let answer = at + Duration::from_millis(60);
            tell(new, answer, What::Reply(claimed(new, true, None, asked + 1)));
        }
    }
    all
}

fn claimed(of: usize, sent: bool, form: Option<&str>, asked: u64) -> Claimed {
    Claimed {
        interface: "eth0".to_owned(),
        mac: MacAddr([0, 0, 0x5e, 0, 0x53, of as u8]),
        sent,
        origin: sent.then_some(Origin::Speaker),
        sender: sent.then(|| "metallb-system/speaker-8vq2c".to_owned()),
        form: form.map(str::to_owned),
        asked: Some(asked),
    }
}

fn name(node: usize) -> String {
    format!("n{}", node + 1)
}
