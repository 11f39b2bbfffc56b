//! Somebody who follows an agent's events.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// Nothing for so long, not even an empty line, is no answer any more.
const LIMIT: Duration = Duration::from_secs(30);

/// An answer that goes on; it ends with this value.
#[derive(Debug)]
pub struct Follower {
    stream: UnixStream,
    read: Arc<Mutex<Read>>,
}

#[derive(Debug, Default)]
struct Read {
    lines: Vec<String>,
    heartbeats: usize,
    ended: bool,
}

impl Follower {
    /// Begins to read the answer to `GET path`.
    pub(super) fn start(socket: &Path, path: &str) -> Result<Self> {
        let mut stream =
            UnixStream::connect(socket).with_context(|| format!("connect to {}", socket.display()))?;
        stream.set_read_timeout(Some(LIMIT))?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: l2witness\r\n\r\n");
        stream.write_all(request.as_bytes()).with_context(|| format!("ask for {path}"))?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let status = lines.next().context("no answer")??;
        ensure!(status.split(' ').nth(1) == Some("200"), "{status}");
        while !lines.next().context("no end of headers")??.is_empty() {}
        let read = Arc::new(Mutex::new(Read::default()));
        let shared = Arc::clone(&read);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut read = shared.lock().unwrap_or_else(PoisonError::into_inner);
                if line.is_empty() {
                    read.heartbeats += 1;
                } else {
                    read.lines.push(line);
                }
            }
            shared.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        });
        Ok(Self { stream, read })
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }

    /// Empty lines so far.
    pub fn heartbeats(&self) -> usize {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).heartbeats
    }

    /// Whether the answer has ended.
    pub fn ended(&self) -> bool {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).ended
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Its thread sees the end of it.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}
