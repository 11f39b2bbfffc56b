//! A daemon of the cluster.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How many lines of a log are shown when its program ended.
const TAIL: usize = 15;

/// A program that runs in the cluster's control groups until it is stopped or the value is dropped.
/// It can be stopped and started again, with the same arguments.
#[derive(Debug)]
pub struct Service {
    name: String,
    argv: Vec<OsString>,
    path: OsString,
    log: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Service {
    /// Starts `argv` with this PATH in the group whose `cgroup.procs` is `procs`; what it prints goes
    /// to `<name>.log` in `logs`.
    pub(super) fn start_new(
        name: &str,
        argv: &[OsString],
        path: &OsStr,
        procs: &Path,
        logs: &Path,
    ) -> Result<Self> {
        // By a shell, so that the program and all it starts are in the group from the beginning.
        let shell = ["sh", "-c", "echo $$ >\"$0\" && exec \"$@\""].map(OsString::from);
        let argv = shell.into_iter().chain([procs.into()]).chain(argv.iter().cloned()).collect();
        let log = logs.join(format!("{name}.log"));
        let service =
            Self { name: name.to_owned(), argv, path: path.to_owned(), log, child: Mutex::new(None) };
        service.start()?;
        Ok(service)
    }

    /// Its name: `kube-apiserver`, or with its node in front: `n1-kubelet`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Everything it has printed, standard output and standard error.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Starts it again after [`Service::stop`], or after it ended.
    ///
    /// # Errors
    ///
    /// It runs already, or can't be started.
    pub fn start(&self) -> Result<()> {
        let mut child = self.child();
        let running = child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)));
        ensure!(!running, "{} runs already", self.name);
        let (program, args) = self.argv.split_first().context("a program")?;
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("open {}", self.log.display()))?;
        let mut command = Command::new(program);
        command.args(args).env("PATH", &self.path);
        // Not where we happen to be: another mount namespace may lack that folder.
        command.current_dir("/").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        *child = Some(command.spawn().with_context(|| format!("start {}", self.name))?);
        Ok(())
    }

    /// Kills it (SIGKILL) and waits for that; if it runs.
    pub fn stop(&self) {
        if let Some(mut child) = self.child().take() {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }

    /// Its process id; `None` after [`Service::stop`].
    pub fn pid(&self) -> Option<u32> {
        self.child().as_ref().map(Child::id)
    }

    /// Sends it a signal: SIGSTOP, for one.
    ///
    /// # Errors
    ///
    /// It is stopped; or as kill(2).
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.pid().with_context(|| format!("{} does not run", self.name))?;
        kill(Pid::from_raw(pid.cast_signed()), signal).with_context(|| format!("{signal} to {}", self.name))
    }

    /// How it ended, if it did so by itself.
    ///
    /// # Errors
    ///
    /// As waitpid(2).
    pub fn ended(&self) -> Result<Option<ExitStatus>> {
        let mut child = self.child();
        let Some(child) = child.as_mut() else { return Ok(None) };
        child.try_wait().with_context(|| format!("wait for {}", self.name))
    }

    /// # Errors
    ///
    /// It ended by itself; its last lines are in the message.
    pub(super) fn ensure_runs(&self) -> Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} ended: {status}\n{}", self.name, tail(&self.log));
        }
        Ok(())
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The last lines of a log.
pub(super) fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}
