//! Both hooks: what they count, what they leave behind, and that neighbours on the same interface stay unharmed.

mod neighbours;
mod tc;
mod traffic;

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use aya::programs::{SchedClassifier, TcAttachType};
use l2witness::evidence::{NodeReport, OnInterface};
use l2witness::wire::{PROGRAM_IN, PROGRAM_OUT};
use l2witness_tests::frames::{Station, arp};
use l2witness_tests::lab::{Agent, Host, Lab, lb_ipv4, until};
use l2witness_tests::socket;

const HOOKS: [&str; 2] = ["tcx", "clsact"];
const IP: &str = "192.0.2.200";
const REQUESTS: u64 = 300;
const REPLIES: u64 = 200;

/// The direction in tc's words, aya's name for it, and the program there.
const DIRECTIONS: [(&str, TcAttachType, &str); 2] =
    [("ingress", TcAttachType::Ingress, PROGRAM_IN), ("egress", TcAttachType::Egress, PROGRAM_OUT)];

#[test]
fn both_hooks_count_the_same() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let mut seen = Vec::new();
    for hook in HOOKS {
        let agent = start(&node, hook)?;
        exchange(&router, &node)?;
        assert_counts(&agent, 1)?;
        seen.push(counters(&agent)?);
        agent.stop()?;
    }
    assert_eq!(seen[0], seen[1]);
    Ok(())
}

#[test]
fn the_hook_that_was_asked_for_is_the_one_that_is_used_and_said() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let node = lab.host("node1")?;
    for (asked, used) in [("auto", "tcx"), ("tcx", "tcx"), ("clsact", "clsact")] {
        let agent = start(&node, asked)?;
        assert_eq!(
            report(&agent)?.interfaces.iter().find_map(|eth0| eth0.hook.as_deref()),
            Some(used),
            "{asked}"
        );
        for (direction, attach_type, program) in DIRECTIONS {
            let by_tcx = if used == "tcx" { vec![program.to_owned()] } else { Vec::new() };
            let by_clsact = usize::from(used == "clsact");
            assert_eq!(on_tcx(&node, attach_type)?, by_tcx, "{asked}, {direction}");
            assert_eq!(tc::of_program(&node, direction, program)?, by_clsact, "{asked}, {direction}");
        }
        agent.stop()?;
    }
    Ok(())
}

#[test]
fn an_agent_that_is_asked_to_end_leaves_nothing_attached_and_nothing_pinned() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    for hook in HOOKS {
        let node = lab.host(hook)?;
        let status = start(&node, hook)?.stop()?;

        assert!(status.success(), "{hook}: {status}");
        assert_nothing_attached(&node, hook)?;
        assert!(!node.pin_directory().exists(), "{hook}");
    }
    Ok(())
}

#[test]
fn a_killed_agent_by_tcx_leaves_nothing_attached() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let node = lab.host("node1")?;
    // Dropped, it is killed.
    drop(start(&node, "tcx")?);

    // The kernel lets go of the program in its own time.
    until(Duration::from_secs(2), || Ok(on_tcx(&node, TcAttachType::Ingress)?.is_empty().then_some(())))?;
    until(Duration::from_secs(2), || Ok(on_tcx(&node, TcAttachType::Egress)?.is_empty().then_some(())))
}

#[test]
fn the_agent_after_a_killed_one_counts_each_frame_once() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    for (killed, next) in [("clsact", "clsact"), ("clsact", "tcx"), ("tcx", "tcx"), ("tcx", "clsact")] {
        let (router, node) =
            (lab.host(&format!("r-{killed}-{next}"))?, lab.host(&format!("n-{killed}-{next}"))?);
        drop(start(&node, killed)?);
        if killed == "clsact" {
            assert!(tc::filters(&node, "ingress")?.contains(PROGRAM_IN), "its filter outlives it");
        }

        let agent = start(&node, next)?;
        for (direction, _, program) in DIRECTIONS {
            let by_clsact = usize::from(next == "clsact");
            assert_eq!(
                tc::of_program(&node, direction, program)?,
                by_clsact,
                "{killed}, {next}, {direction}"
            );
        }
        exchange(&router, &node)?;
        assert_counts(&agent, 1)?;
        agent.stop()?;
        assert_nothing_attached(&node, next)?;
    }
    Ok(())
}

