//! The programs, images and manifests a cluster is made of: gathered by `cargo xtask cluster`, found here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};

/// Every program that is run by its name.
const PROGRAMS: [&str; 11] = [
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
    "runc",
];

/// What a node hides under folders of its own: a kit there would not be seen.
pub(super) const HIDDEN: [&str; 3] = ["/run", "/var/lib", "/var/log"];

/// A folder with `bin/` and `cni/` (programs), `images/*.tar` (OCI archives) and `manifests/*.yaml`
/// (MetalLB's own).
#[derive(Clone, Debug)]
pub struct Kit {
    folder: PathBuf,
}

impl Kit {
    /// The image of every pod's sandbox; it does for containers that only have to be there, too.
    pub const PAUSE: &str = "l2witness.test/pause:1";

    /// # Errors
    ///
    /// Something is missing in it, or it lies where the nodes can't see it.
    pub fn open(folder: &Path) -> Result<Self> {
        let folder = fs::canonicalize(folder)
            .with_context(|| format!("no kit {}: `cargo xtask cluster up` makes it", folder.display()))?;
        ensure_visible(&folder)?;
        let kit = Self { folder };
        for program in PROGRAMS {
            let path = kit.program(program);
            ensure!(path.is_file(), "the kit has no {}: remove it, and it is made again", path.display());
            ensure_visible(&fs::canonicalize(&path)?)?;
        }
        Ok(kit)
    }

    /// The full path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Its network plugins.
    pub(super) fn cni(&self) -> PathBuf {
        self.folder.join("cni")
    }

    /// Its images: pause and MetalLB's.
    pub(super) fn images(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder.join("images");
        let entries = fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
        let mut images: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        images.sort();
        Ok(images)
    }

    /// The text of MetalLB's manifest `name`, as `metallb-native`.
    pub(super) fn manifest(&self, name: &str) -> Result<String> {
        let path = self.folder.join("manifests").join(format!("{name}.yaml"));
        fs::read_to_string(&path).with_context(|| format!("no manifest {}", path.display()))
    }

    /// A PATH with its programs first.
    pub(super) fn path(&self) -> OsString {
        let user = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.folder.join("bin")).chain(env::split_paths(&user));
        env::join_paths(folders).unwrap_or(user)
    }
}

/// # Errors
///
/// Nodes have a folder of their own in this place.
pub(super) fn ensure_visible(path: &Path) -> Result<()> {
    let hidden = HIDDEN.iter().find(|hidden| path.starts_with(hidden));
    ensure!(
        hidden.is_none(),
        "{} can't be seen by the nodes, which have their own {}: set L2WITNESS_CACHE and TMPDIR to other places",
        path.display(),
        hidden.unwrap_or(&""),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_nodes_hide_is_refused() {
        for (path, visible) in
            [("/root/.cache/x", true), ("/tmp", true), ("/run/user/0/x", false), ("/var/library", true)]
        {
            assert_eq!(ensure_visible(Path::new(path)).is_ok(), visible, "{path}");
        }
    }
}
