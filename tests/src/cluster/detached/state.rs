//! What is written down about a detached cluster, in a folder by its name.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::lab;

/// Where all of them are.
const ROOT: &str = "/run/l2witness-cluster";

/// The folder of one cluster. It is there as long as the cluster has an owner, dead or alive.
#[derive(Debug)]
pub(super) struct Place {
    name: String,
    folder: PathBuf,
}

/// What a running cluster is, for other processes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    /// Its lab's name.
    pub(super) lab: String,
    pub(super) scratch: PathBuf,
    pub(super) kubeconfig: PathBuf,
    pub(super) kubectl: PathBuf,
    /// The daemons by name, with their process ids.
    pub(super) services: Vec<(String, u32)>,
}

impl Place {
    /// # Errors
    ///
    /// The name can't be one.
    pub(super) fn new(name: &str) -> Result<Self> {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        ensure!(
            plain && (1..=63).contains(&name.len()),
            "cluster name {name:?}: letters, digits and '-' only"
        );
        Ok(Self { name: name.to_owned(), folder: Path::new(ROOT).join(name) })
    }

    /// A file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The name of its owner (as a lab's: who, since when), if it has one.
    pub(super) fn owner(&self) -> Result<Option<String>> {
        match fs::read_to_string(self.file("owner")) {
            Ok(owner) => Ok(Some(owner)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("read {}", self.file("owner").display())),
        }
    }

    /// # Errors
    ///
    /// Somebody alive has it. (What somebody dead had is swept away.)
    pub(super) fn ensure_free(&self) -> Result<()> {
        let Some(owner) = self.owner()? else { return Ok(()) };
        if !lab::is_leftover(&owner) {
            let name = &self.name;
            bail!("cluster {name} is up already: end it with `cargo xtask cluster down --name {name}`");
        }
        lab::sweep();
        self.remove()
    }

    /// Makes it this process's.
    pub(super) fn take(&self) -> Result<()> {
        self.ensure_free()?;
        let fresh = Path::new(ROOT).join(format!(".{}.{}", self.name, process::id()));
        let taken = fs::create_dir_all(&fresh)
            .and_then(|()| fs::write(fresh.join("owner"), lab::owner().map_err(std::io::Error::other)?))
            // Whole or not at all, and never over another.
            .and_then(|()| fs::rename(&fresh, &self.folder));
        taken.with_context(|| {
            let _nothing = fs::remove_dir_all(&fresh);
            format!("take {}", self.folder.display())
        })
    }

    /// Writes down what the cluster is.
    pub(super) fn write(&self, cluster: &Cluster) -> Result<()> {
        let kubeconfig = self.file("kubeconfig");
        fs::copy(cluster.kubeconfig(), &kubeconfig).context("copy the kubeconfig")?;
        let pid = |service: &crate::cluster::Service| Some((service.name().to_owned(), service.pid()?));
        let state = State {
            lab: cluster.lab().name().to_owned(),
            scratch: cluster.lab().scratch().to_owned(),
            kubeconfig,
            kubectl: cluster.kit().program("kubectl"),
            services: cluster.services().filter_map(pid).collect(),
        };
        let path = self.file("state.json");
        fs::write(&path, serde_json::to_vec_pretty(&state)?)
            .with_context(|| format!("write {}", path.display()))
    }

    /// # Errors
    ///
    /// The cluster isn't up.
    pub(super) fn read(&self) -> Result<State> {
        let text = fs::read_to_string(self.file("state.json"));
        let text = text.with_context(|| format!("cluster {} is not up", self.name))?;
        serde_json::from_str(&text).with_context(|| self.file("state.json").display().to_string())
    }

    /// Removes it, and the folder of all clusters with the last.
    pub(super) fn remove(&self) -> Result<()> {
        if let Err(error) = fs::remove_dir_all(&self.folder)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("remove {}", self.folder.display()));
        }
        let _others = fs::remove_dir(ROOT);
        Ok(())
    }
}

impl State {
    /// How to reach it, for who started it.
    pub(super) fn instructions(&self, name: &str, took: Duration) -> String {
        let Self { lab, scratch, kubeconfig, kubectl, .. } = self;
        let mut text = format!("cluster {name} is up after {:.0} s. To look around:\n", took.as_secs_f64());
        let lines = [
            ("its API server", format!("export KUBECONFIG={}", kubeconfig.display())),
            ("kubectl", format!("{} get nodes,pods,services -A", kubectl.display())),
            ("l2witness", format!("target/debug/l2witness check --kubeconfig {}", kubeconfig.display())),
            ("ask as the router", format!("nsenter --net=/run/netns/{lab}-rt arping -I eth0 192.0.2.200")),
            ("a node's network", format!("nsenter --net=/run/netns/{lab}-n1 ip address")),
            ("logs and files", format!("ls {}", scratch.display())),
            ("how it is", format!("cargo xtask cluster status --name {name}")),
            ("its end", format!("cargo xtask cluster down --name {name}")),
        ];
        for (what, line) in lines {
            let _never = writeln!(text, "  {what:<18} {line}");
        }
        text.truncate(text.trim_end().len());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_name_is_part_of_a_path_and_nothing_more() {
        for (name, valid) in
            [("default", true), ("a-1", true), ("", false), ("..", false), ("a/b", false), ("a b", false)]
        {
            assert_eq!(Place::new(name).is_ok(), valid, "{name:?}");
        }
    }
}
