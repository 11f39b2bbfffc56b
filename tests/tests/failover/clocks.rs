//! Nodes whose clocks differ by seconds.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use l2witness::timeline::StepKind;
use l2witness_tests::lab::{Lab, lb_ipv4};

use super::alone;
use super::segment::{Segment, parties, same_gap};

#[test]
fn three_seconds_of_skew_either_way_change_neither_order_nor_gap() -> Result<()> {
    const SECOND: i64 = 1_000_000_000;
    const AHEAD: [i64; 3] = [0, 3, -3];
    let _turn = alone();
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let segment = Segment::start(lab, lb_ipv4(0).into(), AHEAD)?;
    let since = Timestamp::now();
    for (from, to) in [(0, 1), (1, 2)] {
        segment.nodes[from].speaker()?.withdraw(segment.ip)?;
        thread::sleep(Duration::from_millis(100));
        segment.nodes[to].speaker()?.announce(segment.ip)?;
        segment.answered_by(to)?;
        thread::sleep(Duration::from_secs(6));
    }
    let told = segment.told(2, |told| {
        let moves: Vec<_> = told.handovers.iter().map(parties).collect();
        let expected = [(Some("n1"), Some("n2")), (Some("n2"), Some("n3"))];
        ensure!(moves == expected, "{moves:?}");
        Ok(())
    })?;
    for (number, handover) in told.handovers.iter().enumerate() {
        same_gap(handover, &segment.seen(number, number + 1, since)?)?;
        let times: Vec<_> = handover.steps.iter().map(|step| step.at).collect();
        ensure!(times.is_sorted(), "{handover:#?}");
        let at = |kind| handover.steps.iter().position(|step| step.kind == kind);
        ensure!(at(StepKind::LastAnswer) < at(StepKind::Announcement), "{handover:#?}");
        ensure!(at(StepKind::LastAnswer) < at(StepKind::FirstAnswer), "{handover:#?}");
    }
    // What is to be added to a node's times takes back what its clock is ahead by, but for the reference's own.
    let offset = |name: &str| {
        told.clocks.iter().find(|clock| clock.node == name).with_context(|| format!("no clock of {name}"))
    };
    let first = offset("n1")?.offset_ns;
    for (name, ahead) in ["n1", "n2", "n3"].into_iter().zip(AHEAD) {
        let clock = offset(name)?;
        let error = clock.error_ns.with_context(|| format!("the error of {name} is not known"))?;
        let wrong = (clock.offset_ns - first + ahead * SECOND).unsigned_abs();
        // The two offsets each have their error.
        let most = error + offset("n1")?.error_ns.unwrap_or_default() + 200_000;
        ensure!(wrong <= most, "{name}: off by {wrong} ns, {most} at most were told");
    }
    Ok(())
}
