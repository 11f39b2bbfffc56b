//! Interfaces that come, change and go under a running agent: it follows, and the others count on.

mod nic;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use l2witness::evidence::{Interface, NodeReport};
use l2witness_tests::frames::arp;
use l2witness_tests::lab::{Agent, Host, Lab, lb_ipv4, until};
use l2witness_tests::socket;

use nic::{Nic, bridge};

/// The agent has to follow within this time: at once, but for a machine that has other things to do; and before it looks
/// at all interfaces without having been told, every ten seconds.
const SOON: Duration = Duration::from_secs(6);

const IP: &str = "192.0.2.200";

#[test]
fn a_card_is_followed_through_its_life_while_the_others_count_on() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node, peer) = (lab.host("router")?, lab.host("node1")?, lab.host("peer")?);
    let mut agent = Agent::start(&node, &["--lb-ip", IP])?;
    let ended = AtomicBool::new(false);

    let sent = thread::scope(|scope| {
        let traffic = scope.spawn(|| steady_requests(&router, &ended));
        let life = a_life(&agent, &node, &peer);
        ended.store(true, Ordering::Relaxed);
        let sent = traffic.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        life.and(sent)
    })?;

    assert!(sent > 50, "{sent} requests");
    await_requests(&agent, "eth0", sent)?;
    assert_eq!(agent.get("/readyz")?, "ok\n");
    assert_eq!(agent.process_mut().ended()?, None);
    assert!(agent.stop()?.success());
    Ok(())
}

/// Each step is seen in time, and frames count wherever the card is observed.
fn a_life(agent: &Agent, node: &Host, peer: &Host) -> Result<()> {
    let card = Nic::plug(node, "nic1", peer)?;
    follows(agent, "nic1", |nic| nic.skipped.as_deref() == Some("down") && nic.hook.is_none())?;

    card.set("up")?;
    follows(agent, "nic1", |nic| nic.hook.as_deref() == Some("tcx") && nic.skipped.is_none() && nic.up)?;
    card.ask(10)?;
    await_requests(agent, "nic1", 10)?;

    card.set("address 02:00:5e:00:53:77")?;
    follows(agent, "nic1", |nic| nic.mac.to_string() == "02:00:5e:00:53:77" && nic.hook.is_some())?;
    card.ask(5)?;
    await_requests(agent, "nic1", 15)?;

    // Down, it keeps its programs and what they counted.
    card.set("down")?;
    follows(agent, "nic1", |nic| !nic.up && nic.hook.is_some())?;
    await_requests(agent, "nic1", 15)?;
    card.set("up")?;
    follows(agent, "nic1", |nic| nic.up && nic.hook.is_some())?;
    card.ask(1)?;
    await_requests(agent, "nic1", 16)?;

    bridge(node, "br1")?;
    follows(agent, "br1", |nic| nic.hook.is_some())?;
    card.set("master br1")?;
    follows(agent, "nic1", |nic| {
        nic.hook.is_none() && nic.skipped.as_deref().is_some_and(|why| why.contains("enslaved"))
    })?;
    card.ask(7)?;
    // By its master, and only there.
    await_requests(agent, "br1", 7)?;
    not_listed(agent, "nic1")?;

    card.set("nomaster")?;
    follows(agent, "nic1", |nic| nic.hook.is_some())?;
    card.ask(4)?;
    await_requests(agent, "nic1", 4)?;
    await_requests(agent, "br1", 7)?;

    card.set("down")?;
    let card = card.rename("nic2")?;
    card.set("up")?;
    follows(agent, "nic2", |nic| nic.hook.is_some())?;
    gone(agent, "nic1")?;
    card.ask(3)?;
    // By another name it is the same card: it goes on from where it was.
    await_requests(agent, "nic2", 7)?;

    // To a name that the rules leave out, and back.
    card.set("down")?;
    let card = card.rename("veth7")?;
    card.set("up")?;
    follows(agent, "veth7", |nic| nic.hook.is_none() && nic.skipped.as_deref() == Some("excluded by name"))?;
    card.set("down")?;
    let card = card.rename("nic3")?;
    card.set("up")?;
    follows(agent, "nic3", |nic| nic.hook.is_some())?;

    card.unplug()?;
    gone(agent, "nic3")?;
    node.ip(["link", "del", "br1"])?;
    gone(agent, "br1")
}

