//! The stages: what is done, what must be seen, and how to say it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;

use super::cluster::Cluster;
use super::interrupt;
use super::witness::Document;
use crate::e2e::asker::Diary;
use crate::frames::{Station, arp};
use crate::socket;
use crate::speaker::burst;

/// One stage.
pub(super) struct Stage {
    /// Its name in JSON and headings.
    pub(super) name: &'static str,
    /// Does it and waits until it is seen.
    pub(super) play: fn(&Cluster) -> Result<Told>,
}

/// What a stage has to tell.
pub(super) struct Told {
    /// What was done, in a sentence or two.
    pub(super) text: String,
    /// What the agents saw of it.
    pub(super) document: Document,
    /// What to show beside `status`.
    pub(super) show: Option<(&'static str, IpAddr)>,
}

/// In this order.
pub(super) const STAGES: [Stage; 5] = [
    Stage { name: "healthy", play: healthy },
    Stage { name: "move", play: move_on },
    Stage { name: "fault", play: fault },
    Stage { name: "foreign", play: foreign },
    Stage { name: "failover", play: failover },
];

/// How long a stage may take to be seen.
const LIMIT: Duration = Duration::from_secs(10);
/// How often to ask again, and how often to look.
const ASK: Duration = Duration::from_millis(400);
const LOOK: Duration = Duration::from_millis(60);

/// The interface of kube-proxy's IPVS mode.
const IPVS: &str = "kube-ipvs0";

const SPEAKERS: &[&str] = &["speaker"];
/// Without a cgroup an agent can't name the sender of a neighbour advertisement.
const PROGRAMS: &[&str] = &["speaker", "socket"];

fn healthy(cluster: &Cluster) -> Result<Told> {
    let homes = [(1, Cluster::A), (2, Cluster::B), (3, Cluster::C)];
    for (node, ip) in homes {
        cluster.node(node).speaker().announce(ip)?;
    }
    let document = seen(cluster, &homes.map(|(_, ip)| ip), |document| {
        homes.iter().all(|(node, ip)| only(cluster, document, *ip, *node))
    })?;
    let text = format!(
        "The speakers announced {} on n1, {} on n2 and {} on n3.\nThe router asked for each: its \
         kernel did, and so did arping and ndisc6.",
        Cluster::A,
        Cluster::B,
        Cluster::C
    );
    Ok(Told { text, document, show: None })
}

fn move_on(cluster: &Cluster) -> Result<Told> {
    cluster.node(1).speaker().withdraw(Cluster::A)?;
    cluster.node(2).speaker().announce(Cluster::A)?;
    let document = seen(cluster, &[Cluster::A], |document| only(cluster, document, Cluster::A, 2))?;
    let text = format!("{} moved from n1 to n2, and the router asked for it again.", Cluster::A);
    Ok(Told { text, document, show: None })
}

fn fault(cluster: &Cluster) -> Result<Told> {
    let node = cluster.node(3).host();
    node.sysctl("net.ipv4.conf.all.arp_ignore", "0")?;
    // A bridge without ports, as not every kernel has the dummy that kube-proxy makes. Down, as there.
    node.ip(["link", "add", IPVS, "type", "bridge"])?;
    node.ip(["addr", "add", &format!("{}/32", Cluster::A), "dev", IPVS])?;
    let document = seen(cluster, &[Cluster::A], |document| {
        let answering = document.answering(Cluster::A);
        let is = |node, origins: &[&str]| {
            answering.iter().any(|known| known.node == node && origins.contains(&known.origin.as_str()))
        };
        answering.len() == 2 && is("n2", origins(cluster, Cluster::A)) && is("n3", &["kernel"])
    })?;
    let text = format!(
        "{} was put on an interface {IPVS} of n3 with arp_ignore=0, as kube-proxy's IPVS mode does\n\
         without strictARP. The router asked again and got two answers: from the speaker of n2, and from the\n\
         kernel of n3.",
        Cluster::A
    );
    Ok(Told { text, document, show: Some(("who", Cluster::A)) })
}

fn foreign(cluster: &Cluster) -> Result<Told> {
    cluster.node(3).host().ip(["link", "del", IPVS])?;
    let before = cluster.witness().status()?;
    let replied = |since: &Document, node| since.replies(Cluster::A, node) > before.replies(Cluster::A, node);
    let IpAddr::V4(wanted) = Cluster::B else { bail!("{} is no IPv4 address", Cluster::B) };
    let stranger = cluster.stranger();
    let claimant = Station::new(stranger.mac(), wanted);
    let socket = stranger.packet_socket(socket::ARP)?;
    for claim in [arp::gratuitous_request(claimant), arp::gratuitous_reply(claimant)] {
        socket.send(&claim.padded().bytes()).context("announce")?;
    }
    let mac = stranger.mac().to_string();
    let document = seen(cluster, &[Cluster::A], |document| {
        // n2 was asked and replied, and n3 did not any more.
        let healed = replied(document, "n2") && !replied(document, "n3");
        healed && only(cluster, document, Cluster::A, 2) && document.claimed_by(Cluster::B, &mac)
    })?;
    let text = format!(
        "The fault was undone: {IPVS} is gone, and n3 no longer answers. Then a host outside the cluster\n\
         announced {} as its own, by gratuitous ARP.",
        Cluster::B
    );
    Ok(Told { text, document, show: Some(("who", Cluster::B)) })
}

/// The owner's speaker is gone from one moment to the next, and another takes over when that is noticed: here after a
/// good second, with memberlist after five to seven.
fn failover(cluster: &Cluster) -> Result<Told> {
    const UNNOTICED: Duration = Duration::from_millis(1200);
    const PERIOD: Duration = Duration::from_millis(100);
    let router = cluster.router();
    let asker = Diary::start(router, "eth0", (router.v4(), router.v6()), Cluster::C, PERIOD)?;
    interrupt::pause(5 * PERIOD)?;
    cluster.node(3).speaker().kill()?;
    interrupt::pause(UNNOTICED)?;
    cluster.node(1).speaker().announce(Cluster::C)?;
    let end = Instant::now() + LIMIT;
    let seen = loop {
        let told = cluster.witness().failover(Cluster::C)?;
        if told.is_some_and(|told| told.is_whole("n3", "n1", burst::ROUNDS)) {
            break asker.silence(Timestamp::now() - LIMIT).context("the router heard nobody")?;
        }
        if Instant::now() > end {
            bail!("after {LIMIT:?} the agents tell\n{:#?}", cluster.witness().failover(Cluster::C)?);
        }
        interrupt::pause(5 * LOOK)?;
    };
    let document = cluster.witness().status()?;
    let text = format!(
        "The router asked for {} ten times a second when the speaker of n3 was killed; that of n1 took over.\n\
         By the router's own watch {:.1} ms passed between the answers, with {} requests in vain. This is what the\n\
         agents make of it:",
        Cluster::C,
        seen.gap.as_secs_f64() * 1e3,
        seen.unanswered
    );
    Ok(Told { text, document, show: Some(("failover", Cluster::C)) })
}

/// Whether a speaker on that node answers for `ip`, and nobody else.
fn only(cluster: &Cluster, document: &Document, ip: IpAddr, node: usize) -> bool {
    let name = cluster.node(node).host().name();
    let origins = origins(cluster, ip);
    let answering = document.answering(ip);
    matches!(answering[..], [one] if one.node == name && origins.contains(&one.origin.as_str()))
}

fn origins(cluster: &Cluster, ip: IpAddr) -> &'static [&'static str] {
    let named = ip.is_ipv4() || cluster.node(1).has_cgroup();
    if named { SPEAKERS } else { PROGRAMS }
}

/// Asks for `ips` until `holds`, and returns what the agents saw then.
fn seen(cluster: &Cluster, ips: &[IpAddr], holds: impl Fn(&Document) -> bool) -> Result<Document> {
    let end = Instant::now() + LIMIT;
    loop {
        for ip in ips {
            cluster.ask(*ip)?;
        }
        let again = Instant::now() + ASK;
        let document = loop {
            let document = cluster.witness().status()?;
            if holds(&document) {
                return Ok(document);
            }
            if Instant::now() > again {
                break document;
            }
            interrupt::pause(LOOK)?;
        };
        if Instant::now() > end {
            bail!("after {LIMIT:?} the agents see\n{:#}", document.raw());
        }
    }
}
