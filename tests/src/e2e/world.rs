//! Everything that scenarios play in.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;

use super::agents::NAMESPACE;
use super::asker::Asker;
use super::prometheus::{self, Prometheus};
use super::witness::{Document, Finding, Judged, Witness};
use super::{Options, Undo, settle};
use crate::cluster::{Cluster, Node};
use crate::lab::until_every;

/// How long our `DaemonSet` may take to be ready.
const ROLLOUT: Duration = Duration::from_secs(120);

/// How long an LB IP may be without an answerer, or have two: as for an address that is new.
const OWNED: Duration = Duration::from_secs(90);

/// How often to look again.
pub const INTERVAL: Duration = Duration::from_millis(500);

/// What is new has a minute to be put right before it is told.
pub const GRACE: Duration = Duration::from_secs(60);

/// The label that keeps a node from announcing (MetalLB since 0.14.2).
pub const EXCLUDE: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// A cluster with all that asks and looks.
#[derive(Debug)]
pub struct World {
    // Dropped in this order: who asks before who answers.
    pub(super) asker: Asker,
    prometheus: OnceCell<Prometheus>,
    prometheus_program: PathBuf,
    /// Who may read metrics.
    pub(super) token: String,
    pub(super) witness: Witness,
    /// The scheme and the port of the speakers' metrics.
    pub(super) speakers: (&'static str, u16),
    /// The folders that were applied, ours first.
    pub(super) manifests: Vec<PathBuf>,
    /// The version of MetalLB, `v0.15.3`.
    metallb: String,
    /// How long `healthy` goes on.
    pub minutes: Option<u64>,
    /// The cluster.
    pub cluster: Cluster,
}

impl World {
    /// Starts it, and waits until all is well.
    ///
    /// # Errors
    ///
    /// A part does not start, or all is not well in time.
    pub fn start(options: &Options) -> Result<Self> {
        let cluster = Cluster::up(&options.cluster)?;
        cluster.rollout(NAMESPACE, "daemonset/l2witness", ROLLOUT)?;
        eprintln!("e2e: l2witness is rolled out");
        let world = Self {
            asker: Asker::start(cluster.router())?,
            token: prometheus::token(&cluster)?,
            prometheus: OnceCell::new(),
            prometheus_program: options.prometheus.clone(),
            witness: Witness::new(cluster.kubeconfig())?,
            speakers: speakers(&cluster)?,
            manifests: options.cluster.manifests.clone(),
            metallb: options.metallb.clone(),
            minutes: options.minutes,
            cluster,
        };
        settle::settle(&world).context("at the beginning")?;
        Ok(world)
    }

    /// Whether MetalLB is older than this major and minor version; one that is no version is not.
    pub(super) fn metallb_before(&self, version: (u64, u64)) -> bool {
        let mut numbers = self.metallb.trim_start_matches('v').split('.').map(str::parse);
        matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < version)
    }

    /// A Prometheus that scrapes agents and speakers, started when it is first asked for: not every MetalLB's manifest
    /// has what an operator of 2020 would find its speakers by.
    ///
    /// # Errors
    ///
    /// It does not start, or does not find them.
    pub(super) fn prometheus(&self) -> Result<&Prometheus> {
        if self.prometheus.get().is_none() {
            let started = Prometheus::start(&self.prometheus_program, &self.cluster, &self.token)?;
            let _once = self.prometheus.set(started);
            eprintln!("e2e: Prometheus scrapes agents and speakers");
        }
        self.prometheus.get().context("Prometheus was not kept")
    }

    /// The addresses that Services have.
    ///
    /// # Errors
    ///
    /// As `kubectl get`.
    pub fn lb_ips(&self) -> Result<BTreeSet<IpAddr>> {
        let path = "jsonpath={range .items[*].status.loadBalancer.ingress[*]}{.ip}{\"\\n\"}{end}";
        let ips = self.cluster.kubectl(&["get", "services", "--all-namespaces", "--output", path])?;
        ips.split_whitespace().map(|ip| ip.parse().with_context(|| format!("no IP: {ip}"))).collect()
    }

    /// The addresses of a Service of the namespace `shop`, IPv4 first.
    ///
    /// # Errors
    ///
    /// As `kubectl get`; or it has none.
    pub fn ips_of(&self, service: &str) -> Result<Vec<IpAddr>> {
        let path = "jsonpath={.status.loadBalancer.ingress[*].ip}";
        let ips = self.cluster.kubectl(&["get", "service", "--namespace=shop", service, "--output", path])?;
        let mut ips =
            ips.split_whitespace().map(str::parse).collect::<Result<Vec<IpAddr>, _>>().context("no IP")?;
        ips.sort();
        if ips.is_empty() { Err(anyhow!("the Service {service} has no address")) } else { Ok(ips) }
    }

