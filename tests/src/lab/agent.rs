//! `l2witness agent` on a host of the lab.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::{Follower, Host, Process, binary, bpffs, http, wait};

/// How long it may take to become ready, and to end.
const LIMIT: Duration = Duration::from_secs(10);

/// The port of its HTTP server.
const PORT: u16 = 9472;

/// A running agent, ready when the value exists and killed when it is dropped. What it pinned stays
/// until the host goes: an agent started again on the same host finds it.
#[derive(Debug)]
pub struct Agent {
    process: Process,
    socket: PathBuf,
}

impl Agent {
    /// Starts it with the static source of LB IPs and `args`, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// It isn't built, ends, or isn't ready within 10 s; what it complained about is in the message.
    pub fn start(host: &Host, args: &[&str]) -> Result<Self> {
        bpffs::ensure_mounted()?;
        let socket = host.scratch().join(format!("{}.sock", host.name()));
        let mut command = command(host, &binary("l2witness")?, &socket);
        command.args(args);
        let mut process = host.spawn(command)?;
        let mut answer = None;
        let ready = wait::until(LIMIT, || match (process.ended()?, http::get(&socket, "/readyz")) {
            (Some(status), _) => bail!("the agent ended: {status}"),
            (None, Ok(_)) => Ok(Some(())),
            (None, Err(error)) => {
                answer = Some(error);
                Ok(None)
            }
        });
        ready.with_context(|| {
            let answer = answer.map_or_else(String::new, |error| format!("{error:#}\n"));
            format!("the agent of {}:\n{answer}{}", host.name(), process.stderr())
        })?;
        Ok(Self { process, socket })
    }

    /// The body of `path`, from its unix socket.
    ///
    /// # Errors
    ///
    /// Any other status than 200.
    pub fn get(&self, path: &str) -> Result<String> {
        http::get(&self.socket, path)
    }

    /// The lines of `path`, which goes on until one of the two ends.
    ///
    /// # Errors
    ///
    /// Any other status than 200.
    pub fn follow(&self, path: &str) -> Result<Follower> {
        Follower::start(&self.socket, path)
    }

    /// The body of `path`, as JSON.
    ///
    /// # Errors
    ///
    /// Any other status than 200, or the body is no JSON.
    pub fn json(&self, path: &str) -> Result<Value> {
        let body = self.get(path)?;
        serde_json::from_str(&body).with_context(|| format!("{path}: {body}"))
    }

    /// Its unix socket, for `l2witness … --socket`.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The process, for its id and what it printed.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The same, to see whether it has ended.
    pub fn process_mut(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Asks it to end (SIGTERM) and waits for that.
    ///
    /// # Errors
    ///
    /// It goes on for more than 10 s.
    pub fn stop(mut self) -> Result<ExitStatus> {
        self.process.signal(Signal::SIGTERM)?;
        self.process.wait(LIMIT)
    }
}

fn command(host: &Host, program: &Path, socket: &Path) -> Command {
    let mut command = host.command(&program.to_string_lossy());
    command
        .args(["agent", "--source", "static", "--node-name", host.name()])
        .arg("--pin-dir")
        .arg(host.pin_directory())
        .arg("--socket")
        .arg(socket)
        .arg("--listen")
        .arg(format!("{}:{PORT}", host.v4().ip));
    command
}
