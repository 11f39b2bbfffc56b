//! The speaker's own counters against the wire's, on real interfaces: `l2witness agent` reads a lab speaker's metrics
//! every second.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use l2witness::evidence::{Because, Compared, Counter, NodeReport, Reading};
use l2witness_tests::frames::{Station, arp, ndp};
use l2witness_tests::lab::{Agent, Host, Lab, lb_ipv4, lb_ipv6, until};
use l2witness_tests::socket;
use l2witness_tests::speaker::Speaker;

/// More than a burst of announcements, and more than a few readings take.
const LIMIT: Duration = Duration::from_secs(15);

const V4: IpAddr = IpAddr::V4(lb_ipv4(0));
const V6: IpAddr = IpAddr::V6(lb_ipv6(0));

/// A node with an agent that reads its speaker, and a router that asks.
struct Scene {
    router: Host,
    node: Host,
    agent: Agent,
}

impl Scene {
    fn new(lab: &Lab) -> Result<Self> {
        let (router, node) = (lab.host("rt")?, lab.host("n1")?);
        let (v4, v6, url) = (V4.to_string(), V6.to_string(), Speaker::metrics_url(&node));
        let args = ["--lb-ip", &v4, "--lb-ip", &v6, "--speaker", "lab-speaker", "--speaker-metrics", &url];
        let agent = Agent::start(&node, &[args.as_slice(), &["--speaker-interval", "1s"]].concat())?;
        Ok(Self { router, node, agent })
    }

    fn report(&self) -> Result<NodeReport> {
        Ok(serde_json::from_str(&self.agent.get("/api/v1/node")?)?)
    }

    fn compared(&self, ip: IpAddr, counter: Counter) -> Result<Option<Compared>> {
        let report = self.report()?;
        let lb_ip = report.lb_ips.into_iter().find(|lb_ip| lb_ip.ip == ip).context("no such LB IP")?;
        Ok(lb_ip.said.counters.into_iter().find(|compared| compared.counter == counter))
    }

    /// Waits until speaker, wire and difference are these; the last that was seen is in the message.
    fn settles(&self, ip: IpAddr, counter: Counter, expected: (u64, u64, i64)) -> Result<Compared> {
        let mut last = None;
        until(LIMIT, || {
            last = self.compared(ip, counter)?;
            let seen = last.as_ref().map(|seen| (seen.speaker, seen.wire, seen.difference));
            Ok(last.clone().filter(|_| seen == Some(expected)))
        })
        .with_context(|| format!("{ip}: {counter:?} {expected:?}, not {last:?}"))
    }

    /// Waits for so many announcements, and for a reading after the last one.
    fn quiet(&self, speaker: &Speaker, announced: &[(IpAddr, u64)]) -> Result<()> {
        until(LIMIT, || {
            let counters = speaker.counters()?;
            let sent = |ip| counters.get(ip).map_or(0, |counted| counted.gratuitous_sent);
            Ok(announced.iter().all(|(ip, count)| sent(ip) == *count).then_some(()))
        })?;
        let now = self.report()?.time;
        until(LIMIT, || {
            let read = self.report()?.speaker.and_then(|speaker| speaker.read);
            Ok(read.filter(|read| read.duration_since(now).as_secs() >= 1).map(drop))
        })
    }

    /// The router asks for the IP by broadcast, or by multicast.
    fn ask(&self, ip: IpAddr, times: usize) -> Result<()> {
        let (ethertype, frame) = match ip {
            IpAddr::V4(v4) => (socket::ARP, arp::request(self.router.v4(), v4).padded().bytes()),
            IpAddr::V6(v6) => (socket::IPV6, ndp::solicit(self.router.link_local(), v6).bytes()),
        };
        let socket = self.router.packet_socket(ethertype)?;
        (0..times).try_for_each(|_| socket.send(&frame)).map_err(Into::into)
    }
}

