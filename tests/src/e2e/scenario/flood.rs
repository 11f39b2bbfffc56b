//! A server of metrics without an end.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::lab::Host;

/// How much it sends to whoever goes on reading.
const BYTES: usize = 100 << 20;

/// How long the comment beside each series is. All that comes before the reader's limit must be read in time on a
/// machine that has other things to do, or it would be told as slow rather than as too large.
const COMMENT: usize = 8000;

/// How often it looks whether it is to end.
const PAUSE: Duration = Duration::from_millis(50);

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n\r\n";

/// On a free port of a host, until the value is dropped.
#[derive(Debug)]
pub(super) struct Flood {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    silent: AtomicBool,
    end: AtomicBool,
}

impl Flood {
    pub(super) fn start(host: &Host) -> Result<Self> {
        let listener = host.enter(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))).context("listen")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        let thread = thread::Builder::new().name("flood".to_owned()).spawn(move || its.serve(&listener));
        Ok(Self { port, shared, thread: Some(thread.context("start a thread")?) })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Takes requests from now on and says nothing.
    pub(super) fn be_silent(&self) {
        self.shared.silent.store(true, Ordering::Relaxed);
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, listener: &TcpListener) {
        let mut waiting = Vec::new();
        while !self.end.load(Ordering::Relaxed) {
            match listener.accept() {
                Ok((stream, _)) if self.silent.load(Ordering::Relaxed) => waiting.push(stream),
                // Whoever has enough closes the connection.
                Ok((stream, _)) => drop(flood(stream)),
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }
}

fn flood(mut stream: TcpStream) -> Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let mut request = [0; 4096];
    let _asked = stream.read(&mut request)?;
    stream.write_all(HEAD)?;
    let comment = format!("# HELP metallb_layer2_requests_received {}\n", "and so on ".repeat(COMMENT / 10));
    let mut sent = 0;
    for number in 0_u64.. {
        let ip = number % 256;
        let text =
            format!("metallb_layer2_requests_received{{ip=\"192.0.2.{ip}\",n=\"{number}\"}} 1\n{comment}");
        stream.write_all(text.as_bytes())?;
        sent += text.len();
        if sent > BYTES {
            break;
        }
    }
    Ok(())
}
