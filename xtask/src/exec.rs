//! Running other programs: every failure names the command that failed.

use std::{
    ffi::OsStr,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};

/// How long nobody wonders whether a step still goes on.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says one line on stderr.
pub(crate) fn say(line: &str) {
    eprintln!("xtask: {line}");
}

/// Runs a command that shows its own progress. Its stdout joins our stderr.
///
/// # Errors
///
/// The command can't be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.stdout(Stdio::from(io::stderr())).status().with_context(|| cannot_run(command))?;
    if status.success() { Ok(()) } else { Err(anyhow!("`{}` failed: {status}", shown(command))) }
}

/// Runs a talkative command quietly: one line before, one every half minute, its seconds after, all
/// of its output only when it fails.
///
/// # Errors
///
/// The command can't be started or fails.
pub(crate) fn step(what: &str, command: &mut Command) -> Result<()> {
    say(&format!("{what} …"));
    let start = Instant::now();
    let output = thread::scope(|scope| {
        let (done, waiting) = mpsc::channel::<()>();
        scope.spawn(move || {
            while waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                say(&format!("{what}: {:.0} s so far …", start.elapsed().as_secs_f64()));
            }
        });
        let output = command.stdin(Stdio::null()).output();
        drop(done);
        output
    });
    let output = output.with_context(|| cannot_run(command))?;
    if !output.status.success() {
        io::stderr().write_all(&output.stdout)?;
        io::stderr().write_all(&output.stderr)?;
        bail!("{what}: `{}` failed: {}", shown(command), output.status);
    }
    say(&format!("{what}: done in {:.0} s", start.elapsed().as_secs_f64()));
    Ok(())
}

/// The stdout of a short command, trimmed.
///
/// # Errors
///
/// The command can't be started or fails.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_run(command))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}: {}", shown(command), output.status, stderr.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Becomes the command: its stdin, stdout, signals and exit status are the user's.
///
/// # Errors
///
/// Always, when it returns at all: the command could not be started.
pub(crate) fn replace(command: &mut Command) -> Result<()> {
    let error = command.exec();
    Err(error).with_context(|| cannot_run(command))
}

fn cannot_run(command: &Command) -> String {
    format!("cannot run `{}`", shown(command))
}

/// The command as one would type it, without its environment.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{read, run};

    #[test]
    fn a_failing_command_is_named_with_its_arguments() {
        let error = run(Command::new("false").arg("--argument")).unwrap_err().to_string();

        assert_eq!(error, "`false --argument` failed: exit status: 1");
    }

    #[test]
    fn a_missing_command_is_named() {
        let error = read(&mut Command::new("no-such-command")).unwrap_err().to_string();

        assert_eq!(error, "cannot run `no-such-command`");
    }
}
