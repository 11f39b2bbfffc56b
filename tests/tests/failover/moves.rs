//! An address goes from one node to another.

use std::net::IpAddr;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use l2witness::timeline::{Handover, Kind, StepKind, Timeline};
use l2witness_tests::e2e::asker::Seen;
use l2witness_tests::lab::{Lab, lb_ipv4, lb_ipv6};

use super::alone;
use super::segment::{Segment, parties, same_gap};

/// For so long nobody answers, by the test's own doing.
const GAP: Duration = Duration::from_millis(250);

/// Takes the address from the first node and gives it to the second.
fn handed_over(
    segment: &mut Segment,
    take: impl FnOnce(&mut Segment) -> Result<()>,
) -> Result<(Seen, Timeline)> {
    let since = Timestamp::now();
    take(segment)?;
    thread::sleep(GAP);
    segment.nodes[1].speaker()?.announce(segment.ip)?;
    segment.answered_by(1)?;
    let seen = segment.seen(0, 1, since)?;
    let told = segment.told(1, |told| {
        let handover = only(told)?;
        ensure!(parties(handover) == (Some("n1"), Some("n2")), "other nodes");
        // The burst takes five seconds; all of its rounds belong to the handover.
        let rounds = handover.steps.iter().filter(|step| step.kind == StepKind::Announcement).count();
        ensure!(rounds == 5, "{rounds} rounds of announcements");
        // A former owner that hears of no heir is noticed by what it does not answer, seconds later.
        ensure!(handover.gap_ns.is_some(), "no gap");
        Ok(())
    })?;
    Ok((seen, told))
}

fn only(told: &Timeline) -> Result<&Handover> {
    ensure!(told.handovers.len() == 1, "{} handovers", told.handovers.len());
    told.handovers.first().context("no handover")
}

/// What holds of every move with a gap that the test caused.
fn is_told(seen: &Seen, told: &Timeline) -> Result<()> {
    let handover = only(told)?;
    same_gap(handover, seen)?;
    let gap = handover.gap_ns.unwrap_or_default();
    let caused = i64::try_from(GAP.as_nanos())?;
    // How much longer it is, the router knows: a speaker may begin late.
    ensure!(gap >= caused, "a gap of {gap} ns, {caused} were caused");
    let unanswered = handover.unanswered.as_ref().context("nobody is told to have asked")?;
    // The router notes a request before it is sent: one may be on its way at either end.
    ensure!(
        unanswered.least <= seen.unanswered + 1 && seen.unanswered <= unanswered.most + 1,
        "{unanswered:?}, the router knows {}",
        seen.unanswered
    );
    ensure!(unanswered.askers >= 1, "{unanswered:?}");
    Ok(())
}

fn lab_for(ip: IpAddr) -> Result<Option<Segment>> {
    Lab::if_permitted()?.map(|lab| Segment::start(lab, ip, [0; 3])).transpose()
}

#[test]
fn a_planned_move_has_the_gap_that_was_caused() -> Result<()> {
    let _turn = alone();
    let Some(mut segment) = lab_for(lb_ipv4(0).into())? else { return Ok(()) };
    let (seen, told) = handed_over(&mut segment, |segment| segment.nodes[0].speaker()?.withdraw(segment.ip))?;
    is_told(&seen, &told)
}

#[test]
fn a_move_of_an_ipv6_address_is_told_as_well() -> Result<()> {
    let _turn = alone();
    let Some(mut segment) = lab_for(lb_ipv6(0).into())? else { return Ok(()) };
    let (seen, told) = handed_over(&mut segment, |segment| segment.nodes[0].speaker()?.withdraw(segment.ip))?;
    is_told(&seen, &told)
}

#[test]
fn a_killed_speaker_leaves_a_gap() -> Result<()> {
    let _turn = alone();
    let Some(mut segment) = lab_for(lb_ipv4(0).into())? else { return Ok(()) };
    let (seen, told) = handed_over(&mut segment, |segment| {
        segment.nodes[0].kill();
        Ok(())
    })?;
    is_told(&seen, &told)
}

/// Its silence is noted long before the heir is heard.
#[test]
fn a_killed_speaker_that_is_missed_late_leaves_a_long_gap() -> Result<()> {
    const LONG: Duration = Duration::from_secs(9);
    let _turn = alone();
    let Some(mut segment) = lab_for(lb_ipv4(0).into())? else { return Ok(()) };
    let (seen, told) = handed_over(&mut segment, |segment| {
        segment.nodes[0].kill();
        thread::sleep(LONG);
        Ok(())
    })?;
    let handover = only(&told)?;
    same_gap(handover, &seen)?;
    ensure!(seen.gap.unsigned_abs() > LONG && handover.kind == Kind::Crash, "{told:#?}");
    Ok(())
}

