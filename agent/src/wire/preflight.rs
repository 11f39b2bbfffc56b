//! What the programs need of the node, checked before anything is touched.

use std::path::{Path, PathBuf};

use caps::{CapSet, Capability};
use nix::sys::{
    resource::{RLIM_INFINITY, Resource, setrlimit},
    statfs::{BPF_FS_MAGIC, statfs},
};

/// Something is missing; each message names it and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// A capability.
    #[error("missing capability {0:?}: {1}")]
    Capability(Capability, &'static str),
    /// bpffs.
    #[error(
        "{0} is not on a bpf file system: mount it (mount -t bpf bpf /sys/fs/bpf) or, in a pod, give it by hostPath"
    )]
    Bpffs(PathBuf),
}

/// Whether this process has the capability.
pub(super) fn has(capability: Capability) -> bool {
    caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false)
}

/// The capabilities that are needed and not there, each with what to do.
pub(super) fn capabilities() -> Vec<Missing> {
    let mut missing = Vec::new();
    // Before kernel 5.8 CAP_SYS_ADMIN stood for CAP_BPF, and it still does.
    if !has(Capability::CAP_BPF) && !has(Capability::CAP_SYS_ADMIN) {
        let why = "needed to load the programs; run as root or add BPF";
        missing.push(Missing::Capability(Capability::CAP_BPF, why));
    }
    if !has(Capability::CAP_NET_ADMIN) {
        let why = "needed to attach to interfaces; run as root or add NET_ADMIN";
        missing.push(Missing::Capability(Capability::CAP_NET_ADMIN, why));
    }
    missing
}

/// Whether this process may ask on the wire.
///
/// # Errors
/// The capability that is missing.
pub fn may_ask() -> Result<(), Missing> {
    if has(Capability::CAP_NET_RAW) {
        return Ok(());
    }
    let why = "needed to ask on the wire; run as root on a host of the segment that does not answer itself";
    Err(Missing::Capability(Capability::CAP_NET_RAW, why))
}

/// Checks capabilities and bpffs, and lifts the limit on locked memory for kernels before 5.11.
///
/// # Errors
/// The first thing that is missing.
pub fn preflight(pin_dir: &Path) -> Result<(), Missing> {
    if let Some(missing) = capabilities().into_iter().next() {
        return Err(missing);
    }
    // Fails without CAP_SYS_RESOURCE, which nobody needs from 5.11 on: there the maps are not charged to it.
    let _ = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
    bpffs(pin_dir)
}

/// Whether the directory is, or would be, on a bpf file system.
pub(super) fn bpffs(pin_dir: &Path) -> Result<(), Missing> {
    let existing = pin_dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match statfs(existing) {
        Ok(stat) if stat.filesystem_type() == BPF_FS_MAGIC => Ok(()),
        _ => Err(Missing::Bpffs(pin_dir.to_owned())),
    }
}
