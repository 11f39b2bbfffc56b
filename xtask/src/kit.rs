//! The kit that builds the kernel programs: a Rust with the sources of `core`, bpf-linker, llvm-strip.
//!
//! Rust and bpf-linker must be of one LLVM: the linker reads the compiler's bitcode.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    debian,
    exec::{self, say},
    paths, tools,
};

/// The LLVM of Debian's rustc-web 1.96 and of the bpf-linker built here.
const LLVM: &str = "22";
const LLVM_PREFIX: &str = "/usr/lib/llvm-22";
const BPF_LINKER: &str = "0.13.0";

/// Debian's Rust (1.96, its web browsers' build dependency) with the sources of `core`.
const RUST_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const LLVM_PACKAGES: [&str; 5] = ["llvm-22-dev", "libpolly-22-dev", "libzstd-dev", "zlib1g-dev", "g++"];

/// Everything needed to build the kernel programs, found.
pub(crate) struct Kit {
    /// Its `bin/cargo` and `bin/rustc` are used, never rustup's proxies: nothing has to be linked
    /// into, or changed in, the user's rustup.
    pub(crate) sysroot: PathBuf,
    /// The directory bpf-linker is in.
    pub(crate) linker: PathBuf,
    /// llvm-strip.
    pub(crate) strip: PathBuf,
}

impl Kit {
    /// The PATH to build with.
    ///
    /// # Errors
    ///
    /// The linker's directory can't be part of a PATH.
    pub(crate) fn path(&self) -> Result<OsString> {
        tools::with_first(&self.linker)
    }

    /// `rustc 1.96.0 (…)`.
    ///
    /// # Errors
    ///
    /// rustc does not run.
    pub(crate) fn rustc_version(&self) -> Result<String> {
        exec::read(Command::new(self.sysroot.join("bin/rustc")).arg("--version"))
    }
}

/// Finds the kit, installing and building what is missing.
///
/// # Errors
///
/// Something is missing and can't be had; the line says what to do by hand.
pub(crate) fn ensure() -> Result<Kit> {
    if let (Some(sysroot), Some(linker), Some(strip)) = (rust()?, linker()?, strip()) {
        say("setup: the eBPF toolchain is already there");
        return Ok(Kit { sysroot, linker, strip });
    }
    if rust()?.is_none() {
        debian::install(&RUST_PACKAGES)?;
    }
    let sysroot = rust()?.with_context(|| {
        format!("found no Rust with LLVM {LLVM} and the sources of `core`: `rustup component add rust-src --toolchain nightly`")
    })?;
    if linker()?.is_none() || strip().is_none() {
        debian::install(&LLVM_PACKAGES)?;
    }
    if linker()?.is_none() {
        build_linker()?;
    }
    let linker = linker()?.context("bpf-linker was built but does not run")?;
    let strip = strip().context("llvm-strip is in none of Debian's llvm-22 packages")?;
    Ok(Kit { sysroot, linker, strip })
}

/// The sysroot of a usable Rust: rustup's nightly if it is, else Debian's.
fn rust() -> Result<Option<PathBuf>> {
    let usable = |sysroot: PathBuf| Ok::<_, anyhow::Error>(is_usable(&sysroot)?.then_some(sysroot));
    if let Some(sysroot) = nightly()
        && let Some(sysroot) = usable(sysroot)?
    {
        return Ok(Some(sysroot));
    }
    usable(PathBuf::from("/usr"))
}

/// `rustup run` never fetches a toolchain by itself, `rustc +nightly` may.
fn nightly() -> Option<PathBuf> {
    let mut rustc = Command::new(tools::find("rustup")?);
    exec::read(rustc.args(["run", "nightly", "rustc", "--print", "sysroot"])).ok().map(PathBuf::from)
}

fn is_usable(sysroot: &Path) -> Result<bool> {
    let rustc = sysroot.join("bin/rustc");
    if !sysroot.join("lib/rustlib/src/rust/library/core").is_dir() || !sysroot.join("bin/cargo").is_file() {
        return Ok(false);
    }
    let version = exec::read(Command::new(&rustc).arg("-vV"))?;
    let llvm = version.lines().find_map(|line| line.strip_prefix("LLVM version: ")).unwrap_or("unknown");
    if llvm.split('.').next() != Some(LLVM) {
        say(&format!("setup: {} has LLVM {llvm}, not {LLVM}: not used", rustc.display()));
        return Ok(false);
    }
    Ok(true)
}

/// The directory of the cache's bpf-linker, or of the user's own of the same version.
fn linker() -> Result<Option<PathBuf>> {
    let cached = linker_root()?.join("bin");
    if cached.join("bpf-linker").is_file() {
        return Ok(Some(cached));
    }
    let Some(own) = tools::find("bpf-linker") else { return Ok(None) };
    let version = exec::read(Command::new(&own).arg("--version")).unwrap_or_default();
    let same = version.split_whitespace().any(|word| word == BPF_LINKER);
    Ok(same.then(|| own.parent().map(Path::to_owned)).flatten())
}

fn linker_root() -> Result<PathBuf> {
    Ok(paths::cache()?.join(format!("bpf-linker-{BPF_LINKER}")))
}

fn build_linker() -> Result<()> {
    if !Path::new(LLVM_PREFIX).is_dir() {
        bail!("bpf-linker {BPF_LINKER} is built against {LLVM_PREFIX}, which is not there");
    }
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["install", "bpf-linker", "--version", BPF_LINKER, "--locked", "--no-default-features"])
        .args(["--features", "llvm-22", "--root"])
        .arg(linker_root()?)
        // Both: with another llvm-config in PATH it otherwise finds no libLLVM to link.
        .env("LLVM_SYS_221_PREFIX", LLVM_PREFIX)
        .env("LLVM_PREFIX", LLVM_PREFIX)
        .env_remove("CARGO_TARGET_DIR");
    exec::step(&format!("building bpf-linker {BPF_LINKER} (once, a minute or two)"), &mut cargo)
}

fn strip() -> Option<PathBuf> {
    let prefixed = Path::new(LLVM_PREFIX).join("bin/llvm-strip");
    prefixed.is_file().then_some(prefixed).or_else(|| tools::find("llvm-strip-22"))
}
