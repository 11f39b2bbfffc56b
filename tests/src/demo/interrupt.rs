//! Ctrl-C and SIGTERM as an error, so that everything is cleaned up by being dropped.

use std::fmt;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

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

/// From now on a signal makes [`check`] fail; the second one ends the program at once. The programs
/// that are run know nothing of it: signals are caught here, not blocked, which they would inherit.
///
/// # Errors
///
/// The signals can't be caught.
pub fn watch() -> Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build().context("start a runtime")?;
    let entered = runtime.enter();
    let catch = |kind| signal(kind).context("catch a signal");
    let mut interrupt = catch(SignalKind::interrupt())?;
    let mut terminate = catch(SignalKind::terminate())?;
    let mut hang_up = catch(SignalKind::hangup())?;
    drop(entered);
    let wait = async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
            if ASKED.swap(true, Ordering::Relaxed) {
                process::exit(EXIT_CODE.into());
            }
        }
    };
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || runtime.block_on(wait)).map(drop).context("start a thread")
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