#[test]
fn a_speaker_that_is_started_again_at_once_is_an_interruption() -> Result<()> {
    interrupted(GAP)
}

/// Before its silence is noted, and long after its socket's place could be another's.
#[test]
fn a_speaker_that_is_started_again_seconds_later_is_one_as_well() -> Result<()> {
    interrupted(Duration::from_millis(2500))
}

fn interrupted(length: Duration) -> Result<()> {
    let _turn = alone();
    let Some(mut segment) = lab_for(lb_ipv4(0).into())? else { return Ok(()) };
    let since = Timestamp::now();
    segment.nodes[0].kill();
    thread::sleep(length);
    segment.nodes[0].restart()?;
    segment.nodes[0].speaker()?.announce(segment.ip)?;
    segment.answered_anew_by(0, Timestamp::now())?;
    // The former socket's last answer is a moment old: nobody answers beside the new one.
    let status = segment.status()?;
    ensure!(status.contains("answering") && !status.contains("SPLIT"), "{status}");
    thread::sleep(GAP);
    let seen = segment.silence(since)?;

    let told = segment.told(1, |told| {
        let handover = only(told)?;
        ensure!(parties(handover) == (Some("n1"), Some("n1")), "other nodes");
        ensure!(handover.kind == Kind::Interrupted && handover.gap_ns.is_some(), "no interruption");
        Ok(())
    })?;
    // The count of requests until the last reply is the kernel's only until the next one, which may be sooner than
    // the agent looks.
    same_gap(only(&told)?, &seen)
}

#[test]
fn a_link_that_is_back_in_time_is_an_interruption_of_unknown_length() -> Result<()> {
    let _turn = alone();
    let Some(segment) = lab_for(lb_ipv4(0).into())? else { return Ok(()) };
    segment.nodes[0].host.cut()?;
    thread::sleep(Duration::from_millis(1500));
    let plugged = Timestamp::now();
    segment.nodes[0].host.plug()?;
    segment.answered_anew_by(0, plugged)?;

    // Of replies after so short a silence there are no events: that there are any is seen seconds later.
    let told = segment.told(1, |told| {
        let handover = only(told)?;
        ensure!(parties(handover) == (Some("n1"), Some("n1")), "other nodes");
        ensure!(handover.kind == Kind::Interrupted, "no interruption");
        Ok(())
    })?;
    ensure!(only(&told)?.gap_ns.is_none(), "{told:#?}");
    Ok(())
}

#[test]
fn a_node_whose_link_was_cut_tells_when_it_is_back() -> Result<()> {
    let _turn = alone();
    let Some(segment) = lab_for(lb_ipv4(0).into())? else { return Ok(()) };
    let since = Timestamp::now();
    segment.nodes[0].host.cut()?;
    // Nobody notices sooner that a node has died.
    thread::sleep(Duration::from_millis(1500));
    segment.nodes[1].speaker()?.announce(segment.ip)?;
    segment.answered_by(1)?;

    // Its agent can't be asked, so when it answered last is not known, and is not made up.
    let told = segment.told(1, |told| {
        ensure!(only(told)?.to.as_ref().is_some_and(|to| to.node.as_deref() == Some("n2")), "not n2");
        Ok(())
    })?;
    ensure!(only(&told)?.gap_ns.is_none() && !told.incomplete.is_empty(), "{told:#?}");

    let seen = segment.seen(0, 1, since)?;
    segment.nodes[0].speaker()?.withdraw(segment.ip)?;
    segment.nodes[0].host.plug()?;
    let told = segment.told(1, |told| {
        let handover = only(told)?;
        ensure!(parties(handover) == (Some("n1"), Some("n2")), "other nodes");
        ensure!(handover.gap_ns.is_some(), "no gap");
        Ok(())
    })?;
    same_gap(only(&told)?, &seen)?;
    ensure!(only(&told)?.kind == Kind::Crash, "{told:#?}");
    Ok(())
}

#[test]
fn a_move_whose_announcements_the_switch_swallows_is_told_by_the_answers() -> Result<()> {
    let _turn = alone();
    let Some(mut segment) = lab_for(lb_ipv4(0).into())? else { return Ok(()) };
    segment.lab.switch().nft(
        "table bridge failover {\n chain swallow {\n type filter hook forward priority 0\n iifname \"n2\" ether daddr \
         ff:ff:ff:ff:ff:ff ether type arp drop\n }\n}\n",
    )?;
    let (seen, told) = handed_over(&mut segment, |segment| segment.nodes[0].speaker()?.withdraw(segment.ip))?;
    // Only the requests tie the nodes' clocks together then.
    same_gap(only(&told)?, &seen)
}
