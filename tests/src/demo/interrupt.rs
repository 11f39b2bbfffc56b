//! Ctrl-C and SIGTERM as an error, so that everything is cleaned up by being dropped.

use std::fmt;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{SigSet, Signal};

/// The exit code of a program that was interrupted, as shells have it.
pub const EXIT_CODE: u8 = 130;

/// How often a pause looks for the signal.
const INTERVAL: Duration = Duration::from_millis(20);

static ASKED: AtomicBool = AtomicBool::new(false);

/// The error of [`check`].
#[derive(Clone, Copy, Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// From now on a signal makes [`check`] fail; the second one ends the program at once. To be called
/// before other threads are started, because they inherit which signals are blocked. (Programs that
/// are run do not: the standard library unblocks all signals for them.)
///
/// # Errors
///
/// The thread that waits for signals can't be started.
pub fn watch() -> Result<()> {
    let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    signals.thread_block().context("block signals")?;
    let wait = move || {
        while signals.wait().is_ok() {
            if ASKED.swap(true, Ordering::Relaxed) {
                process::exit(EXIT_CODE.into());
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop).context("start a thread")
}

/// Whether it is time to end.
///
/// # Errors
///
/// [`Interrupted`], once a signal came.
pub fn check() -> Result<()> {
    if ASKED.load(Ordering::Relaxed) {
        bail!(Interrupted);
    }
    Ok(())
}

/// Sleeps, but not through a signal.
///
/// # Errors
///
/// As [`check`].
pub fn pause(duration: Duration) -> Result<()> {
    let end = Instant::now() + duration;
    loop {
        check()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(INTERVAL));
    }
}
