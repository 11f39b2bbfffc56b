//! What the README promises of `cargo xtask demo`.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use l2witness_tests::lab::{Lab, binary, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// The demo takes a few seconds; more than this is a failure.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn the_demo_shows_its_five_stages() -> Result<()> {
    let Some(_lab) = Lab::if_permitted()? else { return Ok(()) };
    let folder = tempfile::tempdir()?;

    let picture = folder.path().join("failover.html");
    let mut demo = start(&["--json", "--html", &picture.to_string_lossy()], folder.path())?;
    let status = ended(&mut demo)?;

    let complaint = fs::read_to_string(folder.path().join("stderr"))?;
    assert!(status.success(), "{status}\n{complaint}");
    assert_eq!(complaint.lines().count(), 1, "where the picture is, and nothing else: {complaint}");
    assert!(fs::read_to_string(picture)?.contains("<svg"));
    let told: Value = serde_json::from_reader(File::open(folder.path().join("stdout"))?)?;
    let names: Vec<_> =
        told["stages"].as_array().unwrap().iter().map(|stage| stage["name"].clone()).collect();
    assert_eq!(names, ["healthy", "move", "fault", "foreign", "failover"]);
    let [a, b, c] = ["192.0.2.200", "192.0.2.201", "2001:db8::200"];
    for (stage, ip, expected) in [
        (0, a, &["n1 answering speaker"][..]),
        (0, b, &["n2 answering speaker"]),
        (1, a, &["n1 superseded speaker", "n2 answering speaker"]),
        (2, a, &["n1 superseded speaker", "n2 answering speaker", "n3 answering kernel"]),
        (3, b, &["n2 answering speaker"]),
    ] {
        let lb_ip = lb_ip(&told["stages"][stage], ip)?;
        assert_eq!(answerers(lb_ip), expected, "{} {ip}: {lb_ip:#}", names[stage]);
    }
    // Without a cgroup v2 tree nothing names the sender of a neighbour advertisement.
    let [of_c] = &answerers(lb_ip(&told["stages"][0], c)?)[..] else { panic!("{told:#}") };
    assert!(["n3 answering speaker", "n3 answering socket"].contains(&of_c.as_str()), "{of_c}");
    for (stage, name) in names.iter().enumerate() {
        let foreign = lb_ip(&told["stages"][stage], b)?["foreign"].as_array().unwrap();
        let macs: Vec<_> = foreign.iter().map(|claim| claim["mac"].clone()).collect();
        let expected = if stage >= 3 { &["00:00:5e:00:53:05"][..] } else { &[] };
        assert_eq!(macs, expected, "{name}");
    }
    Ok(())
}

#[test]
fn an_interrupted_demo_leaves_nothing_behind() -> Result<()> {
    let Some(_lab) = Lab::if_permitted()? else { return Ok(()) };
    let folder = tempfile::tempdir()?;

    let mut demo = start(&["--json", "--keep"], folder.path())?;
    let namespaces = format!("l2w-{}-", demo.id());
    until(LIMIT, || Ok((count("/run/netns", &namespaces) > 3).then_some(())))?;
    kill(Pid::from_raw(demo.id().cast_signed()), Signal::SIGINT)?;
    let status = ended(&mut demo)?;

    assert_eq!(status.code(), Some(130), "{}", fs::read_to_string(folder.path().join("stderr"))?);
    assert_eq!(count("/run/netns", &namespaces), 0);
    assert_eq!(count("/sys/fs/bpf", &format!("l2witness-{namespaces}")), 0);
    let cgroups = format!("l2w-demo-{}-", demo.id());
    assert_eq!(count("/sys/fs/cgroup", &cgroups) + count("/sys/fs/cgroup/unified", &cgroups), 0);
    Ok(())
}

fn start(args: &[&str], folder: &Path) -> Result<Child> {
    let create = |name| File::create(folder.join(name));
    let mut command = Command::new(binary("lab-demo")?);
    command.args(args).stdin(Stdio::null()).stdout(create("stdout")?).stderr(create("stderr")?);
    command.spawn().context("start lab-demo")
}

/// Waits for its end, and ends it if that takes too long.
fn ended(demo: &mut Child) -> Result<std::process::ExitStatus> {
    let ended = until(LIMIT, || Ok(demo.try_wait()?));
    if ended.is_err() {
        demo.kill()?;
        demo.wait()?;
    }
    ended.context("lab-demo does not end")
}

/// How many names in `folder` begin with `prefix`.
fn count(folder: &str, prefix: &str) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix))).count()
}

fn lb_ip<'a>(stage: &'a Value, ip: &str) -> Result<&'a Value> {
    let mut all = stage["lb_ips"].as_array().into_iter().flatten();
    all.find(|lb_ip| lb_ip["ip"] == ip).with_context(|| format!("no {ip} in {stage:#}"))
}

/// Node, state and origin of each, in order.
fn answerers(lb_ip: &Value) -> Vec<String> {
    let words = |answerer: &Value| {
        ["node", "state", "origin"].map(|key| answerer[key].as_str().unwrap_or("?").to_owned()).join(" ")
    };
    let mut all: Vec<_> = lb_ip["answerers"].as_array().into_iter().flatten().map(words).collect();
    all.sort();
    all
}
