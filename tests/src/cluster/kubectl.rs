//! Asking and telling the API server.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Cluster, run};
use crate::lab::until_every;

/// How often to ask again.
const INTERVAL: Duration = Duration::from_millis(500);

impl Cluster {
    /// Runs `kubectl` with `args` and returns what it printed.
    ///
    /// # Errors
    ///
    /// It failed; its own words are in the message.
    pub fn kubectl(&self, args: &[&str]) -> Result<String> {
        run::read(self.kubectl_command().args(args))
    }

    /// `kubectl`, with the cluster's kubeconfig and no other.
    pub fn kubectl_command(&self) -> Command {
        let mut command = Command::new(self.kit.program("kubectl"));
        command.arg("--kubeconfig").arg(&self.control.outside);
        // Its cache of what the API server serves would stay in the user's home.
        command.arg("--cache-dir").arg(self.lab.scratch().join("kubectl"));
        command
    }

    /// Applies manifests, YAML or JSON.
    ///
    /// # Errors
    ///
    /// The API server refuses one of them.
    pub fn apply(&self, manifests: &str) -> Result<()> {
        run::feed(self.kubectl_command().args(["apply", "-f", "-"]), manifests).map(drop)
    }

    /// Deletes what these manifests name, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// As `kubectl delete`; what is already gone is no error.
    pub fn delete(&self, manifests: &str) -> Result<()> {
        let words = ["delete", "--ignore-not-found", "--timeout=60s", "-f", "-"];
        run::feed(self.kubectl_command().args(words), manifests).map(drop)
    }

    /// The same, again and again: a webhook that has to agree may not be there yet.
    ///
    /// # Errors
    ///
    /// The API server still refuses after `limit`.
    pub fn apply_within(&self, limit: Duration, manifests: &str) -> Result<()> {
        let mut refused = None;
        let applied = until_every(INTERVAL, limit, || {
            let applied = self.apply(manifests);
            Ok(applied.map_err(|error| refused = Some(error)).ok())
        });
        applied.with_context(|| refused.map(|error| format!("{error:#}")).unwrap_or_default())
    }

    /// Waits until a `DaemonSet` or Deployment (`daemonset/speaker`) has rolled out.
    ///
    /// # Errors
    ///
    /// Not within `limit`.
    pub fn rollout(&self, namespace: &str, workload: &str, limit: Duration) -> Result<()> {
        let timeout = format!("--timeout={}s", limit.as_secs());
        self.kubectl(&["rollout", "status", "--namespace", namespace, workload, &timeout]).map(drop)
    }

    /// Waits for objects (`node/n1`) as `kubectl wait --for=<condition>` does, also for their creation.
    ///
    /// # Errors
    ///
    /// Not within `limit`.
    pub fn wait(&self, namespace: &str, objects: &[&str], condition: &str, limit: Duration) -> Result<()> {
        let timeout = format!("--timeout={}s", limit.as_secs());
        let wait = |condition: &str| {
            let mut wait = self.kubectl_command();
            wait.args(["wait", "--namespace", namespace, &timeout, &format!("--for={condition}")]);
            run::read(wait.args(objects)).map(drop)
        };
        wait("create")?;
        wait(condition)
    }

    /// The name of the pod of `namespace` on `node` that has these labels (`component=speaker`).
    ///
    /// # Errors
    ///
    /// There is none, or more than one.
    pub fn pod_on(&self, node: &str, namespace: &str, labels: &str) -> Result<String> {
        let node = format!("spec.nodeName={node}");
        let output = "jsonpath={.items[*].metadata.name}";
        let names = self.kubectl(&[
            "get",
            "pods",
            "-n",
            namespace,
            "-l",
            labels,
            "--field-selector",
            &node,
            "-o",
            output,
        ])?;
        let mut names = names.split_whitespace();
        match (names.next(), names.next()) {
            (Some(name), None) => Ok(name.to_owned()),
            (first, second) => anyhow::bail!("not one pod {labels} with {node}: {first:?} {second:?}"),
        }
    }

    /// The process id, for the machine, of the first process of a running container.
    ///
    /// # Errors
    ///
    /// No such container runs.
    pub fn container_pid(&self, namespace: &str, pod: &str, container: &str) -> Result<u32> {
        let output = format!(
            "jsonpath={{.spec.nodeName}} {{.status.containerStatuses[?(@.name==\"{container}\")].containerID}}"
        );
        let said = self.kubectl(&["get", "pod", "--namespace", namespace, pod, "--output", &output])?;
        let (node, id) = said.trim().split_once(' ').with_context(|| format!("{pod} has no {container}"))?;
        let node =
            self.nodes.iter().find(|other| other.name() == node).with_context(|| format!("no {node}"))?;
        node.container_pid(id)
    }
}
