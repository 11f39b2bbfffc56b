//! The programs that Debian has: unpacked into the cache, never installed, so that no daemon starts.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::once::made_once;
use crate::debian;

const PACKAGES: [&str; 4] = ["containerd", "containernetworking-plugins", "etcd-server", "runc"];

/// Of those packages: what stands for all that a cluster and its scenarios run.
const FILES: [&str; 5] =
    ["usr/bin/containerd", "usr/lib/cni/ptp", "usr/bin/etcd", "usr/bin/ctr", "usr/sbin/runc"];

/// # Errors
///
/// Neither Debian nor Ubuntu, or apt-get fails.
pub(super) fn ensure() -> Result<PathBuf> {
    made_once("debian", |folder| {
        debian::unpack(&PACKAGES, folder)?;
        for file in FILES {
            let path = folder.join(file);
            path.metadata().with_context(|| format!("Debian's packages have no {file}"))?;
        }
        Ok(())
    })
}
