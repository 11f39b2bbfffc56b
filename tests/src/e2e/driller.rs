//! Somebody with no more rights than the manifests give for it, who drills.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Undo, World};

const ROLES: [&str; 3] = [
    include_str!("../../../deploy/kustomize/components/cli-access/clusterrole.yaml"),
    include_str!("../../../deploy/kustomize/components/cli-access/clusterrole-pods.yaml"),
    include_str!("../../../deploy/kustomize/components/drill/clusterrole.yaml"),
];
const BINDINGS: &str = include_str!("files/drill-rbac.yaml");

/// Somebody who may drill, and nothing else.
#[derive(Debug)]
pub struct Driller<'a> {
    world: &'a World,
    kubeconfig: PathBuf,
    _roles: Undo<'a>,
}

impl World {
    /// Somebody new who may drill, gone when the value is dropped.
    ///
    /// # Errors
    ///
    /// As `kubectl`.
    pub fn driller(&self) -> Result<Driller<'_>> {
        let objects = [&ROLES[..], &[BINDINGS]].concat().join("\n---\n");
        self.cluster.apply(&objects)?;
        let roles = Undo::new("delete the driller's roles", move || self.cluster.delete(&objects));
        let kubeconfig = self.cluster.lab().scratch().join("driller.kubeconfig");
        fs::copy(self.cluster.kubeconfig(), &kubeconfig).context("copy the kubeconfig")?;
        let token = self.cluster.kubectl(&["create", "token", "driller", "--namespace=shop"])?;
        let config = |args: &[&str]| {
            let mut command = Command::new(self.cluster.kit().program("kubectl"));
            let command = command.arg("--kubeconfig").arg(&kubeconfig).arg("config").args(args);
            let output = command.output().context("run kubectl")?;
            ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
            Ok(())
        };
        config(&["set-credentials", "driller", &format!("--token={}", token.trim())])?;
        config(&["set-context", "--current", "--user=driller"])?;
        Ok(Driller { world: self, kubeconfig, _roles: roles })
    }
}

impl Driller<'_> {
    /// Runs `l2witness drill` to its end.
    ///
    /// # Errors
    ///
    /// It can't be run.
    pub fn drill(&self, args: &[&str]) -> Result<Output> {
        self.command(args).output().context("run l2witness drill")
    }

    /// Runs it until it says that the label is set.
    ///
    /// # Errors
    ///
    /// It ends before.
    pub fn drill_until_labelled(&self, args: &[&str]) -> Result<Drilling> {
        let mut command = self.command(args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("run l2witness")?;
        let stdout = BufReader::new(child.stdout.take().context("its stdout")?);
        let mut drilling = Drilling { child, stdout, said: String::new() };
        while !drilling.said.contains(" has the label ") {
            if drilling.stdout.read_line(&mut drilling.said)? == 0 {
                let mut complaint = String::new();
                drilling.child.stderr.take().context("its stderr")?.read_to_string(&mut complaint)?;
                bail!("it sets no label: {}{complaint}", drilling.said);
            }
        }
        Ok(drilling)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.witness.command(&[&["drill"], args].concat());
        command.arg("--kubeconfig").arg(&self.kubeconfig);
        command
    }
}

/// A drill at work. Dropped, it is killed and reaped.
#[derive(Debug)]
pub struct Drilling {
    child: Child,
    stdout: BufReader<ChildStdout>,
    said: String,
}

impl Drilling {
    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// As kill(2).
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).context("signal the drill")
    }

    /// Its exit code, absent if a signal ended it, and all that it printed.
    ///
    /// # Errors
    ///
    /// As read(2) and waitpid(2).
    pub fn end(mut self) -> Result<(Option<i32>, String)> {
        self.stdout.read_to_string(&mut self.said)?;
        let status = self.child.wait()?;
        let mut said = std::mem::take(&mut self.said);
        self.child.stderr.take().context("its stderr")?.read_to_string(&mut said)?;
        Ok((status.code(), said))
    }
}

impl Drop for Drilling {
    fn drop(&mut self) {
        // An error means it has ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
