//! What the agent says of the node's own settings is what the kernel goes by.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use l2witness::evidence::{Bound, HostFacts, LinkLocal, NodeReport};
use l2witness_tests::lab::{Agent, Host, Lab, lb_ipv4, lb_ipv6, until};
use l2witness_tests::socket;
use l2witness_tests::speaker::Speaker;

/// The agent reads the node every two seconds at most.
const LIMIT: Duration = Duration::from_secs(10);

const V4: IpAddr = IpAddr::V4(lb_ipv4(0));
const V6: IpAddr = IpAddr::V6(lb_ipv6(0));

fn start(host: &Host) -> Result<Agent> {
    Agent::start(host, &["--lb-ip", &V4.to_string(), "--lb-ip", &V6.to_string()])
}

fn report(agent: &Agent) -> Result<NodeReport> {
    Ok(serde_json::from_str(&agent.get("/api/v1/node")?)?)
}

/// Nothing is known of an interface that the agent has not seen yet.
fn facts_of(report: &NodeReport, name: &str) -> HostFacts {
    let interface = report.interfaces.iter().find(|interface| interface.name == name);
    interface.map(|interface| interface.host.clone()).unwrap_or_default()
}

fn bound_of(report: &NodeReport, ip: IpAddr) -> Result<Bound> {
    Ok(report.lb_ips.iter().find(|lb_ip| lb_ip.ip == ip).context("no such LB IP")?.bound.clone())
}

/// Waits until the agent says what it should; the last it said is in the message.
fn settles<T: std::fmt::Debug>(
    agent: &Agent,
    get: impl Fn(&NodeReport) -> Result<T>,
    good: impl Fn(&T) -> bool,
) -> Result<T> {
    let mut last = None;
    let found = until(LIMIT, || {
        let seen = get(&report(agent)?)?;
        last = Some(format!("{seen:?}"));
        Ok(Some(seen).filter(|seen| good(seen)))
    });
    found.with_context(|| last.unwrap_or_default())
}

#[test]
fn settings_in_force_are_those_of_all_and_of_the_interface_together() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let n1 = lab.host("n1")?;
    let all = [
        ("ipv4.conf.all.arp_ignore", "1"),
        ("ipv4.conf.eth0.arp_ignore", "0"),
        ("ipv4.conf.all.arp_announce", "1"),
        ("ipv4.conf.eth0.arp_announce", "2"),
        ("ipv4.conf.all.rp_filter", "1"),
        ("ipv4.conf.eth0.rp_filter", "2"),
        ("ipv4.conf.all.proxy_arp", "0"),
        ("ipv4.conf.eth0.proxy_arp", "1"),
        ("ipv6.conf.all.proxy_ndp", "1"),
        ("ipv6.conf.eth0.proxy_ndp", "0"),
    ];
    for (key, value) in all {
        n1.sysctl(&format!("net.{key}"), value)?;
    }
    let agent = start(&n1)?;

    let facts = facts_of(&report(&agent)?, "eth0");

    assert_eq!((facts.arp_ignore, facts.arp_announce, facts.rp_filter), (Some(1), Some(2), Some(2)));
    assert_eq!((facts.proxy_arp, facts.proxy_ndp), (Some(true), Some(true)));
    assert_eq!((facts.link_local, facts.master, facts.promiscuous), (Some(LinkLocal::Usable), None, false));
    let dropped = facts.tx_dropped.context("no tx_dropped")?;

    // They change while it runs, and so does what it says.
    n1.sysctl("net.ipv4.conf.all.arp_ignore", "0")?;
    n1.sysctl("net.ipv4.conf.eth0.proxy_arp", "0")?;
    n1.sysctl("net.ipv6.conf.all.proxy_ndp", "0")?;
    let now = |facts: &HostFacts| (facts.arp_ignore, facts.proxy_arp, facts.proxy_ndp);
    settles(
        &agent,
        |report| Ok(facts_of(report, "eth0")),
        |facts| now(facts) == (Some(0), Some(false), Some(false)),
    )?;

    // Without carrier what is sent is dropped, and counted.
    n1.cut()?;
    let socket = n1.packet_socket(socket::ARP)?;
    for _ in 0..5 {
        socket.send(&[0xff; 60])?;
    }
    settles(&agent, |report| Ok(facts_of(report, "eth0")), |facts| facts.tx_dropped >= Some(dropped + 5))?;
    let eth0 = report(&agent)?.interfaces.into_iter().find(|interface| interface.name == "eth0");
    assert!(!eth0.context("eth0")?.carrier);
    Ok(())
}

