//! What agents and speakers serve on their nodes, asked from the router: no API server is needed.

use std::net::IpAddr;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use l2witness::evidence::NodeReport;

use super::World;
use super::metrics::Metrics;
use super::witness::{Document, finish};

/// The port of our agents.
pub const PORT: u16 = 9472;

/// Where our agents run.
pub const NAMESPACE: &str = "l2witness-system";

/// What our agents' pods are labelled with.
pub const LABELS: &str = "app.kubernetes.io/name=l2witness";

impl World {
    /// What the agent of a node knows.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn report(&self, node: &str) -> Result<NodeReport> {
        let text = self.fetch(&format!("http://{}:{PORT}", self.address(node)), "/api/v1/node")?;
        serde_json::from_str(&text).with_context(|| format!("the report of {node}"))
    }

    /// What all agents know.
    ///
    /// # Errors
    ///
    /// As [`World::report`].
    pub fn reports(&self) -> Result<Vec<NodeReport>> {
        self.cluster.nodes().iter().map(|node| self.report(node.name())).collect()
    }

    /// The metrics of a node's agent.
    ///
    /// # Errors
    ///
    /// They can't be read.
    pub fn agent_metrics(&self, node: &str) -> Result<Metrics> {
        let text = self.fetch(&format!("http://{}:{PORT}", self.address(node)), "/metrics")?;
        Ok(Metrics::parse(&text))
    }

    /// The metrics of a node's speaker.
    ///
    /// # Errors
    ///
    /// They can't be read.
    pub fn speaker_metrics(&self, node: &str) -> Result<Metrics> {
        let (scheme, port) = self.speakers;
        let text = self.fetch(&format!("{scheme}://{}:{port}", self.address(node)), "/metrics")?;
        Ok(Metrics::parse(&text))
    }

    /// What `l2witness status` tells when it asks the agents at their nodes' addresses.
    ///
    /// # Errors
    ///
    /// No agent was heard.
    pub fn status_without_api_server(&self) -> Result<Document> {
        let words = ["status", "-o", "json"];
        let mut command = self.cluster.router().command(&self.witness.program().to_string_lossy());
        command.args(words);
        for node in self.cluster.nodes() {
            command.arg(format!("--agent=http://{}:{PORT}", self.address(node.name())));
        }
        let output = finish(command, &words)?;
        serde_json::from_slice(&output.stdout).with_context(|| {
            String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
        })
    }

    /// Reads by kubectl, which speaks HTTPS, too, and sends a token where that is asked for.
    fn fetch(&self, server: &str, path: &str) -> Result<String> {
        let mut command: Command =
            self.cluster.router().command(&self.cluster.kit().program("kubectl").to_string_lossy());
        command.args(["--kubeconfig=/dev/null", "--request-timeout=5s", "--server", server]);
        if server.starts_with("https:") {
            command.args(["--insecure-skip-tls-verify", "--token", &self.token]);
        }
        let output = command.args(["get", "--raw", path]).output().context("run kubectl")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{server}{path}: {}", said.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn address(&self, node: &str) -> IpAddr {
        self.cluster.node(node).v4().ip.into()
    }
}

/// How often the agents' containers were restarted, by pod.
///
/// # Errors
///
/// As `kubectl get`.
pub fn restarts(world: &World) -> Result<String> {
    let path = "jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[*].restartCount} {end}";
    world.cluster.kubectl(&["get", "pods", "--namespace", NAMESPACE, "--selector", LABELS, "--output", path])
}
