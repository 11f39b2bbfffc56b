//! Agents and tcpdump on the same hosts at the same time: a replay of the captures gives what the agents report.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use l2witness::evidence::{LbIp, NodeReport, OnInterface, Origin, Times};
use l2witness::replay::{Capture, Replay, Watched};
use l2witness::verdict::{Coverage, Scope, judge, views};
use l2witness_tests::frames::{Station, arp, ndp, vlan};
use l2witness_tests::lab::{Agent, Host, Lab, Process, lb_ipv4, lb_ipv6, until, until_every};
use l2witness_tests::socket;
use l2witness_tests::speaker::Speaker;

const LIMIT: Duration = Duration::from_secs(5);

/// Between two clocks' readings of one frame.
const APART_MS: i128 = 20;

/// A host with an agent and a tcpdump.
struct Watcher {
    agent: Agent,
    file: PathBuf,
    _tcpdump: Process,
}

impl Watcher {
    fn start(host: &Host, ips: &[IpAddr], args: &[&str]) -> Result<Self> {
        let lb_ips: Vec<_> = ips.iter().flat_map(|ip| ["--lb-ip".to_owned(), ip.to_string()]).collect();
        let agent = Agent::start(host, &lb_ips.iter().map(String::as_str).collect::<Vec<_>>())?;
        let file = host.scratch().join(format!("{}.pcap", host.name()));
        let mut command = host.command("tcpdump");
        // Not promiscuous: an agent's host would not be either. -U: each frame is in the file at once.
        command.args(["-p", "-U", "--immediate-mode", "-Z", "root", "-w"]).arg(&file).args(args);
        let tcpdump = host.spawn(command)?;
        until(LIMIT, || Ok(tcpdump.stderr().contains("listening on").then_some(())))
            .with_context(|| tcpdump.stderr())?;
        Ok(Self { agent, file, _tcpdump: tcpdump })
    }

    fn report(&self) -> Result<NodeReport> {
        Ok(serde_json::from_str(&self.agent.get("/api/v1/node")?)?)
    }
}

#[test]
fn captures_of_the_lab_replay_to_what_its_agents_report() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let hosts = [lab.host("rt")?, lab.host("n1")?, lab.host("n2")?, lab.host("n3")?];
    let stranger = lab.host("stranger")?;
    let ips = [lb_ipv4(0).into(), lb_ipv6(0).into(), lb_ipv4(1).into(), lb_ipv6(1).into()];
    // Ethernet with either resolution, and both cooked headers.
    let args: [&[&str]; 4] = [
        &["-i", "any", "-y", "LINUX_SLL2"],
        &["-i", "eth0"],
        &["-i", "eth0", "--time-stamp-precision=nano"],
        &["-i", "any", "-y", "LINUX_SLL"],
    ];
    let watchers = hosts
        .iter()
        .zip(args)
        .map(|(host, args)| Watcher::start(host, &ips, args))
        .collect::<Result<Vec<_>>>()?;

    play(&hosts, &stranger, ips)?;

    let pairs = |watchers: &[Watcher]| -> Result<Vec<(NodeReport, NodeReport)>> {
        let live = watchers.iter().map(Watcher::report).collect::<Result<Vec<_>>>()?;
        let files: Vec<_> =
            live.iter().zip(watchers).map(|(of, w)| (of.node.as_str(), w.file.as_path())).collect();
        let replayed = replay(&files, &ips)?;
        Ok(live.into_iter().zip(replayed).collect())
    };
    // The last frames may still be on their way into the files.
    let same = |(live, replayed): &(NodeReport, NodeReport)| told(live) == told(replayed);
    let settled = until_every(Duration::from_millis(100), LIMIT, || {
        let pairs = pairs(&watchers)?;
        Ok(pairs.iter().all(same).then_some(pairs))
    });
    let pairs = settled.or_else(|_| pairs(&watchers))?;
    for (live, replayed) in &pairs {
        assert_eq!(told(live), told(replayed), "{}", live.node);
        assert_eq!(live.node, replayed.node);
        for (live, replayed) in live.lb_ips.iter().zip(&replayed.lb_ips) {
            near(live, replayed);
        }
    }
    let (live, replayed): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    for origin in [Origin::Socket, Origin::Kernel] {
        let families = replayed
            .iter()
            .flat_map(|report| &report.lb_ips)
            .filter(|lb_ip| lb_ip.local.iter().any(|local| local.origin == origin && local.replies > 0));
        assert!(families.count() >= 2, "{origin}: both families were answered for");
    }
    assert_eq!(verdicts(&live), verdicts(&replayed));
    Ok(())
}