#[test]
fn many_cards_that_come_and_go_leave_an_agent_that_still_counts() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node, peer) = (lab.host("router")?, lab.host("node1")?, lab.host("peer")?);
    let mut agent = Agent::start(&node, &["--lb-ip", IP])?;
    for round in 0..3 {
        let cards = (0..8).map(|number| Nic::plug(&node, &format!("nic{number}"), &peer));
        let cards = cards.collect::<Result<Vec<_>>>()?;
        for card in &cards {
            card.set("up")?;
        }
        // In the last round the agent has time to see them; before, they are gone while it looks.
        if round == 2 {
            for card in &cards {
                follows(&agent, card.name(), |nic| nic.hook.is_some())?;
                card.ask(2)?;
                await_requests(&agent, card.name(), 2)?;
            }
        }
        for card in cards {
            card.unplug()?;
        }
    }
    until(SOON, || Ok((report(&agent)?.interfaces.len() == 2).then_some(())))
        .context("lo and eth0 are left")?;

    let ended = AtomicBool::new(true);
    let sent = steady_requests(&router, &ended)?;
    await_requests(&agent, "eth0", sent)?;
    assert_eq!(agent.get("/readyz")?, "ok\n");
    assert_eq!(agent.process_mut().ended()?, None);
    Ok(())
}

#[test]
fn an_agent_whose_only_card_goes_lives_on_and_takes_the_next_one() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (node, peer) = (lab.host("node1")?, lab.host("peer")?);
    let card = Nic::plug(&node, "nic1", &peer)?;
    card.set("up")?;
    for hook in ["tcx", "clsact"] {
        let mut agent = Agent::start(&node, &["--lb-ip", IP, "--interface", "nic[0-9]", "--hook", hook])?;
        let lost = Nic::plug(&node, "nic2", &peer)?;
        lost.set("up")?;
        follows(&agent, "nic2", |nic| nic.hook.as_deref() == Some(hook))?;
        lost.unplug()?;
        gone(&agent, "nic2")?;

        card.set("address 02:00:5e:00:53:78")?;
        card.ask(2)?;
        await_requests(&agent, "nic1", 2)?;
        assert_eq!(agent.process_mut().ended()?, None);
        assert!(agent.stop()?.success());
    }
    Ok(())
}

/// Asks for the LB IP about every 2 ms, at least once, until told to end; returns how often.
fn steady_requests(router: &Host, ended: &AtomicBool) -> Result<u64> {
    let socket = router.packet_socket(socket::ARP)?;
    let request = arp::request(router.v4(), lb_ipv4(0)).padded().bytes();
    let mut sent = 0;
    // Two minutes: longer than anything here takes.
    for _ in 0..60_000 {
        socket.send(&request)?;
        sent += 1;
        if ended.load(Ordering::Relaxed) {
            return Ok(sent);
        }
        thread::sleep(Duration::from_millis(2));
    }
    bail!("never told to end")
}

fn report(agent: &Agent) -> Result<NodeReport> {
    Ok(serde_json::from_str(&agent.get("/api/v1/node")?)?)
}

/// Waits until the agent shows the interface so.
fn follows(agent: &Agent, name: &str, as_wanted: impl Fn(&Interface) -> bool) -> Result<()> {
    let mut last = None;
    until(SOON, || {
        last = report(agent)?.interfaces.into_iter().find(|interface| interface.name == name);
        Ok(last.as_ref().is_some_and(&as_wanted).then_some(()))
    })
    .with_context(|| format!("{name}: {last:?}"))
}

fn gone(agent: &Agent, name: &str) -> Result<()> {
    until(SOON, || Ok(report(agent)?.interfaces.iter().all(|interface| interface.name != name).then_some(())))
        .with_context(|| format!("{name} is still there"))
}

fn requests(agent: &Agent, interface: &str) -> Result<Option<u64>> {
    let report = report(agent)?;
    let lb_ip = report.lb_ips.first().context("no LB IP")?;
    Ok(lb_ip.interfaces.iter().find(|on| on.interface == interface).map(|on| on.requests.group))
}

/// Waits for that many requests, and sees that they do not become more.
fn await_requests(agent: &Agent, interface: &str, expected: u64) -> Result<()> {
    // What comes out in the end is compared below.
    let _in_time = until(SOON, || Ok((requests(agent, interface)? == Some(expected)).then_some(())));
    thread::sleep(Duration::from_millis(20));
    assert_eq!(requests(agent, interface)?, Some(expected), "{interface}");
    Ok(())
}

fn not_listed(agent: &Agent, interface: &str) -> Result<()> {
    assert_eq!(requests(agent, interface)?, None, "{interface}");
    Ok(())
}
