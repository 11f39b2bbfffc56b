//! More than one node at a time, or again and again.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use l2witness::timeline::{Handover, Kind, Timeline};
use l2witness_tests::lab::{Lab, lb_ipv4};

use super::alone;
use super::segment::{Segment, parties};

#[test]
fn a_split_that_heals_is_an_overlap() -> Result<()> {
    const SPLIT: Duration = Duration::from_secs(10);
    let _turn = alone();
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let segment = Segment::start(lab, lb_ipv4(0).into(), [0; 3])?;
    let since = Timestamp::now();
    segment.nodes[1].speaker()?.announce(segment.ip)?;
    segment.answered_by(1)?;
    thread::sleep(SPLIT);
    segment.nodes[0].speaker()?.withdraw(segment.ip)?;
    thread::sleep(Duration::from_millis(100));
    let seen = segment.seen(0, 1, since)?;

    let told = segment.told(1, |told| {
        let healed = |last: &Handover| last.kind == Kind::SplitHealed && last.gap_ns.is_some();
        ensure!(told.handovers.last().is_some_and(healed), "no healed split");
        Ok(())
    })?;
    let handover = &told.handovers[told.handovers.len() - 1];
    ensure!(parties(handover) == (Some("n1"), Some("n2")), "{handover:#?}");
    super::segment::same_gap(handover, &seen)?;
    ensure!(handover.gap_ns.is_some_and(|gap| gap < -9_000_000_000), "{handover:#?}");
    // Its announcements were questions, too, which the first one answered: that takes nothing from it.
    let lost = segment.observed(&["last_reply"])?;
    ensure!(!lost.is_empty() && lost.lines().all(|line| line.contains("  n1  ")), "{lost}");
    Ok(())
}

#[test]
fn back_and_forth_every_two_seconds_is_a_flap() -> Result<()> {
    const EVERY: Duration = Duration::from_secs(2);
    const LENGTH: Duration = Duration::from_secs(60);
    let _turn = alone();
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let segment = Segment::start(lab, lb_ipv4(0).into(), [0; 3])?;
    let start = Instant::now();
    let mut moves = 0;
    while start.elapsed() < LENGTH {
        let (from, to) = (moves % 2, (moves + 1) % 2);
        segment.nodes[from].speaker()?.withdraw(segment.ip)?;
        segment.nodes[to].speaker()?.announce(segment.ip)?;
        moves += 1;
        thread::sleep(EVERY);
    }
    let told = segment.told(100, |told| {
        let turns = turns(told).count();
        ensure!(turns == moves, "{turns} of {moves} handovers");
        Ok(())
    })?;
    for (number, handover) in turns(&told).enumerate() {
        let expected = if number % 2 == 0 { (Some("n1"), Some("n2")) } else { (Some("n2"), Some("n1")) };
        ensure!(parties(handover) == expected, "{number}: {handover:#?}");
    }
    let flapping = turns(&told).filter(|handover| handover.kind == Kind::Flap).count();
    ensure!(flapping + 3 >= moves, "{flapping} of {moves} are told as flapping");
    Ok(())
}

/// All but that somebody answers at all.
fn turns(told: &Timeline) -> impl Iterator<Item = &Handover> {
    told.handovers.iter().filter(|handover| handover.kind != Kind::First)
}
