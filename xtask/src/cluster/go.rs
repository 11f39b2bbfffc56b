//! Programs built from pinned Go modules.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::once::{key, made_once};
use crate::{exec, tools};

/// The oldest Go that builds all modules: go.mod says so, too.
const OLDEST: (u32, u32) = (1, 26);

/// Where Go's own archive is unpacked; not in everybody's PATH.
const USUAL: &str = "/usr/local/go/bin/go";

/// A Go that is new enough.
pub(super) struct Go {
    program: PathBuf,
    /// As `go1.26.8`.
    version: String,
}

/// # Errors
///
/// There is none, or it is too old.
pub(super) fn find() -> Result<Go> {
    let (major, minor) = OLDEST;
    let wanted = format!("cluster builds Kubernetes and MetalLB with Go {major}.{minor} or newer");
    let usual = Some(PathBuf::from(USUAL)).filter(|path| path.is_file());
    let Some(program) = tools::find("go").or(usual) else {
        bail!("{wanted}: unpack it from https://go.dev/dl into /usr/local, or put it in PATH");
    };
    let mut go = Command::new(&program);
    let version = exec::read(go.args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local"))?;
    if release(&version).is_none_or(|found| found < OLDEST) {
        bail!("{wanted}, but {} is {version}: get another from https://go.dev/dl", program.display());
    }
    Ok(Go { program, version })
}

/// Of `go1.26.8` or `go1.27rc1`: 1 and 26, or 27.
fn release(version: &str) -> Option<(u32, u32)> {
    let (major, rest) = version.strip_prefix("go")?.split_once('.')?;
    let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

impl Go {
    /// Go in a module's folder, without what the user may have set for other builds.
    fn command(&self, module: &Path) -> Command {
        let mut go = Command::new(&self.program);
        go.current_dir(module).env("GOTOOLCHAIN", "local").env("GOFLAGS", "").env("GOWORK", "off");
        go.env("CGO_ENABLED", "0");
        go
    }

    /// The version of a dependency that the module pins.
    pub(super) fn version(&self, module: &Path, path: &str) -> Result<String> {
        exec::read(self.command(module).args(["list", "-m", "-f", "{{.Version}}", path]))
    }

    /// Where the sources of a dependency are, once the module was built.
    pub(super) fn sources(&self, module: &Path, path: &str) -> Result<PathBuf> {
        exec::read(self.command(module).args(["list", "-m", "-f", "{{.Dir}}", path])).map(PathBuf::from)
    }

    /// What a build of the module depends on: its own files, and this Go.
    pub(super) fn key(&self, module: &Path) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(&self.version);
        let mut files: Vec<_> = fs::read_dir(module)?.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            hash.update(fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        }
        Ok(key(hash))
    }

    /// Builds packages of the module, or its tools when there are none, into a folder, with these flags
    /// besides its own.
    pub(super) fn build(
        &self,
        what: &str,
        module: &Path,
        packages: &[&str],
        flags: &[&str],
        out: &Path,
    ) -> Result<()> {
        fs::create_dir_all(out)?;
        let tools = if packages.is_empty() {
            exec::read(self.command(module).args(["list", "tool"]))?
        } else {
            packages.join("\n")
        };
        let mut build = self.command(module);
        build.args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"]);
        build.args(flags).arg("-o").arg(out.join("")).args(tools.lines());
        exec::step(&format!("building {what}"), &mut build)
    }
}

/// The programs of Kubernetes, in a folder of the cache.
///
/// # Errors
///
/// Its modules can't be fetched or built.
pub(super) fn kubernetes(go: &Go, module: &Path) -> Result<PathBuf> {
    let name = format!("kubernetes-{}", go.key(module)?);
    made_once(&name, |out| {
        let version = go.version(module, "k8s.io/kubernetes")?;
        let mut numbers = version.trim_start_matches('v').split('.');
        let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        // Else the API server calls itself v0.0.0, and clients believe it.
        let package = "k8s.io/component-base/version";
        let flags = format!(
            "-ldflags=-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
        );
        go.build(&format!("Kubernetes {version} (once, about five minutes)"), module, &[], &[&flags], out)
    })
}

/// Prometheus, in a folder of the cache: Debian's finds no targets in Kubernetes, it is built without that.
///
/// # Errors
///
/// Its modules can't be fetched or built.
pub(super) fn prometheus(go: &Go, module: &Path) -> Result<PathBuf> {
    made_once(&format!("prometheus-{}", go.key(module)?), |out| {
        let version = go.version(module, "github.com/prometheus/prometheus")?;
        let what = format!("Prometheus {version} (once, a few minutes)");
        // Of all the clouds that it can ask for targets, the one that is there. The program is named, because Go
        // would list the module's tools with the clients of all of them.
        let program = ["github.com/prometheus/prometheus/cmd/prometheus"];
        go.build(&what, module, &program, &["-tags=remove_all_sd,enable_kubernetes_sd"], out)
    })
}

#[cfg(test)]
mod tests {
    use super::{OLDEST, release};

    #[test]
    fn a_version_of_go_is_compared_by_its_numbers() {
        for (version, enough) in [
            ("go1.26.8", true),
            ("go1.26", true),
            ("go1.27rc1", true),
            ("go2.0", true),
            ("go1.9.7", false),
            ("go1.25.10", false),
            ("devel", false),
        ] {
            assert_eq!(release(version).is_some_and(|found| found >= OLDEST), enough, "{version}");
        }
    }
}
