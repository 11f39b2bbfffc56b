//! A real Kubernetes with a real MetalLB on one machine: every node is a host of the [lab](crate::lab).
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use l2witness_tests::cluster::{Cluster, Options};
//!
//! let cluster = Cluster::up(&Options::new("the kit's folder"))?;
//! println!("{}", cluster.kubectl(&["get", "pods", "--all-namespaces"])?);
//! let arping = cluster.router().command("arping").args(["-c1", "-Ieth0", "192.0.2.200"]).output()?;
//! assert!(arping.status.success());
//! # Ok(())
//! # }
//! ```
//!
//! * [`Kit`] — programs, images and manifests, as `cargo xtask cluster` gathers them
//! * [`Cluster`] — etcd, API server, controller manager and scheduler on the host `cp`, [`Node`]s
//!   `n1`, `n2`, …, the router `rt`, MetalLB by its own manifest
//! * [`Service`] — one of their daemons, which can be stopped and started
//! * [`detached`] — a cluster that stays when the command that started it ends
//!
//! As a lab does, a cluster goes away with its value, and the next lab or cluster sweeps away what
//! a killed one left. Everything runs in control groups of the cluster's own, by which it is found.

mod address;
mod control;
pub mod detached;
mod kit;
mod kubectl;
mod metallb;
mod node;
mod options;
mod proxy;
mod routes;
mod run;
mod service;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};

use control::Control;
pub use kit::Kit;
pub use node::Node;
pub use options::Options;
pub use service::Service;

use crate::lab::{Cgroups, Host, Lab};

/// How long our `DaemonSet` may take.
const ROLLOUT: Duration = Duration::from_secs(120);

/// A running cluster, taken down when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    // Dropped in this order: who asks before who answers, the lab's files last.
    nodes: Vec<Node>,
    control: Control,
    router: Host,
    kit: Kit,
    cgroups: Cgroups,
    lab: Lab,
}

impl Cluster {
    /// Starts a cluster, and says on stderr what it is at.
    ///
    /// # Errors
    ///
    /// Not root; something is missing, ends or isn't ready in time.
    pub fn up(options: &Options) -> Result<Self> {
        Self::up_telling(options, &mut |line| {
            eprintln!("cluster: {line}");
            Ok(())
        })
    }

    /// The same, with a line to `tell` when a stage is reached.
    ///
    /// # Errors
    ///
    /// As [`Cluster::up`], or `tell` failed.
    pub fn up_telling(options: &Options, tell: &mut dyn FnMut(&str) -> Result<()>) -> Result<Self> {
        let kit = Kit::open(&options.kit)?;
        let lab = Lab::new()?;
        kit::ensure_visible(lab.scratch())?;
        let cgroups = lab.cgroups()?;
        let router = lab.host("rt")?;
        let control = lab.host("cp")?;
        let hosts = (1..=options.nodes).map(|number| lab.host(&format!("n{number}")));
        let hosts = hosts.collect::<Result<Vec<_>>>()?;
        routes::set(&router, &control, &hosts)?;
        let (control, nodes) = start(&lab, &kit, &cgroups, control, hosts, &options.images)?;
        let mut cluster = Self { nodes, control, router, kit, cgroups, lab };
        tell("control plane and containerd run, images are imported")?;
        for node in &mut cluster.nodes {
            node.join(&cluster.control.inside)?;
        }
        cluster.metallb(options, tell).map_err(|error| cluster.explained(error))?;
        for folder in &options.manifests {
            cluster.kubectl(&["apply", "-k", &folder.display().to_string()])?;
        }
        let ours =
            ["get", "daemonset", "l2witness", "--namespace=l2witness-system", "--ignore-not-found", "-oname"];
        if !cluster.kubectl(&ours)?.trim().is_empty() {
            cluster.rollout("l2witness-system", "daemonset/l2witness", ROLLOUT)?;
            tell("l2witness is ready on every node")?;
        }
        Ok(cluster)
    }

    /// For programs on this machine: the API server listens on localhost, too.
    pub fn kubeconfig(&self) -> &Path {
        &self.control.outside
    }

    /// The node `n1`, `n2`, ….
    ///
    /// # Panics
    ///
    /// There is no such node.
    #[expect(clippy::panic, reason = "a scenario that asks for no node has nothing to go on with")]
    pub fn node(&self, name: &str) -> &Node {
        self.nodes.iter().find(|node| node.name() == name).unwrap_or_else(|| panic!("no node {name}"))
    }

    /// All nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The host `rt`: it asks for LB IPs, and the nodes' default routes lead to it.
    pub fn router(&self) -> &Host {
        &self.router
    }

    /// The host `cp` with the control plane.
    pub fn control_plane(&self) -> &Host {
        &self.control.host
    }

    /// `etcd`, `kube-apiserver`, `kube-controller-manager` or `kube-scheduler`.
    ///
    /// # Errors
    ///
    /// There is no such service; a node's are [`Node::service`].
    pub fn service(&self, name: &str) -> Result<&Service> {
        let mut services = self.control.services.iter();
        services.find(|service| service.name() == name).with_context(|| format!("no {name}"))
    }

    /// The lab it is in: for more hosts, and for its switch.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// What it was made of.
    pub fn kit(&self) -> &Kit {
        &self.kit
    }

    /// Gives all nodes the images of an OCI archive, under the names they have in it.
    ///
    /// # Errors
    ///
    /// As [`Node::import`].
    pub fn import(&self, archive: &Path) -> Result<()> {
        self.nodes.iter().try_for_each(|node| node.import(archive))
    }

    /// Every daemon of the cluster.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.control.services.iter().chain(self.nodes.iter().flat_map(Node::services))
    }

    /// The error with the last words of a daemon that ended, which is the likelier cause.
    fn explained(&self, error: anyhow::Error) -> anyhow::Error {
        match self.services().try_for_each(Service::ensure_runs) {
            Ok(()) => error,
            Err(ended) => error.context(format!("{ended:#}")),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // All at once, before their namespaces and files go: nobody shall restart or report anything.
        if let Err(error) = self.cgroups.kill() {
            eprintln!("{error:#}");
        }
    }
}

/// Starts the control plane and, beside it, the nodes as far as they can be without one.
fn start(
    lab: &Lab,
    kit: &Kit,
    cgroups: &Cgroups,
    control: Host,
    hosts: Vec<Host>,
    images: &[PathBuf],
) -> Result<(Control, Vec<Node>)> {
    let images = [kit.images()?.as_slice(), images].concat();
    let folder = |host: &Host| -> Result<PathBuf> {
        let folder = lab.scratch().join(host.name());
        fs::create_dir(&folder).with_context(|| format!("create {}", folder.display()))?;
        Ok(folder)
    };
    let boot = |host: Host, number| {
        let name = host.name().to_owned();
        let boot = || {
            let folder = folder(&host)?;
            let node = Node::boot(host, number, kit, cgroups, &folder)?;
            images.iter().try_for_each(|image| node.import(image))?;
            anyhow::Ok(node)
        };
        boot().with_context(|| name)
    };
    thread::scope(|scope| {
        let boot = &boot;
        let nodes = (1..).zip(hosts).map(|(number, host)| scope.spawn(move || boot(host, number)));
        let nodes: Vec<_> = nodes.collect();
        let control = folder(&control).and_then(|folder| Control::start(control, kit, cgroups, &folder));
        let nodes =
            nodes.into_iter().map(|node| node.join().map_err(|_| anyhow!("a node's start panicked"))?);
        Ok((control?, nodes.collect::<Result<Vec<_>>>()?))
    })
}
