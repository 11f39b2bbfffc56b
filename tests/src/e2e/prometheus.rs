//! A real Prometheus, set up as operators did it in 2020: pods by annotation, through the API server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::cluster::Cluster;
use crate::lab::{Process, until_every};

/// Where it listens, on the control plane's host.
const ADDRESS: &str = "127.0.0.1:9090";

/// How often it scrapes.
pub const INTERVAL: Duration = Duration::from_secs(2);

/// How long it may take to be ready.
const LIMIT: Duration = Duration::from_secs(30);

const RBAC: &str = include_str!("files/prometheus-rbac.yaml");
const CONFIG: &str = include_str!("files/prometheus.yaml");

/// A running Prometheus.
#[derive(Debug)]
pub struct Prometheus {
    process: Process,
}

/// One element of an instant vector.
#[derive(Clone, Debug, Deserialize)]
pub struct Sample {
    /// Its labels.
    pub metric: BTreeMap<String, String>,
    /// Its time, and its value as text.
    pub value: (f64, String),
}

impl Sample {
    /// A label, empty if it has none of this name.
    pub fn label(&self, name: &str) -> &str {
        self.metric.get(name).map_or("", String::as_str)
    }
}

impl Prometheus {
    /// Starts it on the control plane's host, with this token of a `ServiceAccount` of its own.
    ///
    /// # Errors
    ///
    /// The program can't be run, or is not ready in time.
    pub fn start(program: &Path, cluster: &Cluster, token: &str) -> Result<Self> {
        let folder = cluster.lab().scratch().join("prometheus");
        fs::create_dir(&folder).context("a folder for Prometheus")?;
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| format!("write {}", path.display())).map(|()| path)
        };
        let token_file = write("token", token)?;
        let ca = "jsonpath={.clusters[0].cluster.certificate-authority}";
        let ca = cluster.kubectl(&["config", "view", "--output", ca])?;
        let host = cluster.control_plane();
        let config = CONFIG
            .replace("API_SERVER", &format!("https://{}:6443", host.v4().ip))
            .replace("CA_FILE", ca.trim())
            .replace("TOKEN_FILE", &token_file.display().to_string());
        let config = write("prometheus.yaml", &config)?;

        let mut command = host.command(&program.to_string_lossy());
        command.arg("--config.file").arg(config).arg("--storage.tsdb.path").arg(folder.join("data"));
        command.arg("--web.listen-address").arg(ADDRESS).arg("--log.level=warn");
        let prometheus = Self { process: host.spawn(command)? };
        prometheus.await_targets(cluster)?;
        Ok(prometheus)
    }

    /// Until it has scraped all agents and all speakers.
    fn await_targets(&self, cluster: &Cluster) -> Result<()> {
        let expected = 2 * cluster.nodes().len();
        let mut last = None;
        let found = until_every(INTERVAL / 4, LIMIT, || {
            let up = self.query(cluster, "up == 1");
            let found = up.as_ref().is_ok_and(|up| up.len() >= expected);
            last = Some(up);
            Ok(found.then_some(()))
        });
        found.with_context(|| {
            format!("Prometheus has not found {expected} targets: {last:?}\n{}", self.process.stderr())
        })
    }

    /// The instant vector of an expression, asked by promtool.
    ///
    /// # Errors
    ///
    /// Prometheus does not answer, or refuses the expression.
    pub fn query(&self, cluster: &Cluster, expression: &str) -> Result<Vec<Sample>> {
        let mut command = cluster.control_plane().command("promtool");
        command.args(["query", "instant", "--format=json", &format!("http://{ADDRESS}"), expression]);
        let output = command.output().context("run promtool")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{expression}: {}", said.trim());
        serde_json::from_slice(&output.stdout).with_context(|| format!("{expression}: what promtool printed"))
    }
}

/// The token of its `ServiceAccount`, which may find pods and read metrics.
///
/// # Errors
///
/// As `kubectl`.
pub fn token(cluster: &Cluster) -> Result<String> {
    cluster.apply(RBAC)?;
    let arguments = ["create", "token", "prometheus", "--namespace", "monitoring", "--duration=24h"];
    Ok(cluster.kubectl(&arguments)?.trim().to_owned())
}
