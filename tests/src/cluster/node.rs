//! A node: containerd, kubelet and kube-proxy on a host of the lab.

mod config;

use std::ffi::OsString;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Kit, Service, control::network, kit::HIDDEN, run};
use crate::lab::{Cgroups, Host, until, until_every};

/// How long containerd may take to be ready.
const LIMIT: Duration = Duration::from_secs(60);

/// How often to ask whether it is.
const INTERVAL: Duration = Duration::from_millis(100);

/// Makes what a machine of its own would have: a name; places that programs take for granted, out
/// of folders of the lab; a BPF file system; and kernel parameters that are already as kubelet wants
/// them, so that it does not change the machine's. `$0` is its name, `$1` its folder.
const SETUP: &str = r#"
hostname "$0"
for place in run var/lib var/log; do mount --bind "$1/$place" "/$place"; done
mount -t bpf bpf /sys/fs/bpf
cd "$1/sysctl"
find . -type f | while read -r file; do mount --bind "$file" "/proc/sys/$file"; done
cd /
mount --make-rshared /
touch "$1/ready"
exec sleep infinity
"#;

/// A node of the cluster; all that a [`Host`] can, it can.
#[derive(Debug)]
pub struct Node {
    folder: PathBuf,
    kit: Kit,
    procs: PathBuf,
    cgroup: String,
    /// The process that keeps the node's mount namespace.
    machine: Service,
    services: Vec<Service>,
    host: Host,
}

impl Node {
    /// A machine with containerd, which is not yet waited for.
    pub(super) fn boot(host: Host, number: u8, kit: &Kit, cgroups: &Cgroups, folder: &Path) -> Result<Self> {
        // Processes and pods apart: version 2 wants them in leaves only.
        let procs = cgroups.procs(&cgroups.add(&format!("{}/system", host.name()))?)?;
        let cgroup = cgroups.add(&format!("{}/pods", host.name()))?;
        for hidden in HIDDEN {
            fs::create_dir_all(folder.join(hidden.trim_start_matches('/')))?;
        }
        config::write(&host, number, kit, &cgroup, folder).context("write its configuration")?;
        let machine = [
            OsString::from("nsenter"),
            network(&host),
            "--".into(),
            "unshare".into(),
            "--mount".into(),
            "--uts".into(),
            "--propagation=private".into(),
            "--".into(),
            "sh".into(),
            "-euc".into(),
            SETUP.into(),
            host.name().into(),
            folder.into(),
        ];
        let name = format!("{}-machine", host.name());
        let machine = Service::start_new(&name, &machine, &kit.path(), &procs, folder)?;
        let ready = folder.join("ready");
        until(LIMIT, || machine.ensure_runs().map(|()| ready.exists().then_some(())))?;
        let (kit, folder) = (kit.clone(), folder.to_owned());
        let mut node = Self { folder, kit, procs, cgroup, machine, services: Vec::new(), host };
        let config = format!("--config={}", node.file("containerd.toml"));
        node.start("containerd", &[&config])?;
        Ok(node)
    }

    /// Starts kubelet and kube-proxy, which talk to the API server by this kubeconfig.
    pub(super) fn join(&mut self, kubeconfig: &Path) -> Result<()> {
        let client = format!("--kubeconfig={}", kubeconfig.display());
        let config = format!("--config={}", self.file("kubelet.json"));
        let addresses = format!("--node-ip={},{}", self.v4().ip, self.v6().ip);
        let name = format!("--hostname-override={}", self.host.name());
        self.start("kubelet", &[&config, &client, &addresses, &name])?;
        let config = format!("--config={}", self.file("kube-proxy.json"));
        self.start("kube-proxy", &[&config])
    }

    fn start(&mut self, program: &str, args: &[&str]) -> Result<()> {
        let mut words = vec!["nsenter".into()];
        words.extend(self.entrance());
        words.extend(["--".into(), self.kit.program(program).into()]);
        words.extend(args.iter().map(OsString::from));
        let name = format!("{}-{program}", self.host.name());
        let service = Service::start_new(&name, &words, &self.kit.path(), &self.procs, &self.folder)?;
        self.services.push(service);
        Ok(())
    }

    /// A command that will run on it: in its network, with its own `/run`, `/var/lib`, `/var/log`
    /// and `/sys/fs/bpf`. The rest of the file system is the machine's.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(self.entrance()).arg("--").arg(program).env("PATH", self.kit.path());
        command
    }

    /// The arguments of nsenter that lead to it.
    fn entrance(&self) -> [OsString; 3] {
        let namespace = |kind| format!("/proc/{}/ns/{kind}", self.machine.pid().unwrap_or_default());
        [
            network(&self.host),
            format!("--mount={}", namespace("mnt")).into(),
            format!("--uts={}", namespace("uts")).into(),
        ]
    }

    /// Gives its containerd the images of an OCI archive, under the names they have in it.
    ///
    /// # Errors
    ///
    /// containerd is not ready within a minute, or refuses the archive.
    pub fn import(&self, archive: &Path) -> Result<()> {
        let containerd = self.service("containerd")?;
        until_every(INTERVAL, LIMIT, || {
            containerd.ensure_runs()?;
            Ok(run::read(self.command("ctr").arg("version")).ok())
        })
        .with_context(|| format!("{} is not ready", containerd.name()))?;
        let archive = std::path::absolute(archive)?;
        super::kit::ensure_visible(&archive)?;
        let mut import = self.command("ctr");
        import.args(["--namespace=k8s.io", "images", "import"]).arg(&archive);
        run::read(&mut import).with_context(|| format!("import {} on {}", archive.display(), self.name()))?;
        Ok(())
    }

    /// Its `containerd`, `kubelet` or `kube-proxy`.
    ///
    /// # Errors
    ///
    /// It has no such service.
    pub fn service(&self, program: &str) -> Result<&Service> {
        let name = format!("{}-{program}", self.host.name());
        self.services.iter().find(|service| service.name() == name).with_context(|| format!("no {name}"))
    }

    /// All its services.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The control group above those of its pods, from the root of every hierarchy.
    pub fn cgroup(&self) -> &str {
        &self.cgroup
    }

    /// A file of the node as seen from the machine: its `/run/x` is `outside("/run/x")`.
    pub fn outside(&self, path: &str) -> PathBuf {
        let own = HIDDEN.iter().any(|hidden| Path::new(path).starts_with(hidden));
        if own { self.folder.join(path.trim_start_matches('/')) } else { path.into() }
    }

    /// The process id, for the machine, of the first process of a running container of this node,
    /// by the id containerd gave it (`containerd://<id>` in a pod's status).
    ///
    /// # Errors
    ///
    /// No such container runs.
    pub fn container_pid(&self, id: &str) -> Result<u32> {
        let id = id.strip_prefix("containerd://").unwrap_or(id);
        let file =
            self.outside(&format!("/run/containerd/io.containerd.runtime.v2.task/k8s.io/{id}/init.pid"));
        let pid = fs::read_to_string(&file).with_context(|| format!("{}: no container {id}", self.name()))?;
        pid.trim().parse().with_context(|| format!("{}: {pid:?}", file.display()))
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

impl Deref for Node {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}
