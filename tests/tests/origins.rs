//! Where an answer came from: a program's socket, the node's kernel, or another interface.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use l2witness_tests::frames::arp;
use l2witness_tests::lab::{Agent, Host, Lab, lb_ipv4, lb_ipv6, until};
use l2witness_tests::socket;
use l2witness_tests::speaker::Speaker;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(5);

fn start(host: &Host, ips: &[IpAddr]) -> Result<Agent> {
    let args: Vec<String> = ips.iter().flat_map(|ip| ["--lb-ip".to_owned(), ip.to_string()]).collect();
    Agent::start(host, &args.iter().map(String::as_str).collect::<Vec<_>>())
}

fn lb_ip(agent: &Agent, ip: IpAddr) -> Result<Value> {
    let report = agent.json("/api/v1/node")?;
    let entries = report["lb_ips"].as_array().context("lb_ips")?;
    entries.iter().find(|entry| entry["ip"] == ip.to_string()).cloned().context("not watched")
}

/// Waits for `count` replies of that origin for `ip`, and wants none of another origin.
fn replies(agent: &Agent, ip: IpAddr, origin: &str, count: u64) -> Result<()> {
    let wanted = |sent: &Value| (sent[origin] == count).then_some(());
    until(LIMIT, || Ok(wanted(&lb_ip(agent, ip)?["interfaces"][0]["replies_sent"])))?;
    let sent = lb_ip(agent, ip)?["interfaces"][0]["replies_sent"].clone();
    for other in ["socket", "kernel", "forwarded"].into_iter().filter(|other| *other != origin) {
        assert_eq!(sent[other], 0, "{ip}: {sent}");
    }
    Ok(())
}

/// Makes the asker's kernel resolve `ip` anew.
fn resolve(asker: &Host, ip: IpAddr) -> Result<()> {
    asker.ip(["neigh", "flush", "dev", "eth0"])?;
    asker.enter(|| -> Result<()> {
        let from = if ip.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        std::net::UdpSocket::bind(from)?.send_to(b"?", (ip, 9))?;
        Ok(())
    })
}

#[test]
fn the_kernel_answers_for_an_address_of_the_node_in_both_protocols() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let (v4, v6) = (IpAddr::from(lb_ipv4(0)), IpAddr::from(lb_ipv6(0)));
    let agent = start(&n1, &[v4, v6])?;
    n1.ip(["addr", "add", &format!("{v4}/32"), "dev", "lo"])?;
    n1.ip(["addr", "add", &format!("{v6}/64"), "dev", "eth0", "nodad"])?;
    for ip in [v4, v6] {
        resolve(&router, ip)?;
        replies(&agent, ip, "kernel", 1)?;
        let local = &lb_ip(&agent, ip)?["local"][0];
        assert_eq!((local["origin"].as_str(), local["sender"].is_null()), (Some("kernel"), true), "{local}");
    }
    Ok(())
}

#[test]
fn a_kernel_that_proxies_neighbor_discovery_is_told_from_a_program() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let v6 = IpAddr::from(lb_ipv6(0));
    let agent = start(&n1, &[v6])?;
    // The kernel solicits somebody, as it does all day: that is how its socket gets known.
    resolve(&n1, router.v6().ip.into())?;
    n1.sysctl("net.ipv6.conf.eth0.proxy_ndp", "1")?;
    n1.sysctl("net.ipv6.conf.eth0.forwarding", "1")?;
    n1.sysctl("net.ipv6.neigh.eth0.proxy_delay", "0")?;
    n1.ip(["-6", "neigh", "add", "proxy", &v6.to_string(), "dev", "eth0"])?;
    resolve(&router, v6)?;
    replies(&agent, v6, "kernel", 1)
}

#[test]
fn a_speaker_answers_by_socket_whatever_else_sends_neighbor_discovery() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let (v4, v6, own) = (IpAddr::from(lb_ipv4(0)), IpAddr::from(lb_ipv6(0)), IpAddr::from(lb_ipv6(1)));
    let agent = start(&n1, &[v4, v6, own])?;
    n1.ip(["addr", "add", &format!("{own}/64"), "dev", "eth0", "nodad"])?;
    // A program on the node asks before the kernel ever did: its socket must not be taken for the kernel's.
    let mut ndisc6 = n1.command("ndisc6");
    ndisc6.args(["-q", "-1", "-r", "1", "-w", "200", &router.v6().ip.to_string(), "eth0"]).status()?;

    let speaker = Speaker::start(&n1)?;
    speaker.announce(v4)?;
    speaker.announce(v6)?;
    for (ip, origin) in [(v4, "socket"), (v6, "socket"), (own, "kernel")] {
        resolve(&router, ip)?;
        replies(&agent, ip, origin, 1).with_context(|| format!("{ip}"))?;
    }
    resolve(&n1, router.v6().ip.into())?;
    for (ip, origin) in [(v6, "socket"), (own, "kernel")] {
        resolve(&router, ip)?;
        replies(&agent, ip, origin, 2).with_context(|| format!("{ip}, once the kernel has asked"))?;
    }
    Ok(())
}

#[test]
fn what_came_in_by_another_interface_is_forwarded_whoever_sent_it() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let v4 = lb_ipv4(0);
    let agent = start(&n1, &[v4.into()])?;
    n1.ip(["link", "add", "inner", "type", "veth", "peer", "name", "outer"])?;
    for name in ["inner", "outer"] {
        n1.ip(["link", "set", name, "up"])?;
    }
    n1.nft(
        "table netdev lab { chain forward { type filter hook ingress device outer priority 0; fwd to \"eth0\"; }\n}",
    )?;
    let station = l2witness_tests::frames::Station { ip: v4, ..n1.v4() };
    let frame = arp::reply(station, router.v4()).bytes();
    n1.enter(|| -> Result<()> {
        socket::PacketSocket::open("inner", socket::ARP)?.send(&frame)?;
        Ok(())
    })?;
    replies(&agent, v4.into(), "forwarded", 1)
}
