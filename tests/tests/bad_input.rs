//! Bad input and missing means: one clear line, the right exit code, and nothing left attached.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use l2witness_tests::lab::{Agent, Host, Lab, binary};

const LIMIT: Duration = Duration::from_secs(10);

/// Exit codes of `l2witness`.
const FAILED: i32 = 1;
const USAGE: i32 = 64;

/// How an agent that can't start ended.
struct End {
    code: i32,
    stderr: String,
}

impl End {
    /// Wants the text, in the one line of ours or in what the argument parser prints.
    fn says(&self, wanted: &str, args: &[&str]) {
        let Self { stderr, .. } = self;
        assert!(stderr.contains(wanted), "{args:?}: {stderr}");
        let one_line = stderr.lines().count() == 1 && stderr.starts_with("l2witness: ");
        assert!(one_line || stderr.starts_with("error: "), "{args:?}: one line, not: {stderr}");
    }
}

/// Runs `l2witness agent` with `args` and the paths a lab agent has; it must end by itself.
fn agent(host: &Host, args: &[&str]) -> Result<End> {
    let pins = pin_dir(host);
    let socket = host.scratch().join("bad.sock");
    let mut command = host.command(binary("l2witness")?.to_str().context("path")?);
    command.args([
        "agent",
        "--node-name",
        host.name(),
        "--log",
        "warn",
        "--listen",
        "127.0.0.1:9472",
        "--pin-dir",
    ]);
    command.arg(&pins).arg("--socket").arg(&socket).args(args);
    let mut process = host.spawn(command)?;
    let code = process.wait(LIMIT)?.code().context("ended by a signal")?;
    assert!(!pins.exists(), "{} was left behind", pins.display());
    assert!(!socket.exists(), "{} was left behind", socket.display());
    Ok(End { code, stderr: process.stderr() })
}

fn pin_dir(host: &Host) -> PathBuf {
    PathBuf::from(format!("/sys/fs/bpf/l2witness-bad-{}-{}", std::process::id(), host.name()))
}

#[test]
fn each_bad_input_is_one_clear_line_and_exit_64() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("n1")?;
    let missing = host.scratch().join("missing");
    let bad_file = host.scratch().join("bad");
    fs::write(&bad_file, "192.0.2.200\n192.0.2.2oo\n")?;
    let table: [(&[&str], &str); 10] = [
        (
            &["--lb-ip", "192.0.2.200", "--interface", "eth[0"],
            "not a regular expression: error: unclosed character class",
        ),
        (&["--lb-ip", "192.0.2.300"], "--lb-ip: \"192.0.2.300\" is neither an IP address nor a CIDR"),
        (&["--lb-ip", "192.0.2.0/33"], "--lb-ip: \"192.0.2.0/33\" is neither"),
        (
            &["--lb-ip", "10.0.0.0/8"],
            "16777216 addresses, more than the 4096 the maps have room for: narrow it, or raise --max-ips",
        ),
        (&["--lb-ip", "2001:db8::/64"], "more than the 4096"),
        (&[], "no LB IPs: give --lb-ip, or --lb-ip-file with an IP or CIDR a line"),
        (&["--lb-ip", ""], "no LB IPs"),
        (&["--lb-ip-file", missing.to_str().context("path")?], "missing: No such file or directory"),
        (&["--lb-ip-file", bad_file.to_str().context("path")?], "bad line 2: \"192.0.2.2oo\" is neither"),
        (&["--lb-ip", "192.0.2.200", "--max-ips", "0"], "invalid value '0' for '--max-ips"),
    ];
    for (args, wanted) in table {
        let end = agent(&host, args)?;
        assert_eq!(end.code, USAGE, "{args:?}: {}", end.stderr);
        end.says(wanted, args);
    }
    Ok(())
}

/// Which interfaces there are is the node's state: started again a moment later, it may be another.
#[test]
fn no_interface_to_observe_is_one_clear_line_and_exit_1() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("n1")?;
    let table: [(&[&str], &str); 3] = [
        (&["--interface", "eth7"], "--interface eth7: no such interface; there are lo, eth0"),
        (
            &["--exclude-interface", "."],
            "no interface is left to observe: lo (excluded by name), eth0 (excluded by name)",
        ),
        (&["--interface", "lo"], "no interface is left to observe: lo (not a broadcast Ethernet interface)"),
    ];
    for (args, wanted) in table {
        let end = agent(&host, &[&["--lb-ip", "192.0.2.200"], args].concat())?;
        assert_eq!(end.code, FAILED, "{args:?}: {}", end.stderr);
        end.says(wanted, args);
    }
    Ok(())
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("n1")?;
    let precious = host.scratch().join("precious");
    fs::write(&precious, "mine")?;
    let end = second(&host, pin_dir(&host).to_str().context("path")?, &precious)?;
    assert_eq!(end.code, FAILED, "{}", end.stderr);
    assert!(end.stderr.contains("precious is a file that is no agent's socket"), "{}", end.stderr);
    assert_eq!(fs::read_to_string(&precious)?, "mine");
    Ok(())
}

