//! The same handover twice: by the agents as it happened, and by tcpdump's captures of the same frames afterwards.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use l2witness::timeline::{Handover, StepKind};
use l2witness_tests::lab::{Host, Lab, Process, binary, lb_ipv4, until};

use super::alone;
use super::segment::{APART, Segment, parties};

const LIMIT: Duration = Duration::from_secs(5);

#[test]
fn captures_of_a_handover_give_the_timeline_that_the_agents_gave() -> Result<()> {
    let _turn = alone();
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let segment = Segment::start(lab, lb_ipv4(0).into(), [0; 3])?;
    let hosts = segment.nodes.iter().map(|node| &node.host).chain([&segment.router]);
    let captures = hosts.map(Capture::start).collect::<Result<Vec<_>>>()?;

    segment.nodes[0].speaker()?.withdraw(segment.ip)?;
    thread::sleep(Duration::from_millis(100));
    segment.nodes[1].speaker()?.announce(segment.ip)?;
    segment.answered_by(1)?;
    let live = segment.told(1, |told| {
        let handover = told.handovers.last().context("no handover")?;
        let rounds = handover.steps.iter().filter(|step| step.kind == StepKind::Announcement).count();
        ensure!(rounds == 5 && handover.gap_ns.is_some(), "{rounds} rounds");
        Ok(())
    })?;
    // The last frames are on their way into the files.
    thread::sleep(Duration::from_millis(200));

    let mut command = segment.router.command(&binary("l2witness")?.to_string_lossy());
    command.args(["replay", "--failover", "-o", "json", "--lb-ip", &segment.ip.to_string()]);
    command.args(captures.iter().map(|capture| format!("{}={}", capture.node, capture.file.display())));
    let output = command.output().context("run l2witness replay")?;
    let replayed = segment.printed(&output)?;

    let (live, replayed) =
        (live.handovers.last().context("live")?, replayed.handovers.last().context("replayed")?);
    assert_eq!(parties(live), parties(replayed));
    assert_eq!(live.kind, replayed.kind);
    let (of_live, of_replayed) = (steps(live), steps(replayed));
    assert_eq!(of_live.keys().collect::<Vec<_>>(), of_replayed.keys().collect::<Vec<_>>());
    // What is closer may change places: broadcast and unicast take their time, and each is another's to note.
    for (one, at) in &of_live {
        let later = of_live
            .iter()
            .filter(|(_, other)| other.duration_since(*at).unsigned_abs() > APART && *other > at);
        for (other, _) in later {
            ensure!(of_replayed[one] < of_replayed[other], "{one:?} and {other:?}: {live:#?}\n{replayed:#?}");
        }
    }
    let gap = |of: &Handover| of.gap_ns.with_context(|| format!("no gap: {of:#?}"));
    let apart = (gap(live)? - gap(replayed)?).unsigned_abs();
    let error = live.error_ns.unwrap_or_default() + replayed.error_ns.unwrap_or_default();
    ensure!(u128::from(apart) <= APART.as_nanos() + u128::from(error), "{live:#?}\n{replayed:#?}");
    let unanswered = |of: &Handover| of.unanswered.clone().with_context(|| format!("nobody asked: {of:#?}"));
    let (live, replayed) = (unanswered(live)?, unanswered(replayed)?);
    ensure!(live.least <= replayed.most && replayed.least <= live.most, "{live:?} {replayed:?}");
    Ok(())
}

/// What happened on which node for which time, and when; but not requests: live, only some have an event.
fn steps(handover: &Handover) -> BTreeMap<(String, &str, usize), Timestamp> {
    let mut steps = BTreeMap::new();
    for step in handover.steps.iter().filter(|step| step.kind != StepKind::Request) {
        let (kind, node) = (format!("{:?}", step.kind), step.node.as_str());
        let before = steps.keys().filter(|(other, on, _)| (other, *on) == (&kind, node)).count();
        steps.insert((kind, node, before), step.at);
    }
    steps
}

/// A host's frames, in a file.
struct Capture {
    node: String,
    file: PathBuf,
    _tcpdump: Process,
}

impl Capture {
    fn start(host: &Host) -> Result<Self> {
        let file = host.scratch().join(format!("{}.pcap", host.name()));
        let mut command = host.command("tcpdump");
        command.args(["-p", "-U", "--immediate-mode", "-Z", "root", "-i", "eth0", "-w"]).arg(&file);
        let tcpdump = host.spawn(command)?;
        until(LIMIT, || Ok(tcpdump.stderr().contains("listening on").then_some(())))
            .with_context(|| tcpdump.stderr())?;
        Ok(Self { node: host.name().to_owned(), file, _tcpdump: tcpdump })
    }
}