/// Everything that a node can see: both families, speaker and kernel, a move, a stranger, a tag.
fn play(hosts: &[Host; 4], stranger: &Host, ips: [IpAddr; 4]) -> Result<()> {
    let [router, n1, n2, n3] = hosts;
    let [v4, v6, kernel4, kernel6] = ips;
    let (first, second) = (Speaker::start(n1)?, Speaker::start(n2)?);
    n3.ip(["addr", "add", &format!("{kernel4}/32"), "dev", "lo"])?;
    n3.ip(["addr", "add", &format!("{kernel6}/64"), "dev", "eth0", "nodad"])?;
    for ip in [v4, v6] {
        first.announce(ip)?;
    }
    for ip in ips {
        resolve(router, ip)?;
        resolve(stranger, ip)?;
    }
    for ip in [v4, v6] {
        first.withdraw(ip)?;
    }
    // Nobody answers now.
    resolve(router, v4)?;
    thread::sleep(Duration::from_millis(100));
    resolve(router, v4)?;
    for ip in [v4, v6] {
        second.announce(ip)?;
        resolve(router, ip)?;
    }
    let (IpAddr::V4(wanted), IpAddr::V6(wanted6)) = (v4, v6) else { unreachable!("{ips:?}") };
    let socket = router.packet_socket(socket::ALL)?;
    for frame in [
        arp::request(router.v4(), wanted).padded().bytes(),
        vlan::tagged(&arp::request(router.v4(), wanted).bytes(), 7),
        arp::request_to(router.v4(), Station::new(n2.mac(), wanted)).bytes(),
        arp::request_to(router.v4(), Station::new(n1.mac(), wanted)).bytes(),
        ndp::solicit_unicast(router.v6(), Station::new(n2.mac(), wanted6)).bytes(),
        arp::probe(router.mac(), wanted).bytes(),
        // Somebody asks with it as its own, and about nothing that matters.
        arp::request(Station::new(router.mac(), wanted), Ipv4Addr::new(192, 0, 2, 251)).bytes(),
    ] {
        socket.send(&frame)?;
        thread::sleep(Duration::from_millis(5));
    }
    let claimant = Station::new(stranger.mac(), wanted);
    let socket = stranger.packet_socket(socket::ARP)?;
    for frame in [arp::gratuitous_request(claimant), arp::gratuitous_reply(claimant)] {
        socket.send(&frame.padded().bytes())?;
    }
    // The speakers' bursts are over after five seconds.
    thread::sleep(Duration::from_secs(5));
    resolve(router, v4)
}

/// Makes the asker's kernel resolve `ip` anew.
fn resolve(asker: &Host, ip: IpAddr) -> Result<()> {
    asker.ip(["neigh", "flush", "to", &ip.to_string(), "dev", "eth0"])?;
    asker.enter(|| -> Result<()> {
        let from = if ip.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        UdpSocket::bind(from)?.send_to(b"?", (ip, 9))?;
        Ok(())
    })?;
    thread::sleep(Duration::from_millis(20));
    Ok(())
}

