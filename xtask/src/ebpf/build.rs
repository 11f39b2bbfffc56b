//! One build of the kernel programs, the same bytes wherever it happens.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    exec::{self, say},
    kit::Kit,
    paths,
};

const TARGET: &str = "bpfel-unknown-none";

/// Line numbers for the verifier's log: more bytes than all the rest.
const LINES: [&str; 2] = [".BTF.ext", ".rel.BTF.ext"];
/// memcpy and the like, which the linker adds and the programs don't call, unless they log: what they do call
/// is in sections of its own.
const BUILTINS: &str = ".text";

/// The workspace's release profile is for the agent: small, and stripped before the linker could
/// turn debug info into BTF.
const PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "2"),
    // bpf-linker links all bitcode into one module anyway.
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
];

/// Builds the object with BTF and without debug info, and writes it to `out`.
///
/// # Errors
///
/// The build fails, or `out` can't be written.
pub(super) fn object(kit: &Kit, workspace: &Path, features: &str, out: &Path) -> Result<()> {
    let target = target()?;
    let mut build = cargo(kit, workspace, "build", &target);
    build
        .args(["-Z", "build-std=core", "--bin", "l2witness", "--features", features])
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(kit, workspace)?)
        .env("PATH", kit.path()?)
        .envs(PROFILE);
    say(&format!("building the kernel programs ({features}) with {}", kit.rustc_version()?));
    exec::run(&mut build)?;

    if let Some(dir) = out.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    let linked = target.join(TARGET).join("release/l2witness");
    let mut unused = LINES.to_vec();
    if features == super::PROGRAMS {
        unused.push(BUILTINS);
    }
    let mut strip = Command::new(&kit.strip);
    exec::read(
        strip
            .arg("--strip-debug")
            .args(unused.iter().map(|name| format!("--remove-section={name}")))
            .arg("-o")
            .arg(out)
            .arg(&linked),
    )?;
    let size = fs::metadata(out)?.len();
    say(&format!("wrote {} ({size} bytes)", paths::short(out, workspace)));
    Ok(())
}

/// Forgets what was built of our own sources: cargo does not see that bpf-linker is another one now.
///
/// # Errors
///
/// cargo fails.
pub(super) fn forget(kit: &Kit, workspace: &Path) -> Result<()> {
    exec::run(cargo(kit, workspace, "clean", &target()?).arg("--quiet"))
}

/// The kit's cargo, on the kernel programs.
fn cargo(kit: &Kit, workspace: &Path, command: &str, target: &Path) -> Command {
    let bin = kit.sysroot.join("bin");
    let mut cargo = Command::new(bin.join("cargo"));
    cargo
        .current_dir(workspace)
        .args([command, "--package", "l2witness-ebpf", "--release", "--target", TARGET, "--target-dir"])
        .arg(target)
        .env("RUSTC", bin.join("rustc"))
        // aya-ebpf and build-std use unstable features of whatever Rust this is.
        .env("RUSTC_BOOTSTRAP", "1");
    // Left by the cargo and rustup that run us; they speak of another Rust.
    for variable in ["CARGO_BUILD_TARGET", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN"] {
        cargo.env_remove(variable);
    }
    cargo
}

/// Its own target directory: the outer cargo may hold the lock of the usual one.
fn target() -> Result<PathBuf> {
    Ok(paths::target()?.join("ebpf"))
}

/// What aya-build passes, plus names for the directories of this machine: BTF quotes paths.
fn rustflags(kit: &Kit, workspace: &Path) -> Result<String> {
    let mut flags = vec![
        // The programs read no CPU registers, so one object serves every architecture.
        String::from("--cfg=bpf_target_arch=\"x86_64\""),
        String::from("-Cdebuginfo=2"),
        String::from("-Clink-arg=--btf"),
    ];
    let mut rename = |dir: &Path, name| flags.push(format!("--remap-path-prefix={}={name}", dir.display()));
    // The last that matches wins: the workspace may lie inside any of the others.
    rename(&kit.sysroot, "/rust");
    let registries = cargo_home()?.join("registry/src");
    rename(&registries, "/crates");
    for registry in fs::read_dir(&registries).into_iter().flatten().flatten() {
        rename(&registry.path(), "/crates");
    }
    rename(workspace, "/l2witness");
    Ok(flags.join("\x1f"))
}

fn cargo_home() -> Result<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set")
}
