//! A thread with a socket of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};

use crate::lab::Host;
use crate::socket::{self, PacketSocket};

/// Runs until it is dropped.
#[derive(Debug)]
pub(super) struct Worker {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Runs `run` with a socket that hears everything on the host's interface, until the flag it gets is set. Why it
    /// ended before is printed with its name.
    ///
    /// # Errors
    ///
    /// No socket or thread can be had.
    pub(super) fn start(
        host: &Host,
        interface: &str,
        name: String,
        run: impl FnOnce(&PacketSocket, &AtomicBool) -> Result<()> + Send + 'static,
    ) -> Result<Self> {
        // Not bound to ARP or IPv6 alone: one socket hears both.
        let socket = host.enter(|| PacketSocket::open(interface, socket::ALL))?;
        socket.set_receive_buffer(8 << 20)?;
        socket.set_timestamps()?;
        let end = Arc::new(AtomicBool::new(false));
        let its = Arc::clone(&end);
        let work = move || {
            if let Err(error) = run(&socket, &its) {
                eprintln!("{name}: {error:#}");
            }
        };
        let thread = thread::Builder::new().name("asker".to_owned()).spawn(work).context("start a thread")?;
        Ok(Self { end, thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}