fn replay(files: &[(&str, &Path)], ips: &[IpAddr]) -> Result<Vec<NodeReport>> {
    let mut watched = Watched::new(&ips.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let mut captures = Vec::new();
    for (node, file) in files {
        captures.push(((*node).to_owned(), Capture::read(File::open(file)?, "eth0", &mut watched, None)?));
    }
    let mut replay = Replay::new(watched, captures, &[]);
    assert_eq!(replay.unowned(), [], "whose MAC is whose follows from the captures");
    replay.run(None);
    Ok(replay.reports(Timestamp::now()))
}

/// What must be the same to the last frame, by address.
fn told(report: &NodeReport) -> BTreeMap<IpAddr, String> {
    report.lb_ips.iter().map(|lb_ip| (lb_ip.ip, text(lb_ip))).collect()
}

fn text(lb_ip: &LbIp) -> String {
    let LbIp { local, heard, local_overflow, heard_overflow, takeovers, handovers, .. } = lb_ip;
    let on = OnInterface {
        interface: String::new(),
        latency: l2witness::evidence::Latency {
            // The bucket may be the one beside it.
            buckets: vec![eth0(lb_ip).latency.buckets.iter().sum()],
            sum_seconds: 0.0,
        },
        last: Times::default(),
        recent_requests: Vec::new(),
        ..eth0(lb_ip).clone()
    };
    let mut senders: Vec<_> = local
        .iter()
        .map(|local| {
            // A capture does not name the program.
            let origin = if local.origin == Origin::Speaker { Origin::Socket } else { local.origin };
            (local.mac, origin, local.replies, local.announcements, local.vlan, &local.flags)
        })
        .collect();
    senders.sort();
    let mut others: Vec<_> = heard.iter().map(|heard| (heard.mac, heard.count, &heard.flags)).collect();
    others.sort();
    let overflow = (local_overflow, heard_overflow);
    let heirs: Vec<_> = takeovers.iter().map(|takeover| takeover.mac).collect();
    format!("{on:#?}\n{senders:#?}\n{others:#?}\n{overflow:?}\n{heirs:?} {handovers}")
}

/// The interface on which anything was seen; what it is called depends on the capture.
fn eth0(lb_ip: &LbIp) -> &OnInterface {
    let seen = |on: &&OnInterface| {
        let Times { request, probe, reply_received, announcement_received, .. } = on.last;
        on.requests_sent > 0
            || [request, probe, reply_received, announcement_received].iter().any(Option::is_some)
    };
    let mut seen = lb_ip.interfaces.iter().filter(seen);
    let on = seen.next().unwrap_or(&lb_ip.interfaces[0]);
    assert!(seen.next().is_none(), "{:?}", lb_ip.interfaces);
    on
}

/// Kernel and capture read the same clock at nearly the same time.
fn near(live: &LbIp, replayed: &LbIp) {
    let times = |lb_ip: &LbIp| {
        let Times { request, probe, reply_received, announcement_received, reply_sent, announcement_sent } =
            eth0(lb_ip).last;
        [request, probe, reply_received, announcement_received, reply_sent, announcement_sent]
    };
    for (live, replayed) in times(live).into_iter().zip(times(replayed)) {
        let apart = live.zip(replayed).map(|(live, replayed)| live.duration_since(replayed).as_millis());
        assert_eq!(live.is_some(), replayed.is_some());
        assert!(apart.is_none_or(|apart| apart.abs() <= APART_MS), "{live:?} {replayed:?}");
    }
}

/// The findings about each address.
fn verdicts(reports: &[NodeReport]) -> BTreeMap<IpAddr, Vec<&'static str>> {
    let asked = reports.len();
    let coverage = Coverage { scope: Scope::Agents, asked, replied: asked, failed: Vec::new() };
    let now = Timestamp::now();
    let views = views(reports, &coverage, now);
    let names = |view| judge(view, now).iter().map(|finding| finding.verdict.name).collect();
    views.iter().map(|view| (view.ip, names(view))).collect()
}
