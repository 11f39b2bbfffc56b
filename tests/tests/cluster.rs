//! A real cluster: what scenarios rely on, and nothing left behind.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use l2witness_tests::cluster::{Cluster, Options};
use l2witness_tests::lab::{Lab, lb_ipv4, lb_ipv6, traces, until_every};
use nix::sys::signal::Signal;

/// Set to a folder that `lab-cluster up --kit` takes.
const KIT: &str = "L2WITNESS_KIT";

/// The labs of this process are told apart by being there one after another.
static ONE: Mutex<()> = Mutex::new(());

const LIMIT: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(200);

#[test]
#[ignore = "takes minutes and what `cargo xtask cluster up` builds"]
fn a_cluster_serves_survives_faults_and_leaves_nothing() -> Result<()> {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let kit = std::env::var_os(KIT).with_context(|| format!("{KIT} is not set"))?;
    let cluster = Cluster::up(&Options { nodes: 2, ..Options::new(kit) })?;
    let lab = cluster.lab().name().to_owned();

    both_families_are_answered(&cluster)?;
    a_container_is_found_as_a_process(&cluster)?;
    nodes_have_places_of_their_own(&cluster)?;
    the_api_server_comes_back(&cluster)?;

    assert!(!traces(&lab).is_empty());
    drop(cluster);
    let left = traces(&lab);
    assert!(left.is_empty(), "{left:?}");
    Ok(())
}

fn both_families_are_answered(cluster: &Cluster) -> Result<()> {
    for ip in [lb_ipv4(0).into(), lb_ipv6(0).into()] {
        until_every(INTERVAL, LIMIT, || {
            // A datagram to nobody: for it, the router's kernel asks who has the address.
            let probe = format!("echo >/dev/udp/{ip}/9");
            let _refused = cluster.router().command("bash").args(["-c", &probe]).status()?;
            cluster.router().neigh(ip)
        })
        .with_context(|| format!("nobody answers for {ip}"))?;
    }
    Ok(())
}

fn a_container_is_found_as_a_process(cluster: &Cluster) -> Result<()> {
    let pod = cluster.pod_on("n1", "metallb-system", "component=speaker")?;
    let pid = cluster.container_pid("metallb-system", &pod, "speaker")?;
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    assert!(status.contains("Name:\tspeaker\n"), "{status}");
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
    assert!(groups.contains(cluster.node("n1").cgroup()), "{groups}");
    Ok(())
}

fn nodes_have_places_of_their_own(cluster: &Cluster) -> Result<()> {
    let [n1, n2] = ["n1", "n2"].map(|name| cluster.node(name));
    let made = n1.command("mkdir").args(["/run/l2witness", "/sys/fs/bpf/l2witness"]).status()?;
    ensure!(made.success());
    assert!(n1.outside("/run/l2witness").is_dir());
    for place in ["/run/l2witness", "/sys/fs/bpf/l2witness"] {
        assert!(n1.command("test").args(["-d", place]).status()?.success(), "n1 has no {place}");
        assert!(!n2.command("test").args(["-d", place]).status()?.success(), "n2 has {place}");
        assert!(!Path::new(place).exists(), "the machine has {place}");
    }
    assert_eq!(String::from_utf8(n2.command("hostname").output()?.stdout)?.trim(), "n2");
    Ok(())
}

fn the_api_server_comes_back(cluster: &Cluster) -> Result<()> {
    let server = cluster.service("kube-apiserver")?;
    let ask = || cluster.kubectl(&["get", "--raw=/readyz", "--request-timeout=2s"]);
    server.signal(Signal::SIGSTOP)?;
    assert!(ask().is_err());
    server.signal(Signal::SIGCONT)?;
    server.stop();
    assert!(ask().is_err());
    server.start()?;
    until_every(INTERVAL, LIMIT, || Ok(ask().ok())).context("the API server does not come back")?;
    let services = cluster.kubectl(&["get", "services", "-n", "shop", "-o", "name"])?;
    assert_eq!(services.lines().count(), 3, "{services}");
    Ok(())
}

#[test]
#[ignore = "takes what `cargo xtask cluster up` builds"]
fn a_start_that_fails_leaves_nothing() -> Result<()> {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let kit = std::env::var_os(KIT).with_context(|| format!("{KIT} is not set"))?;
    let name = Lab::new()?.name().to_owned();
    let (all_of_this_process, _number) =
        name.rsplit_once('-').context("a lab's name ends with its number")?;
    let missing = Path::new("/nonexistent.tar").to_owned();

    let failed = Cluster::up(&Options { nodes: 1, images: vec![missing], ..Options::new(kit) });

    let error = format!("{:#}", failed.map(drop).unwrap_err());
    assert!(error.contains("/nonexistent.tar"), "{error}");
    let left = traces(all_of_this_process);
    assert!(left.is_empty(), "{left:?}");
    Ok(())
}

#[test]
fn a_folder_that_is_no_kit_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();

    let error = Cluster::up(&Options::new(folder.path())).unwrap_err().to_string();

    assert!(error.contains("bin/containerd"), "{error}");
}
