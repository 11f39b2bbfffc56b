//! MetalLB's speaker on a node, and its process.

use anyhow::{Context as _, Result};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Undo, World};
use crate::cluster::Node;

impl World {
    /// Stops the speaker's process, and lets it go on later: its socket still takes requests, and nobody reads
    /// them.
    ///
    /// # Errors
    ///
    /// It does not run there.
    pub fn stop_speaker<'a>(&'a self, node: &'a Node) -> Result<Undo<'a>> {
        let pid = self.speaker_pid(node)?;
        let signal = move |signal| match kill(pid, signal) {
            // kubelet kills it when it has missed enough probes, and starts another one.
            Err(Errno::ESRCH) => Ok(()),
            sent => sent.with_context(|| format!("{signal} to the speaker of {}", node.name())),
        };
        signal(Signal::SIGSTOP)?;
        Ok(Undo::new("let the speaker go on", move || signal(Signal::SIGCONT)))
    }

    /// The speaker's process.
    ///
    /// # Errors
    ///
    /// It does not run there.
    pub fn speaker_pid(&self, node: &Node) -> Result<Pid> {
        let pid = self.cluster.container_pid("metallb-system", &self.speaker_pod(node)?, "speaker")?;
        Ok(Pid::from_raw(pid.cast_signed()))
    }

    /// The name of the speaker's pod.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn speaker_pod(&self, node: &Node) -> Result<String> {
        self.cluster.pod_on(node.name(), "metallb-system", "component=speaker")
    }
}
