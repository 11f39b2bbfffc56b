//! Names that say who made a thing, so that what a dead process left can be told from what is in use.
//!
//! `l2w-<pid>-<start>-<n>` names a lab: the process that made it, when that started (field 22 of
//! `/proc/<pid>/stat`, in clock ticks since boot: process ids are used again), and a counter.

use std::fs;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What every name begins with.
const PREFIX: &str = "l2w";

/// A name for a lab that no other lab on this machine has.
pub(crate) fn unique() -> Result<String> {
    static LABS: AtomicU32 = AtomicU32::new(0);
    let pid = process::id();
    let started = started(pid).context("/proc/self/stat has no start time")?;
    Ok(format!("{PREFIX}-{pid}-{started}-{}", LABS.fetch_add(1, Ordering::Relaxed)))
}

/// Whether `name` is, or begins with, the name of a lab whose process is gone.
pub(crate) fn is_leftover(name: &str) -> bool {
    let mut parts = name.split('-');
    if parts.next() != Some(PREFIX) {
        return false;
    }
    let mut number = || parts.next()?.parse::<u64>().ok();
    let (Some(pid), Some(start), Some(_)) = (number(), number(), number()) else { return false };
    u32::try_from(pid).is_ok_and(|pid| started(pid) != Some(start))
}

/// Sends a signal to the process in `name`, if it still is the one that made the name.
pub(crate) fn signal_owner(name: &str, signal: Signal) -> Result<()> {
    if is_leftover(name) {
        return Ok(());
    }
    let pid = name.split('-').nth(1).and_then(|pid| pid.parse().ok());
    let pid = pid.with_context(|| format!("{name:?} names no process"))?;
    kill(Pid::from_raw(pid), signal).with_context(|| format!("{signal} to {pid}"))
}

/// Refuses a host name that can't be an interface's name and part of a path.
pub(super) fn check(host: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    ensure!(!host.is_empty() && host.len() <= 15, "host name {host:?}: 1 to 15 characters");
    ensure!(host.chars().all(plain), "host name {host:?}: letters, digits and '-' only");
    Ok(())
}

/// When a process started, in clock ticks since boot; `None` if it is dead.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, field 2, stands in parentheses and may hold anything, so count from its end.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    // Dead, and only not yet collected.
    let dead = matches!(fields.next()?, "Z" | "X");
    if dead { None } else { fields.nth(18)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_a_dead_process_is_a_leftover() {
        let mine = unique().unwrap();
        let reused = format!("{PREFIX}-{}-1-0-node1", process::id());

        for (name, leftover) in [
            (mine.as_str(), false),
            (&format!("{mine}-node1"), false),
            (&reused, true),
            ("l2w-4194999-1-0-switch", true),
            ("l2w-4194999-1", false),
            ("l2w-pid-start-0", false),
            ("l2witness", false),
            ("cni-1-2-3", false),
            ("", false),
        ] {
            assert_eq!(is_leftover(name), leftover, "{name:?}");
        }
    }
}
