//! iproute2's `ip`, run for its effect or for its JSON.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::de::DeserializeOwned;

/// Runs `ip` with `args` and returns what it printed.
pub(super) fn run(args: &[&str]) -> Result<String> {
    let output = Command::new("ip").args(args).output().context("run ip: is iproute2 installed?")?;
    success(&format!("ip {}", args.join(" ")), &output)
}

/// Runs `ip -json` with `args` in the namespace `name`.
pub(super) fn json<T: DeserializeOwned>(name: &str, args: &[&str]) -> Result<T> {
    let text = run(&[&["-json", "-netns", name], args].concat())?;
    // Nothing found is an empty output in some versions, and an empty list in others.
    let text = if text.trim().is_empty() { "[]" } else { &text };
    serde_json::from_str(text).with_context(|| format!("ip -json {}: {text}", args.join(" ")))
}

/// Runs one `ip` for all `lines`, each a command, in the namespace `name`.
pub(super) fn batch(name: &str, lines: &str) -> Result<()> {
    feed(Command::new("ip").args(["-netns", name, "-batch", "-"]), lines)
}

/// Runs `command` with `input` on its standard input, to its end.
pub(super) fn feed(command: &mut Command, input: &str) -> Result<()> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("run {command:?}"))?;
    // Dropping it closes the pipe; if the program refused to read, its own message says why.
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().with_context(|| format!("wait for {command:?}"))?;
    success(&format!("{command:?} with {input:?}"), &output)?;
    written.transpose().context("write its input").map(drop)
}

fn success(what: &str, output: &Output) -> Result<String> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{what}: {} {}", output.status, stderr.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