#[test]
fn a_second_agent_on_the_node_is_refused_and_the_first_goes_on() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    for hook in HOOKS {
        let first = start(&node, hook)?;

        let mut command = node.command(&l2witness_tests::lab::binary("l2witness")?.to_string_lossy());
        command.args(["agent", "--lb-ip", IP, "--listen", "127.0.0.1:9473", "--hook", hook]);
        command.arg("--socket").arg(node.scratch().join("second.sock"));
        command.arg("--pin-dir").arg(node.pin_directory());
        let second = command.output()?;

        let stderr = String::from_utf8_lossy(&second.stderr);
        assert_eq!(second.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("another l2witness agent on this node holds"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        exchange(&router, &node)?;
        assert_counts(&first, 1)?;
        first.stop()?;
    }
    Ok(())
}

pub(crate) fn start(node: &Host, hook: &str) -> Result<Agent> {
    Agent::start(node, &["--lb-ip", IP, "--hook", hook])
}

/// The node is asked, and answers.
pub(crate) fn exchange(router: &Host, node: &Host) -> Result<()> {
    let request = arp::request(router.v4(), lb_ipv4(0)).padded().bytes();
    let reply = arp::reply(Station::new(node.mac(), lb_ipv4(0)), router.v4()).padded().bytes();
    let (asker, answerer) = (router.packet_socket(socket::ARP)?, node.packet_socket(socket::ARP)?);
    for _ in 0..REQUESTS {
        asker.send(&request)?;
    }
    for _ in 0..REPLIES {
        answerer.send(&reply)?;
    }
    Ok(())
}

/// That many exchanges are counted, to the frame: no fewer after a while, and no more after a while longer.
pub(crate) fn assert_counts(agent: &Agent, exchanges: u64) -> Result<()> {
    let expected = (exchanges * REQUESTS, exchanges * REPLIES);
    let counts = || -> Result<_> {
        let on = counters(agent)?;
        Ok((on.requests.group, on.replies_sent.socket))
    };
    // What comes out in the end is compared below.
    let _in_time = until(Duration::from_secs(2), || Ok((counts()? == expected).then_some(())));
    thread::sleep(Duration::from_millis(20));
    assert_eq!(counts()?, expected);
    Ok(())
}

/// The counters on `eth0`, without what depends on time.
fn counters(agent: &Agent) -> Result<OnInterface> {
    let report = report(agent)?;
    let lb_ip = report.lb_ips.first().context("no LB IP")?;
    let on =
        lb_ip.interfaces.iter().find(|on| on.interface == "eth0").context("eth0 is not observed")?.clone();
    Ok(OnInterface {
        latency: l2witness::evidence::Latency::default(),
        last: l2witness::evidence::Times::default(),
        recent_requests: Vec::new(),
        unanswered: 0,
        ..on
    })
}

fn report(agent: &Agent) -> Result<NodeReport> {
    Ok(serde_json::from_str(&agent.get("/api/v1/node")?)?)
}

/// The names of the programs on `eth0` by TCX, first to last.
pub(crate) fn on_tcx(node: &Host, attach_type: TcAttachType) -> Result<Vec<String>> {
    let (_, programs) = node.enter(|| SchedClassifier::query_tcx("eth0", attach_type))?;
    Ok(programs.iter().filter_map(|program| Some(program.name_as_str()?.to_owned())).collect())
}

fn assert_nothing_attached(node: &Host, what: &str) -> Result<()> {
    for (direction, attach_type, _) in DIRECTIONS {
        assert_eq!(tc::filters(node, direction)?, "", "{what}, {direction}");
        assert_eq!(on_tcx(node, attach_type)?, [""; 0], "{what}, {direction}");
    }
    Ok(())
}
