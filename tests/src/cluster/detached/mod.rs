//! A cluster that stays when the command that started it ends: a process of its own holds it.
//!
//! * [`up`] — starts that process and tells what it tells, until the cluster is up
//! * [`hold`] — what that process does
//! * [`down`] — ends it, and looks that nothing is left
//! * [`status()`] — how the cluster is
//!
//! A killed holder leaves everything running; as with any lab, the next lab, `up` or `down` ends it.

mod holder;
mod state;
mod status;

use std::env;
use std::io::{self, BufRead as _, BufReader, PipeReader, Write as _};
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;

pub use holder::hold;
pub use status::status;

use crate::demo::interrupt;
use crate::lab::{self, until_every};
use state::Place;

/// How long a holder may take to end what it holds.
const LIMIT: Duration = Duration::from_secs(60);

/// How often to look whether it has.
const INTERVAL: Duration = Duration::from_millis(20);

/// What the holder says at the end.
const READY: &str = "ready";

/// Starts this very program again as the holder, with its own arguments after `hold` instead of
/// `up`, and waits until the cluster `name` is up.
///
/// # Errors
///
/// There is one of this name; it can't be started, and the holder has said why; or a signal came.
pub fn up(name: &str) -> Result<()> {
    let start = Instant::now();
    let place = Place::new(name)?;
    place.ensure_free()?;
    interrupt::watch()?;
    let (reader, writer) = io::pipe().context("a pipe")?;
    let mut holder = Command::new(env::current_exe().context("this program")?);
    holder.arg("hold").args(env::args_os().skip(2)).stdout(writer.try_clone()?).stderr(writer);
    let mut child = holder.spawn().context("start the holder")?;
    // With it go our ends of the pipe: it ends with the holder's.
    drop(holder);
    if let Err(interrupted) = listen(name, reader) {
        // It may be in the middle of a long wait; what it leaves is swept away.
        child.kill().and_then(|()| child.wait()).context("end the holder")?;
        lab::sweep();
        // Somebody else's, if it was faster.
        let _taken = place.ensure_free();
        return Err(interrupted);
    }
    if place.read().is_err() {
        let status = child.wait().context("wait for the holder")?;
        bail!("cluster {name} is not up: its holder ended ({status})");
    }
    let state = place.read()?;
    writeln!(io::stdout(), "{}", state.instructions(name, start.elapsed()))?;
    Ok(())
}

/// Passes on what the holder says, until it is ready or ends.
fn listen(name: &str, holder: PipeReader) -> Result<()> {
    let (say, said) = mpsc::channel();
    // Apart, as reading would sleep through a signal. Its end is that of the holder's words.
    thread::spawn(move || {
        BufReader::new(holder).lines().map_while(io::Result::ok).try_for_each(|line| say.send(line))
    });
    loop {
        match said.recv_timeout(INTERVAL) {
            Ok(line) if line == READY => return Ok(()),
            Ok(line) => eprintln!("cluster {name}: {line}"),
            Err(RecvTimeoutError::Timeout) => interrupt::check()?,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// Ends the cluster `name`, if there is one, and what killed clusters left.
///
/// # Errors
///
/// Something is left; the message says what.
pub fn down(name: &str) -> Result<()> {
    let start = Instant::now();
    let place = Place::new(name)?;
    let owner = place.owner()?;
    let Some(owner) = owner else {
        lab::sweep();
        eprintln!("cluster {name}: not up");
        return Ok(());
    };
    let lab = place.read().ok().map(|state| state.lab);
    if !lab::is_leftover(&owner) {
        // One that is still starting may be in the middle of a long wait.
        let signal = if lab.is_some() { Signal::SIGTERM } else { Signal::SIGKILL };
        lab::signal_owner(&owner, signal)?;
        let gone = || Ok(lab::is_leftover(&owner).then_some(()));
        if until_every(INTERVAL, LIMIT, gone).is_err() {
            lab::signal_owner(&owner, Signal::SIGKILL)?;
            until_every(INTERVAL, LIMIT, gone).context("the holder does not end")?;
        }
    }
    // Nothing, after an orderly end; all that a killed holder held, otherwise.
    lab::sweep();
    place.remove()?;
    let traces = lab.map(|lab| lab::traces(&lab)).unwrap_or_default();
    ensure!(traces.is_empty(), "cluster {name} left {traces:?}");
    eprintln!("cluster {name}: down in {:.1} s, nothing is left", start.elapsed().as_secs_f64());
    Ok(())
}
