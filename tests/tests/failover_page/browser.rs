//! Debian's Chromium without a screen: what it draws of a page, and where.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// What `measure.js` found.
#[derive(Debug, Deserialize)]
pub(crate) struct Measured {
    /// Pieces of text.
    pub(crate) texts: usize,
    /// What overlaps or is cut off.
    pub(crate) problems: Vec<String>,
    /// Of the window, pixels.
    pub(crate) width: u32,
}

/// Draws the page in a window so wide, and measures its text.
pub(crate) fn measure(page: &str, width: u32) -> Result<Measured> {
    let scratch = tempfile::tempdir()?;
    let (head, tail) = page.rsplit_once("</body>").context("no body")?;
    let measuring = format!("{head}<script>{}</script></body>{tail}", include_str!("measure.js"));
    let file = scratch.path().join("page.html");
    fs::write(&file, measuring)?;
    let window = format!("--window-size={width},1200");
    let output = chromium(scratch.path(), &file, &[&window, "--virtual-time-budget=5000", "--dump-dom"])?;
    let drawn = String::from_utf8_lossy(&output.stdout);
    let told = drawn.split("id=\"measured\">").nth(1).and_then(|rest| rest.split("</script>").next());
    let told =
        told.with_context(|| format!("nothing was measured: {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(serde_json::from_str(told)?)
}

/// A picture of the page, as PNG.
pub(crate) fn screenshot(page: &Path, width: u32, height: u32, to: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let window = format!("--window-size={width},{height}");
    chromium(scratch.path(), page, &[&window, &format!("--screenshot={}", to.display())])?;
    if to.is_file() { Ok(()) } else { bail!("{} was not drawn", to.display()) }
}

/// The page on paper, as PDF.
pub(crate) fn print(page: &Path, to: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let pdf = format!("--print-to-pdf={}", to.display());
    chromium(scratch.path(), page, &["--no-pdf-header-footer", &pdf])?;
    if to.is_file() { Ok(()) } else { bail!("{} was not printed", to.display()) }
}

fn chromium(profile: &Path, page: &Path, args: &[&str]) -> Result<Output> {
    let mut command = Command::new("chromium");
    // Root gets no sandbox from Chromium; the page is our own.
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]);
    command.arg(format!("--user-data-dir={}", profile.join("profile").display())).args(args);
    command.arg(format!("file://{}", page.display()));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("chromium is not on the PATH: `cargo xtask test` brings it")?;
    let started = Instant::now();
    // What it prints is read beside, or it would wait for that.
    let (mut stdout, mut stderr) =
        (child.stdout.take().context("stdout")?, child.stderr.take().context("stderr")?);
    let out = thread::spawn(move || read(&mut stdout));
    let err = thread::spawn(move || read(&mut stderr));
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > Duration::from_secs(120) {
            child.kill()?;
            child.wait()?;
            bail!("chromium did not end within two minutes");
        }
        thread::sleep(Duration::from_millis(20));
    };
    let stdout = out.join().unwrap_or_default();
    let stderr = err.join().unwrap_or_default();
    if !status.success() {
        bail!("chromium: {status}: {}", String::from_utf8_lossy(&stderr));
    }
    Ok(Output { status, stdout, stderr })
}

fn read(from: &mut impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read until an error is what there is.
    let _ = from.read_to_end(&mut bytes);
    bytes
}
