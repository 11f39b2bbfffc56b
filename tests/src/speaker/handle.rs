//! A lab speaker on a host of the lab.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use nix::sys::signal::Signal;

use super::Counters;
use crate::lab::{Host, Process, binary, until};

/// How long it may take to answer a command.
const LIMIT: Duration = Duration::from_secs(5);

/// The port of its metrics, MetalLB's own.
const PORT: u16 = 7472;

/// A running lab speaker; it ends when the value is dropped.
#[derive(Debug)]
pub struct Speaker {
    process: Mutex<Process>,
}

impl Speaker {
    /// Starts one on the host's `eth0`, announcing nothing yet.
    ///
    /// # Errors
    ///
    /// It is not built, or can't open its sockets; its own words are in the message.
    pub fn start(host: &Host) -> Result<Self> {
        Self::start_on(host, &["eth0"])
    }

    /// The same on several interfaces.
    ///
    /// # Errors
    ///
    /// As [`Speaker::start`].
    pub fn start_on(host: &Host, interfaces: &[&str]) -> Result<Self> {
        let mut command = host.command(&binary("lab-speaker")?.to_string_lossy());
        for interface in interfaces {
            command.args(["--interface", interface]);
        }
        Self::ready(host.spawn(command)?)
    }

    /// The same as [`Speaker::start_on`], and it serves its metrics at [`Speaker::metrics_url`].
    ///
    /// # Errors
    ///
    /// As [`Speaker::start`]; or somebody has the port.
    pub fn start_with_metrics(host: &Host, interfaces: &[&str]) -> Result<Self> {
        let mut command = host.command(&binary("lab-speaker")?.to_string_lossy());
        for interface in interfaces {
            command.args(["--interface", interface]);
        }
        command.args(["--node", host.name(), "--metrics", &format!("{}:{PORT}", host.v4().ip)]);
        Self::ready(host.spawn(command)?)
    }

    /// Where [`Speaker::start_with_metrics`] serves on that host.
    pub fn metrics_url(host: &Host) -> String {
        format!("http://{}:{PORT}", host.v4().ip)
    }

    /// The same as [`Speaker::start`] in a cgroup, given by its `cgroup.procs`. A socket belongs to
    /// the cgroup in which it is opened, so the process enters it before it becomes the speaker.
    ///
    /// # Errors
    ///
    /// As [`Speaker::start`]; or the cgroup takes no process.
    pub fn start_in(host: &Host, procs: &Path) -> Result<Self> {
        let mut command = host.command("sh");
        command.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(procs);
        command.arg(binary("lab-speaker")?).args(["--interface", "eth0"]);
        Self::ready(host.spawn(command)?)
    }

    fn ready(mut process: Process) -> Result<Self> {
        let ready = answer(&mut process, 0)?;
        ensure!(ready == "ready", "the speaker says {ready:?}");
        Ok(Self { process: Mutex::new(process) })
    }

    /// Announces `ip`: answers for it from now on, and starts a burst of announcements. For an IP
    /// that is announced already, as in MetalLB, the burst only goes on for longer.
    ///
    /// # Errors
    ///
    /// The speaker has gone.
    pub fn announce(&self, ip: IpAddr) -> Result<()> {
        self.expect(&format!("announce {ip}"), &format!("announced {ip}"))
    }

    /// Answers no more for `ip`.
    ///
    /// # Errors
    ///
    /// The speaker has gone.
    pub fn withdraw(&self, ip: IpAddr) -> Result<()> {
        self.expect(&format!("withdraw {ip}"), &format!("withdrawn {ip}"))
    }

    /// What it counted, as `metallb_layer2_*` would.
    ///
    /// # Errors
    ///
    /// The speaker has gone.
    pub fn counters(&self) -> Result<Counters> {
        let answer = self.ask("counters")?;
        serde_json::from_str(&answer).with_context(|| format!("counters: {answer}"))
    }

    /// Waits until it has answered so many requests for `ip`.
    ///
    /// # Errors
    ///
    /// It has not within 10 s; or as [`Speaker::counters`].
    pub fn until_answered(&self, ip: IpAddr, times: u64) -> Result<()> {
        until(Duration::from_secs(10), || {
            let answered = self.counters()?.get(&ip).map_or(0, |counted| counted.responses_sent);
            Ok((answered >= times).then_some(()))
        })
        .with_context(|| format!("{ip} is not answered {times} times"))
    }

    /// Kills it (SIGKILL): nothing is withdrawn, nobody is told.
    ///
    /// # Errors
    ///
    /// As kill(2).
    pub fn kill(&self) -> Result<()> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).signal(Signal::SIGKILL)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).pid()
    }

    fn expect(&self, command: &str, expected: &str) -> Result<()> {
        let answer = self.ask(command)?;
        ensure!(answer == expected, "{command}: {answer}");
        Ok(())
    }

    fn ask(&self, command: &str) -> Result<String> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = process.stdout().lines().count();
        process.write_line(command)?;
        answer(&mut process, answered).with_context(|| command.to_owned())
    }
}

/// Waits for the line that follows the first `answered` ones.
fn answer(process: &mut Process, answered: usize) -> Result<String> {
    until(LIMIT, || {
        let stdout = process.stdout();
        let mut complete = stdout.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        if let Some(line) = complete.nth(answered) {
            return Ok(Some(line.to_owned()));
        }
        match process.ended()? {
            Some(status) => bail!("the speaker ended: {status}\n{}", process.stderr()),
            None => Ok(None),
        }
    })
}
