//! Data packets, counted where the agent is told to.

use l2witness::wire::PROGRAM_DATA;
use l2witness_tests::frames::traffic;

use super::*;

const PACKETS: usize = 40;

#[test]
fn data_packets_are_counted_by_both_hooks_where_that_is_asked_for() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    for hook in HOOKS {
        let agent = Agent::start(&node, &["--lb-ip", IP, "--hook", hook, "--observe-traffic"])?;
        send(&router, &node)?;
        until(Duration::from_secs(5), || {
            let reached = eth0(&agent)?.traffic.context("traffic is not observed")?;
            Ok((reached.packets == PACKETS as u64 && reached.last.is_some()).then_some(()))
        })?;
        let metrics = agent.get("/metrics")?;
        let series = format!(
            "l2witness_traffic_packets_total{{ip=\"{IP}\",interface=\"eth0\",protocol=\"arp\"}} {PACKETS}"
        );
        assert!(metrics.contains(&series), "{hook}: {metrics}");
        assert!(metrics.contains("l2witness_last_traffic_timestamp_seconds{"), "{hook}: {metrics}");
        assert!(agent.stop()?.success());
        assert_eq!(on_tcx(&node, TcAttachType::Ingress)?, Vec::<String>::new(), "{hook}: nothing is left");
        assert_eq!(tc::of_program(&node, "ingress", PROGRAM_DATA)?, 0, "{hook}: nothing is left");
    }
    Ok(())
}

#[test]
fn nobody_else_pays_for_it() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let agent = start(&node, "tcx")?;
    send(&router, &node)?;
    exchange(&router, &node)?;
    assert_counts(&agent, 1)?;
    assert_eq!(eth0(&agent)?.traffic, None);
    assert_eq!(on_tcx(&node, TcAttachType::Ingress)?, [PROGRAM_IN]);
    assert!(!agent.get("/metrics")?.contains("traffic"));
    agent.stop()?;
    Ok(())
}

#[test]
fn a_filter_that_outlived_its_agent_goes_with_the_next_one() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let node = lab.host("node1")?;
    // Dropped, it is killed.
    drop(Agent::start(&node, &["--lb-ip", IP, "--hook", "clsact", "--observe-traffic"])?);
    assert_eq!(tc::of_program(&node, "ingress", PROGRAM_DATA)?, 1, "it outlives the agent");
    let agent = start(&node, "clsact")?;
    assert_eq!(tc::of_program(&node, "ingress", PROGRAM_DATA)?, 0);
    agent.stop()?;
    Ok(())
}

/// Packets that a client with the node's MAC in its cache sends.
fn send(router: &Host, node: &Host) -> Result<()> {
    let frame = traffic::udp4(router.v4(), Station::new(node.mac(), lb_ipv4(0)), 100);
    let socket = router.packet_socket(socket::ALL)?;
    for _ in 0..PACKETS {
        socket.send(&frame)?;
    }
    Ok(())
}

fn eth0(agent: &Agent) -> Result<OnInterface> {
    let report = report(agent)?;
    let lb_ip = report.lb_ips.into_iter().next().context("no LB IP")?;
    lb_ip.interfaces.into_iter().find(|on| on.interface == "eth0").context("no eth0")
}
