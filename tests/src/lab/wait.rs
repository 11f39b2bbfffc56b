//! Waiting for what takes its time, never forever.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long the kernel and the lab's own processes may take for anything.
pub(super) const READY: Duration = Duration::from_secs(5);

/// How often to look.
const INTERVAL: Duration = Duration::from_millis(2);

/// Asks `look` again and again until it has something.
///
/// # Errors
///
/// `look` failed, or had nothing within `limit`.
pub fn until<T>(limit: Duration, look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    until_every(INTERVAL, limit, look)
}

/// The same, for what costs something to look at.
///
/// # Errors
///
/// As [`until`].
pub fn until_every<T>(
    interval: Duration,
    limit: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() > end {
            bail!("not within {limit:?}");
        }
        thread::sleep(interval);
    }
}
