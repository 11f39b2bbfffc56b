//! Who sent a frame is found out by name, and by what is always said.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use l2witness_tests::lab::{Agent, Host, Lab, binary, until};
use serde_json::Value;

const LB_IP: &str = "192.0.2.200";
const LB_IP6: &str = "2001:db8::c8";

/// A cgroup v2 directory that goes when the test does.
struct Cgroup(PathBuf);

impl Cgroup {
    /// `None` where the machine shows no cgroup v2 tree that can be written.
    fn make(name: &str) -> Result<Option<Self>> {
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        let tree =
            mounts.lines().find(|line| line.contains(" - cgroup2 ")).and_then(|line| line.split(' ').nth(4));
        let Some(tree) = tree else { return Ok(None) };
        let path = PathBuf::from(tree).join(format!("l2w-test-{}", std::process::id())).join(name);
        Ok(fs::create_dir_all(&path).is_ok().then_some(Self(path)))
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The kernel lets a cgroup go a moment after its last process.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.parent().map(fs::remove_dir);
    }
}

/// What the agent says of the first sender of `ip`, once it has seen one that `fit`s.
fn sender(agent: &Agent, ip: &str, fit: impl Fn(&Value) -> bool) -> Result<Value> {
    until(Duration::from_secs(5), || {
        let report = agent.json("/api/v1/node")?;
        let lb_ips = report["lb_ips"].as_array().context("lb_ips")?;
        let entry = lb_ips.iter().find(|entry| entry["ip"] == ip).context("not watched")?;
        let locals = entry["local"].as_array().context("local")?;
        Ok(locals.iter().find(|local| fit(local)).cloned())
    })
}

fn speaker_in(host: &Host, cgroup: &Cgroup) -> Result<l2witness_tests::lab::Process> {
    let speaker = binary("lab-speaker")?;
    let procs = cgroup.0.join("cgroup.procs");
    let mut command = host.command("sh");
    let script = format!("echo $$ > {} && exec {} --interface eth0", procs.display(), speaker.display());
    command.args(["-c", &script]);
    let mut process = host.spawn(command)?;
    for ip in [LB_IP, LB_IP6] {
        process.write_line(&format!("announce {ip}"))?;
    }
    Ok(process)
}

#[test]
fn a_program_in_a_unit_is_named_by_its_cgroup_for_arp_and_ndp() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let Some(cgroup) = Cgroup::make("keepalived.service")? else {
        eprintln!("skipped: no writable cgroup v2 tree here");
        return Ok(());
    };
    let host = lab.host("n1")?;
    let agent = Agent::start(&host, &["--lb-ip", LB_IP, "--lb-ip", LB_IP6])?;
    let _speaker = speaker_in(&host, &cgroup)?;
    for ip in [LB_IP, LB_IP6] {
        let local = sender(&agent, ip, |local| local["sender"]["by"] == "unit")?;
        assert_eq!(local["origin"], "socket", "{local}");
        assert_eq!(local["sender"]["name"], "keepalived.service", "{local}");
        assert_eq!(local["mac"], host.mac().to_string(), "{local}");
    }
    Ok(())
}

#[test]
fn a_container_is_named_by_the_id_in_its_cgroup_and_may_be_the_speaker() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let id = "3f1a9c5e7b2d4f60819a3c5e7f90123456789abcdef0123456789abcdef01234";
    let Some(cgroup) = Cgroup::make(&format!("cri-containerd-{id}.scope"))? else {
        eprintln!("skipped: no writable cgroup v2 tree here");
        return Ok(());
    };
    let host = lab.host("n1")?;
    let agent = Agent::start(&host, &["--lb-ip", LB_IP, "--lb-ip", LB_IP6, "--speaker", "^3f1a9c5e7b2d"])?;
    let _speaker = speaker_in(&host, &cgroup)?;
    let local = sender(&agent, LB_IP, |local| local["sender"]["by"] == "container")?;
    assert_eq!(local["sender"]["name"], id, "{local}");
    assert_eq!(local["origin"], "speaker", "{local}");
    Ok(())
}

#[test]
fn a_program_in_no_cgroup_of_its_own_is_named_by_its_process() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("n1")?;
    let agent = Agent::start(&host, &["--lb-ip", LB_IP])?;
    // Long enough for the agent to look: a program that ends at once keeps its cookie as its only name.
    let mut command = host.command("arping");
    command.args(["-q", "-U", "-c", "30", "-W", "0.5", "-S", LB_IP, LB_IP, "-I", "eth0"]);
    let arping = host.spawn(command)?;
    let local = sender(&agent, LB_IP, |local| local["sender"]["by"] != "cookie")?;
    match local["sender"]["by"].as_str() {
        Some("process") => {
            assert_eq!(local["sender"]["name"], "arping", "{local}");
            assert_eq!(local["sender"]["pid"], arping.pid(), "{local}");
        }
        // Where the tests themselves run in a unit or container, so does arping.
        by => assert!(matches!(by, Some("unit" | "container" | "cgroup")), "{local}"),
    }
    Ok(())
}
