//! The hosts of the demo and what runs on them.

use std::net::IpAddr;

use anyhow::{Context as _, Result};

use super::cgroup::Cgroup;
use super::witness::Witness;
use super::{ask, interrupt};
use crate::lab::{Agent, Host, Lab, lb_ipv4, lb_ipv6};
use crate::speaker::Speaker;

/// Three nodes, a router that asks, and a host that belongs to nobody.
pub(super) struct Cluster {
    witness: Witness,
    nodes: [Node; 3],
    router: Host,
    stranger: Host,
    _lab: Lab,
}

/// A node: what runs on it ends before the cgroup and the host go.
pub(super) struct Node {
    speaker: Speaker,
    agent: Agent,
    cgroup: Option<Cgroup>,
    host: Host,
}

impl Cluster {
    /// The first LB IP, which moves.
    pub(super) const A: IpAddr = IpAddr::V4(lb_ipv4(0));
    /// The second, which the stranger wants.
    pub(super) const B: IpAddr = IpAddr::V4(lb_ipv4(1));
    /// The third.
    pub(super) const C: IpAddr = IpAddr::V6(lb_ipv6(0));

    /// Builds it; nobody announces anything yet.
    pub(super) fn start() -> Result<Self> {
        let lab = Lab::new()?;
        let router = lab.host("rt")?;
        let nodes = [Node::start(&lab, "n1")?, Node::start(&lab, "n2")?, Node::start(&lab, "n3")?];
        let stranger = lab.host("stranger")?;
        let agents = nodes.each_ref().map(|node| node.host.v4().ip);
        let witness = Witness::new(&router, &agents)?;
        Ok(Self { witness, nodes, router, stranger, _lab: lab })
    }

    /// The node `n1`, `n2` or `n3`.
    pub(super) fn node(&self, number: usize) -> &Node {
        &self.nodes[number - 1]
    }

    /// The router.
    pub(super) fn router(&self) -> &Host {
        &self.router
    }

    /// The host that is no node.
    pub(super) fn stranger(&self) -> &Host {
        &self.stranger
    }

    /// The command line, asking all three agents from the router.
    pub(super) fn witness(&self) -> &Witness {
        &self.witness
    }

    /// The router asks who has `ip`.
    pub(super) fn ask(&self, ip: IpAddr) -> Result<()> {
        ask::ask(&self.router, ip).with_context(|| format!("ask for {ip}"))
    }

    /// What there is, for people.
    pub(super) fn introduction(&self) -> String {
        let known = if self.nodes.iter().all(Node::has_cgroup) {
            "in a cgroup of its own, by which\nthe agent knows it"
        } else {
            "which the agent looks up in /proc:\nthere is no cgroup v2 tree to write to"
        };
        format!(
            "Network namespaces stand for a router, for the nodes n1, n2 and n3, and for a host that is none of\n\
             them. On each node run l2witness agent and a stand-in for MetalLB's speaker, {known}.\n\
             Every command below runs on the router and asks all three agents:\n{}",
            self.witness.flags().join(" ")
        )
    }
}

impl Node {
    fn start(lab: &Lab, name: &str) -> Result<Self> {
        interrupt::check()?;
        let host = lab.host(name)?;
        let [a, b, c] = [Cluster::A, Cluster::B, Cluster::C].map(|ip| ip.to_string());
        let ips = ["--lb-ip", &a, "--lb-ip", &b, "--lb-ip", &c];
        let agent = Agent::start(&host, &[&ips[..], &["--speaker", "^lab-speaker"]].concat())?;
        let cgroup = Cgroup::create(name);
        let speaker = match &cgroup {
            Some(cgroup) => Speaker::start_in(&host, &cgroup.procs())?,
            None => Speaker::start(&host)?,
        };
        Ok(Self { speaker, agent, cgroup, host })
    }

    /// Its speaker.
    pub(super) fn speaker(&self) -> &Speaker {
        &self.speaker
    }

    /// Its agent.
    pub(super) fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Itself.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Whether its speaker has a cgroup by which to name it.
    pub(super) fn has_cgroup(&self) -> bool {
        self.cgroup.is_some()
    }
}