    /// The node that answers for `ip` on the wire now, and the others.
    ///
    /// # Errors
    ///
    /// It isn't one node.
    pub fn owner(&self, ip: IpAddr) -> Result<(&Node, Vec<&Node>)> {
        let single = || {
            let tally = self.asker.tally(ip);
            Ok(tally.is_single().then(|| tally.answerers().pop_first()).flatten())
        };
        let mac = until_every(INTERVAL, OWNED, single)
            .with_context(|| format!("{ip} is not answered by one: {:?}", self.asker.tally(ip)))?;
        let (owner, others): (Vec<_>, Vec<_>) =
            self.cluster.nodes().iter().partition(|node| node.mac() == mac);
        let owner =
            owner.first().copied().with_context(|| format!("{ip} is answered by {mac}, which is no node"))?;
        Ok((owner, others))
    }

    /// Waits until `l2witness status` tells this about `ip`, or about anything: the code, and each of the words in its
    /// reason or its cause.
    ///
    /// # Errors
    ///
    /// It does not within `limit`; what it told last is in the message.
    pub fn expect(&self, ip: Option<IpAddr>, code: &str, words: &[&str], limit: Duration) -> Result<Finding> {
        self.expect_of(|| self.witness.status(), ip, code, words, limit)
    }

    /// The same, of another way to ask.
    ///
    /// # Errors
    ///
    /// As [`World::expect`].
    pub fn expect_of(
        &self,
        ask: impl Fn() -> Result<Document>,
        ip: Option<IpAddr>,
        code: &str,
        words: &[&str],
        limit: Duration,
    ) -> Result<Finding> {
        let mut last: Option<Result<Document>> = None;
        let found = until_every(INTERVAL, limit, || {
            let told = ask();
            let fits =
                |finding: &&Finding| finding.code == code && words.iter().all(|word| finding.says(word));
            let found = told.as_ref().ok().and_then(|told| told.about(ip).find(fits).cloned());
            last = Some(told);
            Ok(found)
        });
        found.with_context(|| format!("no {code} with {words:?} for {ip:?}; told was: {}", shown(ip, last)))
    }

    /// Applies objects, and deletes them later.
    ///
    /// # Errors
    ///
    /// The API server refuses them.
    pub fn with(&self, objects: &Value) -> Result<Undo<'_>> {
        let text = objects.to_string();
        self.cluster.apply_within(Duration::from_secs(20), &text)?;
        Ok(Undo::new("delete what was applied", move || self.cluster.delete(&text)))
    }

    /// Labels nodes, and takes the label away later.
    ///
    /// # Errors
    ///
    /// As `kubectl label`.
    pub fn label<'a>(&'a self, nodes: &[&Node], label: &'a str) -> Result<Undo<'a>> {
        let names: Vec<_> = nodes.iter().map(|node| node.name()).collect();
        let set = move |label: &str| {
            self.cluster
                .kubectl(&[&["label", "--overwrite", "node"], names.as_slice(), &[label]].concat())
                .map(drop)
        };
        set(&format!("{label}="))?;
        let names: Vec<_> = nodes.iter().map(|node| node.name().to_owned()).collect();
        Ok(Undo::new("take the label away", move || {
            let mut words = vec!["label", "node"];
            words.extend(names.iter().map(String::as_str));
            let away = format!("{label}-");
            words.push(&away);
            self.cluster.kubectl(&words).map(drop)
        }))
    }
}

fn shown(ip: Option<IpAddr>, last: Option<Result<Document>>) -> String {
    match last {
        None => "nothing".to_owned(),
        Some(Err(error)) => format!("{error:#}"),
        Some(Ok(told)) => {
            let findings: Vec<_> = told.about(ip).map(ToString::to_string).collect();
            let of_ip = ip.and_then(|ip| told.of(ip)).into_iter().flat_map(Judged::answering);
            let by: Vec<_> = of_ip.map(|by| format!("{} ({})", by.node, by.origin)).collect();
            format!("answered by {by:?}, {findings:?}")
        }
    }
}

/// By the port that the speakers' manifest has: 7472 is open, 9120 wants a token.
fn speakers(cluster: &Cluster) -> Result<(&'static str, u16)> {
    let path = "jsonpath={.spec.template.spec.containers[0].ports[*].containerPort}";
    let ports =
        cluster.kubectl(&["get", "daemonset/speaker", "--namespace=metallb-system", "--output", path])?;
    let is_open = ports.split_whitespace().any(|port| port == "7472");
    Ok(if is_open { ("http", 7472) } else { ("https", 9120) })
}
