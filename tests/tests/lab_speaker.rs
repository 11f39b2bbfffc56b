//! The lab speaker, asked by the tools that operators use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::process::Output;
use std::time::Duration;

use anyhow::Result;
use l2witness_tests::frames::{Station, arp, ethernet, ndp};
use l2witness_tests::lab::{Host, Lab, lb_ipv4, lb_ipv6, until};
use l2witness_tests::socket;
use l2witness_tests::speaker::{PerIp, Speaker};

/// More than a burst of announcements takes: 4.4 s.
const BURST: Duration = Duration::from_secs(6);

#[test]
fn arping_gets_one_answer_while_announced_and_none_after() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node, idle) = (lab.host("router")?, lab.host("node1")?, lab.host("node2")?);
    let (speaker, _idle) = (Speaker::start(&node)?, Speaker::start(&idle)?);
    let listener = router.packet_socket(socket::ARP)?;
    let reply = arp::reply(Station::new(node.mac(), lb_ipv4(0)), router.v4()).padded().bytes();

    speaker.announce(lb_ipv4(0).into())?;
    let answers = stdout(&arping(&router, lb_ipv4(0))?);
    assert_eq!(answers.matches("bytes from").count(), 1, "{answers}");
    assert!(answers.contains(&format!("60 bytes from {} ({})", node.mac(), lb_ipv4(0))), "{answers}");
    assert_eq!(listener.collect(Duration::from_millis(200), |frame| frame == reply)?.len(), 1);

    speaker.withdraw(lb_ipv4(0).into())?;
    let answers = arping(&router, lb_ipv4(0))?;
    assert!(!answers.status.success(), "{answers:?}");

    let PerIp { requests_received, responses_sent, .. } = speaker.counters()?[&lb_ipv4(0).into()];
    assert_eq!((requests_received, responses_sent), (1, 1));
    Ok(())
}

/// ndisc6 (1.0.5) itself says "No response": it takes an advertisement only from its target address,
/// and MetalLB's come from the link-local one. So its question is used, and the wire has the answer.
#[test]
fn ndisc6_gets_one_advertisement_while_announced_and_none_after() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let speaker = Speaker::start(&node)?;
    let listener = router.packet_socket(socket::IPV6)?;
    let answer = ndp::advertise(node.link_local(), lb_ipv6(0), router.link_local()).bytes();
    let answers = || -> Result<usize> {
        let arguments = ["-r", "1", "-w", "500", &lb_ipv6(0).to_string(), "eth0"];
        router.command("ndisc6").args(arguments).output()?;
        let is_answer = |frame: &[u8]| without_flow_label(frame) == answer;
        Ok(listener.collect(Duration::from_millis(100), is_answer)?.len())
    };

    speaker.announce(lb_ipv6(0).into())?;
    assert_eq!(answers()?, 1);
    speaker.withdraw(lb_ipv6(0).into())?;
    assert_eq!(answers()?, 0);

    let PerIp { requests_received, responses_sent, .. } = speaker.counters()?[&lb_ipv6(0).into()];
    assert_eq!((requests_received, responses_sent), (1, 1));
    Ok(())
}

#[test]
fn a_router_learns_the_announcing_nodes_hardware_address() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let speaker = Speaker::start(&node)?;

    for ip in [IpAddr::from(lb_ipv4(0)), lb_ipv6(0).into()] {
        speaker.announce(ip)?;
        let any: IpAddr =
            if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        router.enter(|| UdpSocket::bind((any, 0))?.send_to(b"hello", (ip, 9)))?;
        until(Duration::from_secs(2), || Ok((router.neigh(ip)? == Some(node.mac())).then_some(())))?;
    }
    Ok(())
}

#[test]
fn a_solicited_advertisement_is_metallbs_to_the_byte() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let speaker = Speaker::start(&node)?;
    speaker.announce(lb_ipv6(0).into())?;
    let asker = router.packet_socket(socket::IPV6)?;
    let answer = ndp::advertise(node.link_local(), lb_ipv6(0), router.v6()).bytes();
    let answers = |frame: &[u8]| {
        asker.send(frame)?;
        asker
            .collect(Duration::from_millis(300), |frame| without_flow_label(frame) == answer)
            .map(|frames| frames.len())
    };

    let ask = ndp::solicit(router.v6(), lb_ipv6(0));
    assert_eq!(answers(&ask.bytes())?, 1, "with a source link-layer address");
    assert_eq!(answers(&ndp::Solicitation { source_lla: None, ..ask }.bytes())?, 0, "without");
    assert_eq!(answers(&ndp::duplicate_detection(router.mac(), lb_ipv6(0)).bytes())?, 0, "DAD");
    let known = Station::new(node.mac(), lb_ipv6(0));
    assert_eq!(answers(&ndp::solicit_unicast(router.v6(), known).bytes())?, 0, "unicast to the LB IP");
    assert_eq!(speaker.counters()?[&lb_ipv6(0).into()].requests_received, 1);
    Ok(())
}

#[test]
fn a_burst_is_ten_arp_frames() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (witness, node) = (lab.host("witness")?, lab.host("node1")?);
    let listener = witness.packet_socket(socket::ARP)?;
    let speaker = Speaker::start(&node)?;

    speaker.announce(lb_ipv4(0).into())?;
    let frames = listener.collect(BURST, |frame| frame.len() == ethernet::MIN_LEN)?;

    let claimant = Station::new(node.mac(), lb_ipv4(0));
    let round = [arp::gratuitous_request(claimant), arp::gratuitous_reply(claimant)];
    let expected: Vec<_> = round.iter().cycle().take(10).map(|frame| frame.padded().bytes()).collect();
    assert_eq!(frames, expected);
    assert_eq!(speaker.counters()?[&lb_ipv4(0).into()].gratuitous_sent, 10);
    Ok(())
}

#[test]
fn a_burst_is_five_advertisements() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (witness, node) = (lab.host("witness")?, lab.host("node1")?);
    let listener = witness.packet_socket(socket::IPV6)?;
    let speaker = Speaker::start(&node)?;
    let announcement = ndp::announce(node.link_local(), lb_ipv6(0)).bytes();

    speaker.announce(lb_ipv6(0).into())?;
    let frames = listener.collect(BURST, |frame| frame.ends_with(&announcement[54 + 8..]))?;

    let frames: Vec<_> = frames.iter().map(|frame| without_flow_label(frame)).collect();
    assert_eq!(frames, vec![announcement; 5]);
    assert_eq!(speaker.counters()?[&lb_ipv6(0).into()].gratuitous_sent, 5);
    Ok(())
}

#[test]
fn a_withdrawn_ip_is_announced_no_more() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (witness, node) = (lab.host("witness")?, lab.host("node1")?);
    let listener = witness.packet_socket(socket::ARP)?;
    let speaker = Speaker::start(&node)?;

    speaker.announce(lb_ipv4(0).into())?;
    assert_eq!(listener.collect(Duration::from_millis(500), |_| true)?.len(), 2);
    speaker.withdraw(lb_ipv4(0).into())?;

    assert_eq!(listener.collect(Duration::from_millis(1500), |_| true)?.len(), 0);
    Ok(())
}

fn arping(from: &Host, ip: Ipv4Addr) -> Result<Output> {
    let arguments = ["-c", "1", "-w", "2", "-I", "eth0", &ip.to_string()];
    Ok(from.command("arping").args(arguments).output()?)
}

/// The kernel gives each flow of a raw socket a label of its own (`net.ipv6.auto_flowlabels`).
fn without_flow_label(frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[ethernet::HEADER_LEN + 1..ethernet::HEADER_LEN + 4].fill(0);
    frame
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