#[test]
fn what_the_speaker_counts_the_wire_counts_and_what_is_lost_is_found() -> Result<()> {
    use Counter::{GratuitousSent, RequestsReceived, ResponsesSent};
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let scene = Scene::new(&lab)?;
    let speaker = Speaker::start_with_metrics(&scene.node, &["eth0"])?;
    speaker.announce(V4)?;
    speaker.announce(V6)?;
    scene.quiet(&speaker, &[(V4, 10), (V6, 5)])?;

    // A thousand each, while metrics are read every second.
    for _ in 0..10 {
        scene.ask(V4, 100)?;
        scene.ask(V6, 100)?;
        std::thread::sleep(Duration::from_millis(200));
    }
    for ip in [V4, V6] {
        scene.settles(ip, RequestsReceived, (1000, 1000, 0))?;
        scene.settles(ip, ResponsesSent, (1000, 1000, 0))?;
    }

    // Gratuitous requests of a stranger, and probes: the speaker takes them for requests.
    let socket = scene.router.packet_socket(socket::ARP)?;
    let stranger = Station::new(scene.router.mac(), lb_ipv4(0));
    for _ in 0..20 {
        socket.send(&arp::gratuitous_request(stranger).padded().bytes())?;
        socket.send(&arp::probe(scene.router.mac(), lb_ipv4(0)).padded().bytes())?;
    }
    scene.settles(V4, RequestsReceived, (1040, 1040, 0))?;

    // Seven requests get lost between the agent's program and the speaker's socket.
    scene.node.nft(
        "table netdev lab { chain lose { type filter hook ingress device eth0 priority 0; ether type arp drop; }\n}",
    )?;
    scene.ask(V4, 7)?;
    scene.node.nft("delete table netdev lab")?;
    let lost = scene.settles(V4, RequestsReceived, (1040, 1047, -7))?;
    assert_eq!(lost.reason, Some(Because::NotDelivered));

    // Five answers leave by another way than through the agent's program.
    scene.node.ip(["link", "add", "veth-a", "up", "type", "veth", "peer", "name", "veth-b"])?;
    scene.node.nft(
        "table netdev lab { chain take { type filter hook egress device eth0 priority 0; ether type arp fwd to \"veth-a\"; }\n}",
    )?;
    let before = scene.compared(V4, ResponsesSent)?.context("no responses")?;
    scene.ask(V4, 5)?;
    let after = (before.speaker + 5, before.wire, 5);
    let aside = scene.settles(V4, ResponsesSent, after)?;
    assert_eq!(aside.reason, Some(Because::NotSeen));
    scene.node.nft("delete table netdev lab")?;

    // Nobody else was touched by any of it.
    for (ip, counter) in
        [(V4, GratuitousSent), (V6, RequestsReceived), (V6, ResponsesSent), (V6, GratuitousSent)]
    {
        let compared = scene.compared(ip, counter)?;
        assert_eq!(compared.map(|compared| compared.difference), Some(0), "{ip} {counter:?}");
    }
    Ok(())
}

#[test]
fn a_speaker_that_restarts_or_loses_the_ip_is_never_said_to_differ() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let scene = Scene::new(&lab)?;
    let reading = |wanted: Reading| {
        until(LIMIT, || {
            let reading = scene.report()?.speaker.context("no speaker")?.reading;
            Ok((reading == wanted).then_some(()))
        })
        .with_context(|| format!("{wanted}"))
    };
    reading(Reading::Unreachable)?;

    let announced = || -> Result<usize> {
        let lb_ip =
            scene.report()?.lb_ips.into_iter().find(|lb_ip| lb_ip.ip == V4).context("no such LB IP")?;
        Ok(lb_ip.said.announced.len())
    };
    let mut responses = 0;
    for _ in 0..2 {
        let speaker = Speaker::start_with_metrics(&scene.node, &["eth0"])?;
        speaker.announce(V4)?;
        reading(Reading::Ok)?;
        scene.quiet(&speaker, &[(V4, 10)])?;
        assert_eq!(announced()?, 1);
        scene.ask(V4, 50)?;
        until(LIMIT, || {
            let compared = scene.compared(V4, Counter::ResponsesSent)?;
            Ok(compared.filter(|compared| compared.speaker >= responses + 50).map(drop))
        })?;
        responses += 50;
        // Asked without owning it: the wire sees requests, the speaker rightly counts none.
        speaker.withdraw(V4)?;
        until(LIMIT, || Ok((announced()? == 0).then_some(())))?;
        scene.ask(V4, 30)?;
        drop(speaker);
        reading(Reading::Unreachable)?;
    }
    let report = scene.report()?;
    let lb_ip = report.lb_ips.iter().find(|lb_ip| lb_ip.ip == V4).context("no such LB IP")?;
    ensure!(lb_ip.said.counters.len() == 3, "{:?}", lb_ip.said.counters);
    for compared in &lb_ip.said.counters {
        assert_eq!((compared.difference, compared.wire), (0, compared.speaker), "{compared:?}");
    }
    assert_eq!(lb_ip.handovers, 0, "one address all the time");
    Ok(())
}
