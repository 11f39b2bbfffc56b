//! All that a cluster is made of, in one folder of the cache: links to parts that are made once.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::{
    debs, go, image,
    once::{key, made_once},
};
use crate::{paths, setup};

/// What is run while building or in a cluster, and not only in the lab.
const PROGRAMS: [(&str, &str); 3] =
    [("buildah", "buildah"), ("openssl", "openssl"), ("hostname", "hostname")];

/// # Errors
///
/// There is no such MetalLB; or something is missing, can't be fetched or built.
pub(super) fn ensure(metallb: &str) -> Result<PathBuf> {
    let modules = paths::workspace()?.join("tests/cluster");
    let metallb = modules.join(format!("metallb-{metallb}"));
    if !metallb.join("go.mod").is_file() {
        bail!("no such MetalLB; there are: {}", versions(&modules)?.join(", "));
    }
    let go = go::find()?;
    setup::lab()?;
    setup::programs(&PROGRAMS)?;

    let debian = debs::ensure()?;
    let pause = image::pause(&go, &modules.join("pause"))?;
    let kubernetes = go::kubernetes(&go, &modules.join("kubernetes"))?;
    let metallb = image::metallb(&go, &metallb)?;

    let parts = [&debian, &pause, &kubernetes, &metallb];
    let mut names = Sha256::new();
    for part in parts {
        names.update(part.as_os_str().as_encoded_bytes());
    }
    made_once(&format!("kit-{}", key(names)), |kit| {
        link(&debian.join("usr/bin"), &kit.join("bin"))?;
        link(&debian.join("usr/sbin"), &kit.join("bin"))?;
        link(&debian.join("usr/lib/cni"), &kit.join("cni"))?;
        link(&kubernetes, &kit.join("bin"))?;
        link(&pause.join("images"), &kit.join("images"))?;
        link(&metallb.join("images"), &kit.join("images"))?;
        link(&metallb.join("manifests"), &kit.join("manifests"))
    })
}

/// Links to everything in `from`, in `to`; the first of a name counts.
fn link(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = fs::canonicalize(entry.path())?;
        match symlink(&target, to.join(entry.file_name())) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => linked.with_context(|| format!("cannot link {}", target.display()))?,
        }
    }
    Ok(())
}

/// The versions of MetalLB that have a module.
fn versions(modules: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(modules).with_context(|| format!("cannot read {}", modules.display()))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut versions: Vec<_> =
        names.filter_map(|name| name.strip_prefix("metallb-").map(str::to_owned)).collect();
    versions.sort();
    Ok(versions)
}
