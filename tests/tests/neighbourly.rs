//! What others do around a running agent, and what it leaves to them.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};
use l2witness_tests::frames::arp;
use l2witness_tests::lab::{Agent, Host, Lab, binary, lb_ipv4, until};
use l2witness_tests::socket;
use nix::sys::signal::Signal;

const LIMIT: Duration = Duration::from_secs(15);

/// The agent's filters on eth0, both directions.
fn filters(host: &Host) -> Result<usize> {
    let mut count = 0;
    for direction in ["ingress", "egress"] {
        let output = host.command("tc").args(["filter", "show", "dev", "eth0", direction]).output()?;
        count += String::from_utf8_lossy(&output.stdout).matches("name l2witness_").count();
    }
    Ok(count)
}

fn requests(agent: &Agent) -> Result<u64> {
    let report = agent.json("/api/v1/node")?;
    report["lb_ips"][0]["interfaces"][0]["requests"]["group"].as_u64().context("no count")
}

fn ask(router: &Host, ip: Ipv4Addr) -> Result<()> {
    Ok(router.packet_socket(socket::ARP)?.send(&arp::request(router.v4(), ip).bytes())?)
}

#[test]
fn the_doctor_leaves_a_running_agent_its_filters() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let agent = Agent::start(&n1, &["--lb-ip", &lb_ipv4(0).to_string(), "--hook", "clsact"])?;
    assert_eq!(filters(&n1)?, 2);

    let doctor = n1
        .command(binary("l2witness")?.to_str().context("path")?)
        .args(["doctor", "--hook", "clsact", "--pin-dir"])
        .arg(n1.pin_directory())
        .output()?;

    let text = String::from_utf8_lossy(&doctor.stdout);
    assert_eq!(doctor.status.code(), Some(0), "{text}");
    assert!(text.contains("one frame sent in a scratch namespace, one counted"), "{text}");
    assert_eq!(filters(&n1)?, 2, "{text}");
    ask(&router, lb_ipv4(0))?;
    until(LIMIT, || Ok((requests(&agent)? == 1).then_some(())))
}

#[test]
fn filters_that_somebody_removes_are_put_back_and_that_is_said() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let agent = Agent::start(&n1, &["--lb-ip", &lb_ipv4(0).to_string(), "--hook", "clsact"])?;

    assert!(n1.command("tc").args(["qdisc", "del", "dev", "eth0", "clsact"]).status()?.success());
    until(LIMIT, || Ok((filters(&n1)? == 2).then_some(())))?;

    assert!(agent.process().stderr().contains("somebody removed the agent's filters"));
    ask(&router, lb_ipv4(0))?;
    until(LIMIT, || Ok((requests(&agent)? == 1).then_some(())))
}

#[test]
fn every_signal_that_ends_the_agent_lets_it_clean_up() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let n1 = lab.host("n1")?;
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let mut agent = Agent::start(&n1, &["--lb-ip", &lb_ipv4(0).to_string(), "--hook", "clsact"])?;
        agent.process().signal(signal)?;
        let status = agent.process_mut().wait(LIMIT)?;
        assert!(status.success(), "{signal}: {status}");
        assert_eq!(filters(&n1)?, 0, "{signal}");
        assert!(!agent.socket().exists(), "{signal}");
    }
    Ok(())
}

#[test]
fn idle_connections_are_bounded_and_do_not_keep_the_socket_from_serving() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let n1 = lab.host("n1")?;
    let agent = Agent::start(&n1, &["--lb-ip", &lb_ipv4(0).to_string()])?;
    let address = (n1.v4().ip, 9472);
    let mut idle = n1.enter(|| -> Result<Vec<TcpStream>> {
        (0..100).map(|_| Ok(TcpStream::connect(address)?)).collect()
    })?;
    for connection in &mut idle {
        connection.write_all(b"GET /metrics HTTP/1.1\r\nx: ")?;
    }

    assert_eq!(agent.get("/readyz")?, "ok\n");

    // A header that never ends is not waited for.
    let first = idle.first_mut().context("no connection")?;
    first.set_read_timeout(Some(LIMIT))?;
    let mut answer = Vec::new();
    let _ = first.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.is_empty() || text.contains("408"), "{text}");
    Ok(())
}
