//! `cargo xtask image`: the container image as an OCI archive, without a registry and without a daemon.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use anyhow::{Context as _, Result, bail};
use object::read::elf::{ElfFile64, ProgramHeader as _};

use crate::{debian, exec, exec::say, paths, tools};

/// The image's name. `localhost` is nobody's registry: an image that was not put on the node is never
/// fetched from a stranger who owns that name.
pub(crate) const NAME: &str = concat!("localhost/l2witness:", env!("CARGO_PKG_VERSION"));

/// Where the image's description is, in the workspace.
const DOCKERFILE: &str = "deploy/Dockerfile";

const PROGRAM: &str = "l2witness";

/// For the one program, not for what it is made of: so all that was compiled before is used again.
const STATIC: [&str; 4] = ["-C", "target-feature=+crt-static", "-C", "strip=debuginfo"];

/// Build the container image as an OCI archive; prints its path
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where to write it [default: l2witness-VERSION.oci.tar in cargo's target directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Cargo's profile: `release` is what users get and takes minutes, `dev` takes seconds
    #[arg(long, value_name = "PROFILE", default_value = "release")]
    profile: String,
}

/// # Errors
///
/// As [`build`].
pub(crate) fn run(Options { out, profile }: Options) -> Result<()> {
    let out = match out {
        // Relative to where the user is, not to where cargo is run.
        Some(out) => std::path::absolute(&out).with_context(|| format!("no path: {}", out.display()))?,
        None => default_archive()?,
    };
    build(&profile, &out)?;
    println!("{}", out.display());
    Ok(())
}

/// Where the archive is when nobody says otherwise.
///
/// # Errors
///
/// As [`paths::target`].
pub(crate) fn default_archive() -> Result<PathBuf> {
    Ok(paths::target()?.join(concat!("l2witness-", env!("CARGO_PKG_VERSION"), ".oci.tar")))
}

/// Builds the program with that profile, and the image [`NAME`] around it. The same program gives the same image.
///
/// # Errors
///
/// buildah is missing and can't be installed, or a build fails.
pub(crate) fn build(profile: &str, out: &Path) -> Result<()> {
    if tools::find("buildah").is_none() {
        debian::install(&["buildah"])?;
    }
    let program = static_program(PROGRAM, PROGRAM, profile)?;
    let scratch = paths::target()?.join(format!("image.{}", process::id()));
    fs::create_dir_all(scratch.join("build"))
        .with_context(|| format!("cannot create {}", scratch.display()))?;
    let archived = archive(&program, &scratch, out);
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    archived?;
    let megabytes = fs::metadata(out)?.len() as f64 / 1e6;
    say(&format!("{NAME}: {megabytes:.1} MB, for `ctr -n k8s.io images import`"));
    Ok(())
}

/// A static program of a package, built by the arguments that the Dockerfile has, too.
///
/// # Errors
///
/// It can't be built, or not as a static one.
pub(crate) fn static_program(package: &str, name: &str, profile: &str) -> Result<PathBuf> {
    let mut cargo = paths::cargo()?;
    cargo.args(arguments(package, name, profile)).arg("--").args(STATIC);
    exec::run(&mut cargo)?;
    // Cargo's one exception: the profile `dev` is in `debug`.
    let directory = if profile == "dev" { "debug" } else { profile };
    let program = paths::target()?.join(directory).join(name);
    if !is_static(&program)? {
        bail!("{} is not static, so it can't run in an empty image", program.display());
    }
    Ok(program)
}

fn arguments<'a>(package: &'a str, name: &'a str, profile: &'a str) -> [&'a str; 8] {
    ["rustc", "--locked", "--package", package, "--bin", name, "--profile", profile]
}

/// Whether it asks for no dynamic linker.
fn is_static(program: &Path) -> Result<bool> {
    let data = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let elf = ElfFile64::<object::Endianness>::parse(&*data)?;
    let mut headers = elf.elf_program_headers().iter();
    Ok(!headers.any(|header| header.p_type(elf.endian()) == object::elf::PT_INTERP))
}

/// The Dockerfile's last stage, with a folder in place of its build stage; buildah leaves out stages that nobody
/// asks for. Its storage is in `scratch`: nothing is left of it, and two builds don't collide.
fn archive(program: &Path, scratch: &Path, out: &Path) -> Result<()> {
    let stage = scratch.join("build");
    fs::copy(program, stage.join("l2witness")).context("cannot copy the program")?;
    let mut named = stage.into_os_string();
    named = [std::ffi::OsStr::new("build="), &named].into_iter().collect();

    let mut build = buildah(scratch);
    // Nothing is run while it is built, so no isolation is needed beyond the least.
    build.args(["build", "--isolation", "chroot", "--timestamp", "0", "--tag", NAME, "--build-context"]);
    build.arg(named).arg("--file").arg(paths::workspace()?.join(DOCKERFILE)).arg(scratch);
    exec::read(&mut build)?;

    // Written beside and moved: nobody ever reads half of it.
    let new = scratch.join("archive");
    exec::read(buildah(scratch).args(["push", NAME]).arg(format!("oci-archive:{}:{NAME}", new.display())))?;
    fs::rename(&new, out)
        .or_else(|_| fs::copy(&new, out).map(drop))
        .with_context(|| format!("cannot write {}", out.display()))
}

fn buildah(scratch: &Path) -> Command {
    let mut buildah = Command::new("buildah");
    buildah.env("PATH", tools::path().unwrap_or_default());
    buildah.arg("--root").arg(scratch.join("root")).arg("--runroot").arg(scratch.join("run"));
    // No other is sure to work on every file system and inside of containers.
    buildah.args(["--storage-driver", "vfs"]);
    buildah
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dockerfile_builds_the_program_by_the_same_arguments() {
        let dockerfile = fs::read_to_string(paths::workspace().unwrap().join(DOCKERFILE)).unwrap();
        let arguments = arguments(PROGRAM, PROGRAM, "release").join(" ");
        let command = format!("RUN cargo {arguments} -- {} ", STATIC.join(" "));

        assert!(dockerfile.contains(&command), "{DOCKERFILE} has no `{command}`");
    }

    #[test]
    fn a_program_with_a_dynamic_linker_is_not_static() {
        assert!(!is_static(&env::current_exe().unwrap()).unwrap());
    }
}
