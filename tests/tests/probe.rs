//! `l2witness probe` in a segment of real speakers, kernels and hosts that ask.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Output;
use std::time::Duration;

use anyhow::{Context as _, Result};
use l2witness_tests::lab::{Agent, Host, Lab, binary, lb_ipv4, lb_ipv6, until};
use l2witness_tests::speaker::Speaker;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(5);

/// Runs it to its end, on `eth0`, quickly; `/nonexistent` so that no agent but those named is asked.
fn probe(from: &Host, ip: IpAddr, args: &[&str]) -> Result<Output> {
    let mut command = from.command(binary("l2witness")?.to_str().context("path")?);
    command.args(["probe", &ip.to_string(), "--interval", "0.2", "--wait", "0.5"]).args(args);
    if !args.contains(&"--agent") {
        command.args(["--socket", "/nonexistent"]);
    }
    Ok(command.output()?)
}

fn json(from: &Host, ip: IpAddr, args: &[&str]) -> Result<(Option<i32>, Value)> {
    let output = probe(from, ip, &[&["-o", "json"], args].concat())?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let told = serde_json::from_slice(&output.stdout).with_context(|| stderr.into_owned())?;
    Ok((output.status.code(), told))
}

/// The MACs of all answers, in order.
fn macs(told: &Value) -> Vec<&str> {
    let answers = told["answers"].as_array().into_iter().flatten();
    answers.filter_map(|answer| answer["mac"].as_str()).collect()
}

#[test]
fn one_speaker_s_answers_are_named_by_node_and_program_for_both_families() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1, n2) = (lab.host("rt")?, lab.host("n1")?, lab.host("n2")?);
    let ips: [IpAddr; 2] = [lb_ipv4(0).into(), lb_ipv6(0).into()];
    let watch = ips.map(|ip| ip.to_string()).join(",");
    let watch = ["--lb-ip", &watch, "--speaker", "^lab-speaker$"];
    let _agents = [Agent::start(&n1, &watch)?, Agent::start(&n2, &watch)?];
    let speaker = Speaker::start(&n1)?;
    let agents = [&n1, &n2].map(|node| node.v4().ip.to_string()).join(",");
    for ip in ips {
        speaker.announce(ip)?;

        let (code, told) = json(&router, ip, &["--agent", &agents])?;

        assert_eq!(code, Some(0), "{told:#}");
        assert_eq!(macs(&told), [n1.mac().to_string().as_str(); 3], "{told:#}");
        for answer in told["answers"].as_array().context("answers")? {
            assert_eq!((&answer["node"], &answer["interface"]), (&"n1".into(), &"eth0".into()), "{told:#}");
            assert!(answer["latency_seconds"].as_f64().is_some_and(|latency| latency < 0.5), "{told:#}");
        }
        // A raw ICMPv6 socket is named by its cgroup alone, which a process of this test has none of.
        if ip.is_ipv4() {
            assert_eq!(told["answers"][0]["origins"], serde_json::json!(["speaker"]), "{told:#}");
        }
    }
    Ok(())
}

#[test]
fn a_kernel_beside_the_speaker_gives_a_second_answer() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1, n2) = (lab.host("rt")?, lab.host("n1")?, lab.host("n2")?);
    let ip = lb_ipv4(0);
    let speaker = Speaker::start(&n1)?;
    speaker.announce(ip.into())?;
    // As kube-proxy's IPVS mode has it on an interface of its own.
    n2.ip(["addr", "add", &format!("{ip}/32"), "dev", "lo"])?;

    let (code, told) = json(&router, ip.into(), &["--count", "2"])?;

    assert_eq!(code, Some(2), "{told:#}");
    let mut heard = macs(&told);
    heard.sort_unstable();
    let [one, two] = [&n1, &n2].map(|node| node.mac().to_string());
    assert_eq!(heard, [&one, &one, &two, &two], "{told:#}");
    assert_eq!(told["findings"][0]["code"], "L2W101", "{told:#}");

    let watched = ["--lb-ip", &ip.to_string()];
    let _agents = [Agent::start(&n1, &watched)?, Agent::start(&n2, &watched)?];
    let agents = [&n1, &n2].map(|node| node.v4().ip.to_string()).join(",");
    let (code, told) = json(&router, ip.into(), &["--agent", &agents])?;
    assert_eq!(code, Some(2), "{told:#}");
    assert_eq!(told["findings"][0]["code"], "L2W102", "{told:#}");
    Ok(())
}

#[test]
fn speaker_and_kernel_of_one_node_are_told_apart_by_number() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let ip = lb_ipv4(0);
    let speaker = Speaker::start(&n1)?;
    speaker.announce(ip.into())?;
    n1.ip(["addr", "add", &format!("{ip}/32"), "dev", "lo"])?;

    let (code, told) = json(&router, ip.into(), &["--count", "1"])?;

    assert_eq!(code, Some(2), "{told:#}");
    assert_eq!(macs(&told).len(), 2, "{told:#}");
    let reason = told["findings"][0]["reason"].as_str().context("reason")?;
    assert!(reason.contains("gave 2 answers to 1 question"), "{reason}");
    Ok(())
}

