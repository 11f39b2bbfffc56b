//! What Prometheus' own tool says of a scrape, and of the queries that the documentation gives.

use std::io::Write as _;
use std::net::IpAddr;
use std::process::{Command, Output, Stdio};
use std::{fs, thread, time::Duration};

use anyhow::{Context as _, Result};
use l2witness_tests::frames::{Station, arp};
use l2witness_tests::lab::{Agent, Lab, lb_ipv4, lb_ipv6, until};
use l2witness_tests::socket;
use l2witness_tests::speaker::Speaker;

/// Runs promtool with this on its standard input.
fn promtool(args: &[&str], input: &str) -> Result<Output> {
    let mut child = Command::new("promtool")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("promtool is not on the PATH: `cargo xtask test` brings it")?;
    child.stdin.take().context("no stdin")?.write_all(input.as_bytes())?;
    Ok(child.wait_with_output()?)
}

#[test]
fn a_scrape_of_a_busy_agent_is_clean() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let (v4, v6) = (IpAddr::from(lb_ipv4(0)), IpAddr::from(lb_ipv6(0)));
    let agent = Agent::start(&n1, &["--lb-ip", &v4.to_string(), "--lb-ip", &v6.to_string()])?;
    let speaker = Speaker::start(&n1)?;
    speaker.announce(v4)?;
    speaker.announce(v6)?;
    router.command("arping").args(["-q", "-c", "3", "-W", "0.05", "-I", "eth0", &v4.to_string()]).status()?;
    router.command("ndisc6").args(["-q", "-1", "-r", "1", "-w", "100", &v6.to_string(), "eth0"]).status()?;
    thread::sleep(Duration::from_millis(50));
    // Somebody takes the address over: that is a handover, and a gap of nothing. Not in the form of a request, which the
    // speaker would answer.
    let heir = Station::new(router.mac(), lb_ipv4(0));
    router.packet_socket(socket::ARP)?.send(&arp::gratuitous_reply(heir).padded().bytes())?;

    let families = [
        "replies_sent_total",
        "announcements_sent_total",
        "answering",
        "reply_latency_seconds_bucket",
        "last_handover_timestamp_seconds",
        "handover_gap_seconds_bucket",
    ];
    let mut text = String::new();
    until(Duration::from_secs(10), || {
        text = agent.get("/metrics")?;
        let has = |family: &&str| text.contains(&format!("l2witness_{family}{{"));
        Ok(families.iter().all(has).then_some(()))
    })
    .with_context(|| format!("one of {families:?} is not in\n{text}"))?;
    let output = promtool(&["check", "metrics"], &text)?;
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    Ok(())
}

#[test]
fn the_queries_of_the_documentation_can_be_asked() -> Result<()> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md"))?;
    let questions = page.split("## Questions and their queries").nth(1).context("no queries")?;
    // Every second piece between backticks is a query.
    let queries: Vec<String> =
        questions.split('`').skip(1).step_by(2).map(|query| query.replace('\n', " ")).collect();
    assert!(queries.len() >= 5, "{queries:?}");
    let scratch = tempfile::tempdir()?;
    let rules = scratch.path().join("rules.yaml");
    let rule =
        |(number, query): (usize, &String)| format!("  - record: query:{number}\n    expr: '{query}'\n");
    let text: String = queries.iter().enumerate().map(rule).collect();
    fs::write(&rules, format!("groups:\n- name: docs\n  rules:\n{text}"))?;

    let output = promtool(&["check", "rules", rules.to_str().context("path")?], "")?;

    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