#[test]
fn an_lb_ip_on_any_interface_is_named_with_it() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let n1 = lab.host("n1")?;
    let agent = start(&n1)?;
    assert_eq!(bound_of(&report(&agent)?, V4)?, Bound::default());

    n1.ip(["link", "add", "ipvs", "type", "bridge"])?;
    n1.ip(["addr", "add", &format!("{V4}/32"), "dev", "ipvs"])?;
    n1.ip(["addr", "add", &format!("{V6}/128"), "dev", "lo"])?;
    settles(&agent, |report| bound_of(report, V4), |bound| bound.interfaces == ["ipvs"])?;
    settles(&agent, |report| bound_of(report, V6), |bound| bound.interfaces == ["lo"])?;

    // All of a loopback interface's network is the node's own.
    n1.ip(["addr", "del", &format!("{V4}/32"), "dev", "ipvs"])?;
    n1.ip(["addr", "add", "192.0.2.193/26", "dev", "lo"])?;
    settles(&agent, |report| bound_of(report, V4), |bound| bound.interfaces == ["lo"])?;
    Ok(())
}

#[test]
fn groups_are_known_as_long_as_they_are_joined() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let n1 = lab.host("n1")?;
    let agent = start(&n1)?;
    let speaker = Speaker::start(&n1)?;
    assert_eq!(bound_of(&report(&agent)?, V6)?, Bound::default());

    speaker.announce(V6)?;
    settles(&agent, |report| bound_of(report, V6), |bound| bound.groups == ["eth0"])?;
    speaker.withdraw(V6)?;
    settles(&agent, |report| bound_of(report, V6), |bound| bound.groups.is_empty())?;
    Ok(())
}

#[test]
fn masters_listeners_and_lost_link_local_addresses_are_told() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (n1, n2) = (lab.host("n1")?, lab.host("n2")?);
    let agent = start(&n1)?;
    n1.ip(["link", "add", "br7", "up", "type", "bridge"])?;
    n1.ip(["link", "add", "port", "up", "type", "veth", "peer", "name", "other"])?;
    n1.ip(["link", "set", "port", "master", "br7"])?;
    n1.ip(["-6", "addr", "flush", "dev", "eth0", "scope", "link"])?;
    let mut tcpdump = n1.command("tcpdump");
    tcpdump.args(["-i", "eth0", "-w", "/dev/null"]);
    let listener = n1.spawn(tcpdump)?;

    let eth0 = |report: &NodeReport| Ok(facts_of(report, "eth0"));
    let port = |report: &NodeReport| Ok(facts_of(report, "port"));
    settles(&agent, port, |facts| facts.master.as_deref() == Some("br7"))?;
    // `ip link` does not show who listens to everything.
    settles(&agent, eth0, |facts| facts.promiscuous && facts.link_local == Some(LinkLocal::Missing))?;

    drop(listener);
    // Another host has that address: detection of duplicates fails.
    n1.sysctl("net.ipv6.conf.eth0.accept_dad", "1")?;
    n1.sysctl("net.ipv6.conf.eth0.dad_transmits", "1")?;
    n1.ip(["addr", "add", &format!("{}/64", n2.link_local().ip), "dev", "eth0"])?;
    settles(&agent, eth0, |facts| !facts.promiscuous && facts.link_local == Some(LinkLocal::DadFailed))?;
    Ok(())
}

#[test]
fn a_change_of_hands_is_a_takeover_whoever_heard_or_did_it() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (n1, n2) = (lab.host("n1")?, lab.host("n2")?);
    let (agent, other) = (start(&n1)?, start(&n2)?);
    let (first, second) = (Speaker::start(&n1)?, Speaker::start(&n2)?);
    let macs = |report: &NodeReport| -> Result<Vec<String>> {
        let lb_ip = report.lb_ips.iter().find(|lb_ip| lb_ip.ip == V4).context("no such LB IP")?;
        anyhow::ensure!(lb_ip.handovers == lb_ip.takeovers.len() as u64, "{lb_ip:?}");
        Ok(lb_ip.takeovers.iter().map(|takeover| takeover.mac.to_string()).collect())
    };

    first.announce(V4)?;
    std::thread::sleep(Duration::from_millis(100));
    first.withdraw(V4)?;
    second.announce(V4)?;
    for agent in [&agent, &other] {
        settles(agent, macs, |macs| *macs == [n2.mac().to_string()])?;
    }
    second.withdraw(V4)?;
    first.announce(V4)?;
    for agent in [&agent, &other] {
        settles(agent, macs, |macs| *macs == [n2.mac().to_string(), n1.mac().to_string()])?;
    }
    Ok(())
}