#[test]
fn silence_is_a_problem_and_proxies_answer_only_who_has_an_address() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let ip: IpAddr = lb_ipv4(0).into();

    let output = probe(&router, ip, &["--count", "1"])?;
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("problem L2W201: nobody answered 1 question"), "{text}");

    // A node that has a route elsewhere answers for whatever lies there.
    n1.ip(["link", "add", "away", "type", "bridge"])?;
    n1.ip(["link", "set", "away", "up"])?;
    n1.ip(["route", "add", &format!("{ip}/32"), "dev", "away"])?;
    n1.sysctl("net.ipv4.ip_forward", "1")?;
    n1.sysctl("net.ipv4.conf.eth0.proxy_arp", "1")?;
    n1.sysctl("net.ipv4.neigh.eth0.proxy_delay", "0")?;
    assert_eq!(json(&router, ip, &["--count", "1"])?.0, Some(2));
    let (code, told) = json(&router, ip, &["--count", "1", "--own-address"])?;
    assert_eq!((code, macs(&told)), (Some(0), vec![n1.mac().to_string().as_str()]), "{told:#}");
    Ok(())
}

/// The kernel's entries, whatever their state.
fn neighbours(host: &Host) -> Result<String> {
    host.ip(["neigh", "show", "nud", "all", "dev", "eth0"])
}

#[test]
fn nobody_who_hears_it_learns_of_the_asker_and_no_interface_gets_promiscuous() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1, n2) = (lab.host("rt")?, lab.host("n1")?, lab.host("n2")?);
    let ip = lb_ipv4(0);
    let speaker = Speaker::start(&n1)?;
    speaker.announce(ip.into())?;
    n2.ip(["addr", "add", &format!("{ip}/32"), "dev", "lo"])?;
    // A host that believes everybody who speaks.
    for host in [&n1, &n2, &router] {
        host.sysctl("net.ipv4.conf.eth0.arp_accept", "1")?;
    }
    let mut command = router.command(binary("l2witness")?.to_str().context("path")?);
    command.args(["probe", &ip.to_string(), "--count", "5", "--interval", "0.3", "--socket", "/nonexistent"]);
    let mut probing = router.spawn(command)?;

    let mut looks = 0;
    until(Duration::from_secs(20), || {
        let link = router.ip(["-details", "link", "show", "eth0"])?;
        assert!(link.contains("promiscuity 0") && !link.contains("PROMISC"), "{link}");
        looks += 1;
        probing.ended()
    })?;

    assert!(looks > 5 && probing.stdout().contains("problem L2W101"), "{}", probing.stdout());
    let asker: IpAddr = router.v4().ip.into();
    for host in [&n1, &n2] {
        let known = neighbours(host)?;
        assert!(!known.contains(&router.mac().to_string()), "{}: {known}", host.name());
        assert_eq!(host.neigh(asker)?, None);
        assert!(!known.lines().any(|line| line.starts_with("0.0.0.0 ")), "{}: {known}", host.name());
    }
    Ok(())
}

#[test]
fn the_owner_is_told_to_ask_from_elsewhere() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, n1) = (lab.host("rt")?, lab.host("n1")?);
    let ip: IpAddr = lb_ipv4(0).into();
    let agent = Agent::start(&n1, &["--lb-ip", &ip.to_string()])?;
    let speaker = Speaker::start(&n1)?;
    speaker.announce(ip)?;
    assert_eq!(json(&router, ip, &["--count", "1"])?.0, Some(0));
    let address = n1.v4().ip.to_string();
    until(
        LIMIT,
        || Ok((agent.json("/api/v1/node")?["lb_ips"][0]["local"][0]["replies"] == 1).then_some(())),
    )?;

    let output = probe(&n1, ip, &["--agent", &address])?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{stderr}");
    assert!(stderr.contains("n1 itself answers for 192.0.2.200"), "{stderr}");

    assert_eq!(probe(&n1, ip, &["--agent", &address, "--force"])?.status.code(), Some(2));
    Ok(())
}

#[test]
fn what_can_t_be_asked_is_refused_before_anything_is_sent() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let router = lab.host("rt")?;
    let ip: IpAddr = lb_ipv4(0).into();
    let outside: IpAddr = Ipv4Addr::new(224, 0, 0, 1).into();
    let stderr = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();

    for (ip, args, code, words) in [
        (outside, &[][..], 64, "224.0.0.1 can't be an LB IP"),
        (ip, &["--interface", "eth7"], 64, "--interface eth7: no such interface; there are "),
        (ip, &["--count", "0"], 64, "0 is not in 1..=100"),
        (ip, &["--interface", "lo"], 3, "lo has no hardware address"),
    ] {
        let output = probe(&router, ip, args)?;
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }

    let program = binary("l2witness")?;
    let mut command = router.command("setpriv");
    command.args(["--bounding-set", "-net_raw", "--inh-caps", "-all"]).arg(&program);
    let output = command.args(["probe", &ip.to_string()]).output()?;
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("missing capability CAP_NET_RAW"), "{}", stderr(&output));

    router.cut()?;
    let output = probe(&router, ip, &[])?;
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("eth0 has no carrier"), "{}", stderr(&output));
    Ok(())
}
