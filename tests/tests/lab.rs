//! The lab itself: hosts that reach each other, and nothing left behind.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;
use l2witness_tests::frames::arp;
use l2witness_tests::lab::{Host, Lab, lb_ipv4, traces, until};
use l2witness_tests::socket::{self, Interface};

#[test]
fn hosts_reach_each_other_at_once() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let start = Instant::now();
    let hosts = ["router", "n1", "n2", "n3"].map(|name| lab.host(name));
    let took = start.elapsed();
    let [router, n1, n2, n3] = hosts.each_ref().map(|host| host.as_ref().unwrap());

    for peer in [n1, n2, n3] {
        for address in [IpAddr::from(peer.v4().ip), peer.v6().ip.into(), peer.link_local().ip.into()] {
            assert!(reaches(router, peer, address)?, "{}: {address}", peer.name());
            assert_eq!(router.neigh(address)?, Some(peer.mac()), "{}", peer.name());
        }
    }
    eprintln!("four hosts in {took:?}");
    Ok(())
}

#[test]
fn labs_in_parallel_do_not_meet() -> Result<()> {
    let Some(first) = Lab::if_permitted()? else { return Ok(()) };
    let second = Lab::new()?;
    let (here, there) = (first.host("n1")?, second.host("n1")?);
    let (neighbour, listener) = (first.host("n2")?, there.packet_socket(socket::ARP)?);
    let witness = neighbour.packet_socket(socket::ARP)?;

    here.packet_socket(socket::ARP)?.send(&arp::request(here.v4(), lb_ipv4(0)).bytes())?;

    let is_ours = |frame: &[u8]| frame.ends_with(&lb_ipv4(0).octets());
    assert_eq!(witness.collect(Duration::from_millis(500), is_ours)?.len(), 1);
    assert_eq!(listener.collect(Duration::from_millis(500), is_ours)?.len(), 0);
    Ok(())
}

#[test]
fn a_panic_leaves_nothing_behind() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("n1")?;
    let names = [lab.switch().path(), host.path()];
    let scratch = host.scratch().to_owned();
    let sleep = host.spawn({
        let mut command = host.command("sleep");
        command.arg("60");
        command
    })?;
    let pid = sleep.pid();
    assert!(names.iter().all(|name| name.exists()));

    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _moved_in = (sleep, host, lab);
        panic!("as a failing test would");
    }));

    assert!(panicked.is_err());
    assert!(names.iter().all(|name| !name.exists()), "{names:?}");
    assert!(!scratch.exists(), "{}", scratch.display());
    assert!(!std::fs::exists(format!("/proc/{pid}"))?, "sleep goes on");
    Ok(())
}

#[test]
fn what_runs_in_a_labs_control_groups_ends_with_them() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let cgroups = lab.cgroups()?;
    let group = cgroups.add("n1/pods")?;
    let procs = cgroups.procs(&group)?;
    // Started by a process that is gone: nobody's child, and not in the lab's namespaces.
    let script = "echo $$ >\"$0\"; sleep 60 >/dev/null 2>&1 & echo $!";
    let shell = Command::new("sh").args(["-c", script]).arg(&procs).output()?;
    let sleep = String::from_utf8(shell.stdout)?.trim().to_owned();
    let state = || std::fs::read_to_string(format!("/proc/{sleep}/cgroup"));
    assert!(state()?.contains(&group), "{}", state()?);
    let name = lab.name().to_owned();
    assert!(traces(&name).contains(&format!("/proc/{sleep}").into()));

    drop(cgroups);
    drop(lab);

    assert!(traces(&name).is_empty(), "{:?}", traces(&name));
    Ok(())
}

#[test]
fn what_a_killed_run_left_is_swept_away() -> Result<()> {
    let Some(_lab) = Lab::if_permitted()? else { return Ok(()) };
    // A process id above the kernel's limit never lives; the first lab of the next process sweeps.
    let name = format!("l2w-4194999-{}-0-n1", std::process::id());
    let add = Command::new("ip").args(["netns", "add", &name]).status()?;
    assert!(add.success());
    let scratch = std::env::temp_dir().join(format!("{name}-scratch"));
    std::fs::create_dir(&scratch)?;

    let other =
        Command::new(std::env::current_exe()?).args(["--exact", "labs_in_parallel_do_not_meet"]).output()?;

    assert!(other.status.success(), "{other:?}");
    assert!(!std::fs::exists(format!("/run/netns/{name}"))?);
    assert!(!scratch.exists());
    Ok(())
}

#[test]
fn a_cut_cable_costs_the_carrier_and_plugging_it_in_gives_it_back() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let address = node.v4().ip.into();

    node.cut()?;
    assert!(node.ip(["link", "show", "eth0"])?.contains("NO-CARRIER"));
    assert!(!reaches(&router, &node, address)?);

    node.plug()?;
    until(Duration::from_secs(5), || Ok(reaches(&router, &node, address)?.then_some(())))
}

#[test]
fn the_switch_can_lose_what_it_is_told_to() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let (sender, listener) = (router.packet_socket(socket::ARP)?, node.packet_socket(socket::ARP)?);
    let request = arp::request(router.v4(), lb_ipv4(0)).bytes();

    lab.switch().nft(
        "table bridge loss {
            chain forward {
                type filter hook forward priority 0
                oifname node1 ether type arp drop
            }
        }",
    )?;
    sender.send(&request)?;
    assert_eq!(listener.recv(Duration::from_millis(200))?, None);

    lab.switch().nft("delete table bridge loss")?;
    sender.send(&request)?;
    assert_eq!(listener.recv(Duration::from_secs(2))?, Some(request));
    Ok(())
}

/// Whether a datagram from one host arrives at the other's `address`, on its own port.
fn reaches(from: &Host, to: &Host, address: IpAddr) -> Result<bool> {
    let any: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let (sender, receiver) =
        (from.enter(|| UdpSocket::bind((any, 0)))?, to.enter(|| UdpSocket::bind((any, 0)))?);
    receiver.set_read_timeout(Some(Duration::from_secs(1)))?;
    let (port, eth0) = (receiver.local_addr()?.port(), from.enter(|| Interface::named("eth0"))?.index);
    let destination = match address {
        IpAddr::V4(address) => SocketAddr::from((address, port)),
        IpAddr::V6(address) => SocketAddrV6::new(address, port, 0, eth0).into(),
    };
    sender.send_to(b"hello", destination)?;
    Ok(receiver.recv(&mut [0; 16]).is_ok())
}
