//! The BPF file system, where agents pin their maps and links.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use nix::mount::{MsFlags, mount};
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};

/// Where it is mounted, here as everywhere.
pub(super) const ROOT: &str = "/sys/fs/bpf";

/// What every lab's folder begins with, in front of the namespace's name.
const PREFIX: &str = "l2witness-";

/// The folder of one namespace. It has no dots: the BPF file system refuses them.
pub(super) fn directory(namespace: &str) -> PathBuf {
    Path::new(ROOT).join(format!("{PREFIX}{namespace}"))
}

/// The names of the namespaces that have a folder.
pub(super) fn namespaces() -> Vec<String> {
    let entries = fs::read_dir(ROOT).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_prefix(PREFIX)?.to_owned())).collect()
}

/// Removes a folder with everything pinned in it, if it is there.
pub(super) fn remove(directory: &Path) {
    if directory.exists()
        && let Err(error) = fs::remove_dir_all(directory)
    {
        eprintln!("{}: {error}", directory.display());
    }
}

/// Mounts it where no init system did.
pub(crate) fn ensure_mounted() -> Result<()> {
    let is_mounted = statfs(ROOT).is_ok_and(|stat| stat.filesystem_type() == BPF_FS_MAGIC);
    if is_mounted {
        return Ok(());
    }
    let nothing: Option<&str> = None;
    mount(Some("bpf"), ROOT, Some("bpf"), MsFlags::empty(), nothing).with_context(|| format!("mount {ROOT}"))
}