#[test]
fn a_taken_port_and_a_missing_bpffs_are_named_with_exit_1() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("n1")?;
    let taken = host.enter(|| std::net::TcpListener::bind("127.0.0.1:9472"))?;
    let End { code, stderr } = agent(&host, &["--lb-ip", "192.0.2.200"])?;
    assert_eq!(code, FAILED, "{stderr}");
    assert!(stderr.contains("--listen 127.0.0.1:9472: Address already in use"), "{stderr}");
    drop(taken);

    let elsewhere = host.scratch().join("pins");
    let elsewhere = elsewhere.to_str().context("path")?;
    let mut command = host.command(binary("l2witness")?.to_str().context("path")?);
    command.args(["agent", "--lb-ip", "192.0.2.200", "--listen", "127.0.0.1:9472", "--pin-dir", elsewhere]);
    command.arg("--socket").arg(host.scratch().join("s"));
    let mut process = host.spawn(command)?;
    assert_eq!(process.wait(LIMIT)?.code(), Some(FAILED));
    let wanted = format!("{elsewhere} is not on a bpf file system: mount it (mount -t bpf bpf /sys/fs/bpf)");
    assert!(process.stderr().contains(&wanted), "{}", process.stderr());
    Ok(())
}

#[test]
fn a_second_agent_on_the_node_is_refused_and_the_first_goes_on() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("n1")?;
    let first = Agent::start(&host, &["--lb-ip", "192.0.2.200"])?;
    let held =
        format!("/sys/fs/bpf/l2witness-{}", host.path().file_name().context("name")?.to_string_lossy());

    let by_pins = second(&host, &held, &host.scratch().join("other.sock"))?;
    assert_eq!(by_pins.code, FAILED, "{}", by_pins.stderr);
    assert!(
        by_pins.stderr.contains(&format!("another l2witness agent on this node holds {held}")),
        "{}",
        by_pins.stderr
    );

    let by_socket = second(&host, &format!("{held}-other"), first.socket())?;
    assert_eq!(by_socket.code, FAILED, "{}", by_socket.stderr);
    assert!(by_socket.stderr.contains("another l2witness agent answers on"), "{}", by_socket.stderr);

    assert_eq!(first.json("/api/v1/node")?["lb_ips"][0]["ip"], "192.0.2.200");
    Ok(())
}

fn second(host: &Host, pins: &str, socket: &std::path::Path) -> Result<End> {
    let mut command = host.command(binary("l2witness")?.to_str().context("path")?);
    command.args([
        "agent",
        "--lb-ip",
        "192.0.2.200",
        "--listen",
        "127.0.0.1:9999",
        "--pin-dir",
        pins,
        "--socket",
    ]);
    command.arg(socket);
    let mut process = host.spawn(command)?;
    let code = process.wait(LIMIT)?.code().context("ended by a signal")?;
    Ok(End { code, stderr: process.stderr() })
}

#[test]
fn agents_are_asked_from_a_system_without_any_certificates() -> Result<()> {
    // The image is one. Port 1 is nobody's.
    let output = std::process::Command::new(binary("l2witness")?)
        .args(["status", "--agent", "127.0.0.1:1"])
        .env("SSL_CERT_FILE", "/nonexistent")
        .env("SSL_CERT_DIR", "/nonexistent")
        .output()?;

    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("127.0.0.1:1: connection refused"), "{stderr}");
    Ok(())
}

#[test]
fn a_list_that_goes_bad_while_running_keeps_the_last_good_one() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("n1")?;
    let list = host.scratch().join("lb-ips");
    fs::write(&list, "192.0.2.200\n")?;
    let agent = Agent::start(&host, &["--lb-ip-file", list.to_str().context("path")?])?;
    let watched = || -> Result<Vec<String>> {
        let report = agent.json("/api/v1/node")?;
        let ips = report["lb_ips"].as_array().context("lb_ips")?;
        Ok(ips.iter().filter_map(|entry| entry["ip"].as_str().map(ToOwned::to_owned)).collect())
    };

    fs::write(&list, "192.0.2.201\n2001:db8::c8\n")?;
    l2witness_tests::lab::until(LIMIT, || Ok((watched()?.len() == 2).then_some(())))?;
    fs::write(&list, "no address\n")?;
    let said = || {
        Ok(agent.process().stderr().contains("list of LB IPs not usable; the last one stays").then_some(()))
    };
    l2witness_tests::lab::until(LIMIT, said)?;
    assert_eq!(watched()?, ["192.0.2.201", "2001:db8::c8"]);
    Ok(())
}
