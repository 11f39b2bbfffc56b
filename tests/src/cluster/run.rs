//! Commands that end, run for what they print.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Runs `command` to its end and returns its standard output.
///
/// # Errors
///
/// It can't be run, or fails: then with what it complained about.
pub(super) fn read(command: &mut Command) -> Result<String> {
    feed(command, "")
}

/// The same, with `input` on its standard input.
///
/// # Errors
///
/// As [`read`].
pub(super) fn feed(command: &mut Command, input: &str) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("run {}", shown(command)))?;
    // Dropped at once, which closes the pipe; if the program did not want it, its status tells.
    let _written = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().with_context(|| format!("wait for {}", shown(command)))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}: {}", shown(command), output.status, stderr.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
