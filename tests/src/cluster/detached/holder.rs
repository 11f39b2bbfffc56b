//! The process that holds a detached cluster.

use std::fs::File;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nix::unistd::{dup2_stderr, dup2_stdout, setsid};

use super::{READY, state::Place};
use crate::cluster::{Cluster, Options};
use crate::demo::interrupt::{self, Interrupted};

/// How long one look for a signal lasts.
const PAUSE: Duration = Duration::from_secs(3600);

/// Starts a cluster and holds it until a signal comes. Who listens to standard output hears when a
/// stage is reached; when nobody listens before the end, the start is given up.
///
/// # Errors
///
/// There is a cluster of this name, or it can't be started.
pub fn hold(name: &str, options: &Options) -> Result<()> {
    // Neither a Ctrl-C nor the end of the terminal is meant for it.
    let _own = setsid().context("a session of its own")?;
    interrupt::watch()?;
    let place = Place::new(name)?;
    place.take()?;
    let held = keep(&place, options);
    // The cluster has gone with its value; its place goes last.
    place.remove()?;
    if held.as_ref().is_err_and(anyhow::Error::is::<Interrupted>) { Ok(()) } else { held }
}

fn keep(place: &Place, options: &Options) -> Result<()> {
    let start = Instant::now();
    let mut tell = |line: &str| {
        interrupt::check()?;
        let seconds = start.elapsed().as_secs();
        writeln!(io::stdout(), "{seconds:3} s: {line}").context("nobody waits for the cluster any more")
    };
    let cluster = Cluster::up_telling(options, &mut tell)?;
    place.write(&cluster)?;
    writeln!(io::stdout(), "{READY}").context("nobody waits for the cluster any more")?;
    let log = File::create(place.file("log")).context("create the log")?;
    dup2_stdout(&log).and_then(|()| dup2_stderr(&log)).context("write to the log from now on")?;
    loop {
        interrupt::pause(PAUSE)?;
    }
}
