//! `cargo xtask setup`: what the lab, and on request the kernel build, need on this machine.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};
use nix::{
    mount::{MsFlags, mount},
    sys::statfs::{BPF_FS_MAGIC, statfs},
    unistd::Uid,
};

use crate::{debian, exec::say, kit, tools};

/// What the lab runs, and the Debian package it comes in.
const LAB: [(&str, &str); 9] = [
    ("ip", "iproute2"),
    ("tc", "iproute2"),
    ("bridge", "iproute2"),
    ("arping", "arping"),
    ("ndisc6", "ndisc6"),
    ("tcpdump", "tcpdump"),
    ("nft", "nftables"),
    ("ethtool", "ethtool"),
    ("jq", "jq"),
];

/// The one thing the lab needs that is no program.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What draws pages, and takes apart what it prints.
const BROWSER: [(&str, &str); 2] = [("chromium", "chromium"), ("pdftotext", "poppler-utils")];

/// Without any font a browser draws no text.
const FONT: (&str, &str) = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core");

const BPFFS: &str = "/sys/fs/bpf";

/// Prepare this machine for the lab; does nothing when all is there
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Also the toolchain that builds the kernel programs
    #[arg(long)]
    ebpf: bool,
}

/// # Errors
///
/// Something is missing and can't be installed; the line says what to do by hand.
pub(crate) fn run(options: &Options) -> Result<()> {
    lab()?;
    if options.ebpf {
        kit::ensure()?;
    }
    Ok(())
}

/// The lab's tools, promtool, and a bpffs to pin maps in.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn lab() -> Result<()> {
    let done = [packages()?, promtool()?, bpffs()?];
    if !done.contains(&true) {
        say("setup: the lab's tools, promtool and bpffs are already there");
    }
    Ok(())
}

/// Whether anything had to be installed. Looks for the programs, not for the packages: another
/// distribution's `ip` is as good.
fn packages() -> Result<bool> {
    let mut missing = missing(&LAB);
    if !Path::new(CERTIFICATES).exists() {
        missing.push("ca-certificates");
    }
    missing.dedup();
    if missing.is_empty() {
        return habets_arping().map(|()| false);
    }
    debian::install(&missing)?;
    Ok(true)
}

/// A browser for the tests that look at pages.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn browser() -> Result<()> {
    let mut missing = missing(&BROWSER);
    let (font, package) = FONT;
    if !Path::new(font).exists() {
        missing.push(package);
    }
    if missing.is_empty() { Ok(()) } else { debian::install(&missing) }
}

/// Installs those of these programs, each with its package, that are missing.
///
/// # Errors
///
/// They can't be installed; the line says what to do by hand.
pub(crate) fn programs(programs: &[(&str, &str)]) -> Result<()> {
    let missing = missing(programs);
    if missing.is_empty() { Ok(()) } else { debian::install(&missing) }
}

fn missing<'a>(programs: &[(&str, &'a str)]) -> Vec<&'a str> {
    let missing = programs.iter().filter(|(program, _)| tools::find(program).is_none());
    missing.map(|(_, package)| *package).collect()
}

/// Two programs go by the name of arping, and their packages exclude each other. Whose it is shall
/// not be found out in the middle of a demo; and another's package is not ours to remove.
fn habets_arping() -> Result<()> {
    let arping = tools::find("arping").context("arping is missing")?;
    let said = Command::new(&arping).arg("--help").output()?;
    if !String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).contains("Habets") {
        bail!(
            "{} is not Thomas Habets' arping, which the lab needs: Debian's package arping",
            arping.display()
        );
    }
    Ok(())
}

fn promtool() -> Result<bool> {
    if tools::find("promtool").is_some() {
        return Ok(false);
    }
    debian::extract("prometheus", "promtool")?;
    Ok(true)
}

fn bpffs() -> Result<bool> {
    if statfs(BPFFS).is_ok_and(|found| found.filesystem_type() == BPF_FS_MAGIC) {
        return Ok(false);
    }
    if !Uid::effective().is_root() {
        bail!("no bpffs on {BPFFS}: run `mount -t bpf bpf {BPFFS}` as root");
    }
    fs::create_dir_all(BPFFS).with_context(|| format!("cannot create {BPFFS}"))?;
    mount(Some("bpf"), BPFFS, Some("bpf"), MsFlags::empty(), None::<&str>)
        .with_context(|| format!("cannot mount bpffs on {BPFFS}"))?;
    say(&format!("setup: mounted bpffs on {BPFFS}"));
    Ok(true)
}
