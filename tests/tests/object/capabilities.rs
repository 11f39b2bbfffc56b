//! With which capabilities the agent starts.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aya::{maps::MapInfo, programs::loaded_programs};
use l2witness_tests::lab::{Host, Lab, Process, binary, until};

/// The verifier gives up at a million. Without `CAP_PERFMON` it also walks what a CPU might do by mistake, and so
/// twenty times as much as with it.
const VERIFIED: u32 = 500_000;

/// What a pod of ours asks for.
const ENOUGH: [&str; 2] = ["bpf", "net_admin"];

#[test]
fn the_agent_starts_with_cap_bpf_and_cap_net_admin_alone() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    for hook in ["tcx", "clsact"] {
        let host = lab.host(hook)?;
        let mut agent = start(&host, &ENOUGH, hook)?;
        until(Duration::from_secs(10), || match agent.ended()? {
            Some(status) => bail!("{status}: {}", agent.stderr()),
            None => Ok(agent.stderr().contains("counting").then_some(())),
        })?;

        // It was told the truth about what it may.
        let status = std::fs::read_to_string(format!("/proc/{}/status", agent.pid()))?;
        for set in ["CapPrm", "CapEff", "CapBnd"] {
            let bits = status.lines().find_map(|line| line.strip_prefix(set)).context("no such line")?;
            // CAP_NET_ADMIN is 12, CAP_BPF 39.
            assert_eq!(
                bits.trim_start_matches([':', '\t']),
                format!("{:016x}", 1_u64 << 12 | 1 << 39),
                "{set}"
            );
        }

        let walked = verified(&host)?;
        eprintln!("instructions that the verifier walked: {walked:?}");
        assert!(walked.len() == 2 && walked.iter().all(|walked| *walked < VERIFIED), "{walked:?}");
    }
    Ok(())
}

/// What the verifier walked for each program of the host's agent (kernel ≥ 5.16).
fn verified(host: &Host) -> Result<Vec<u32>> {
    let pinned = host.pin_directory().join(format!("v{}", l2witness_ebpf::layout::VERSION)).join("CLAIMS");
    let claims = MapInfo::from_pin(pinned)?.id();
    let mut walked = Vec::new();
    for program in loaded_programs() {
        // Others' come and go meanwhile.
        let Ok(program) = program else { continue };
        if program.map_ids()?.is_some_and(|maps| maps.contains(&claims)) {
            walked.extend(program.verified_instruction_count());
        }
    }
    Ok(walked)
}

#[test]
fn without_one_of_them_it_says_which_and_fails() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("node1")?;
    for (capabilities, missing) in [
        (["net_admin"].as_slice(), "CAP_BPF"),
        (&["bpf"], "CAP_NET_ADMIN"),
        (&["net_raw", "perfmon", "net_admin"], "CAP_BPF"),
        (&[], "CAP_BPF"),
    ] {
        let mut agent = start(&host, capabilities, "auto")?;
        let status = agent.wait(Duration::from_secs(10))?;

        let stderr = agent.stderr();
        let lines: Vec<_> = stderr.lines().collect();
        assert_eq!(status.code(), Some(1), "{capabilities:?}: {stderr}");
        assert_eq!(lines.len(), 1, "{capabilities:?}: {stderr}");
        assert!(lines[0].starts_with(&format!("l2witness: missing capability {missing}: ")), "{stderr}");
    }
    Ok(())
}

/// Starts an agent that has these capabilities, may get no others, and is root by number only.
fn start(host: &Host, capabilities: &[&str], hook: &str) -> Result<Process> {
    let agent = binary("l2witness")?;
    let set = [&["-all"], capabilities].concat().join(",+");
    let mut command: Command = host.command("setpriv");
    for option in ["--bounding-set", "--inh-caps"] {
        command.arg(format!("{option}={set}"));
    }
    command.args(["--no-new-privs", "--"]).arg(agent);
    let scratch = host.scratch();
    command
        .args([
            "agent",
            "--lb-ip",
            "192.0.2.200",
            "--interface",
            "eth0",
            "--hook",
            hook,
            "--node-name",
            host.name(),
        ])
        .arg("--socket")
        .arg(scratch.join(format!("{}.sock", host.name())))
        .args(["--listen", &format!("{}:9472", host.v4().ip)])
        .arg("--pin-dir")
        .arg(host.pin_directory());
    host.spawn(command)
}
