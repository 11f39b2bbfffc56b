//! A process of the lab.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::wait;

/// A running process. Dropped, it is killed by its own id and reaped; if that is because a test
/// panics, what it printed is shown.
#[derive(Debug)]
pub struct Process {
    what: String,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    _files: Arc<TempDir>,
}

impl Process {
    pub(super) fn spawn(mut command: Command, files: Arc<TempDir>) -> Result<Self> {
        static PROCESSES: AtomicU32 = AtomicU32::new(0);
        let number = PROCESSES.fetch_add(1, Ordering::Relaxed);
        let stdout = files.path().join(format!("{number}.out"));
        let stderr = files.path().join(format!("{number}.err"));
        let create =
            |path: &PathBuf| File::create(path).with_context(|| format!("create {}", path.display()));
        command.stdin(Stdio::piped()).stdout(create(&stdout)?).stderr(create(&stderr)?);
        let child = command.spawn().with_context(|| format!("run {command:?}"))?;
        Ok(Self { what: format!("{command:?}"), child, stdout, stderr, _files: files })
    }

    /// Its process id: the program's own, as `nsenter` becomes the program.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn stdout(&self) -> String {
        read(&self.stdout)
    }

    /// What it has complained about so far.
    pub fn stderr(&self) -> String {
        read(&self.stderr)
    }

    /// Writes `line` to its standard input.
    ///
    /// # Errors
    ///
    /// It has gone, or its input was closed.
    pub fn write_line(&mut self, line: &str) -> Result<()> {
        let stdin = self.child.stdin.as_mut().context("its input is closed")?;
        writeln!(stdin, "{line}").with_context(|| format!("write {line:?} to {}", self.what))
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// As waitpid(2).
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("wait for {}", self.what))
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// As kill(2).
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal)
            .with_context(|| format!("send {signal} to {}", self.what))
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// It goes on longer than `limit`; what it complained about is in the message.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        wait::until(limit, || self.ended())
            .with_context(|| format!("{} does not end\n{}", self.what, self.stderr()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means it has ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
        if thread::panicking() {
            eprintln!("── {}\n{}{}", self.what, self.stdout(), self.stderr());
        }
    }
}

fn read(path: &PathBuf) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
