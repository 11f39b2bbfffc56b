//! What the node must have: kernel, capabilities, bpffs, locked memory.

use std::path::Path;

use aya::util::KernelVersion;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

use super::{Check, Status};
use crate::wire::{Missing, preflight};

/// Ring buffer and `CAP_BPF`.
const NEEDED: KernelVersion = KernelVersion::new(5, 8, 0);
/// TCX.
const WANTED: KernelVersion = KernelVersion::new(6, 6, 0);
/// Maps are no longer charged to locked memory.
const UNCHARGED: KernelVersion = KernelVersion::new(5, 11, 0);

pub(super) fn checks(pin_dir: &Path) -> Vec<Check> {
    let kernel = KernelVersion::current().ok();
    vec![kernel_version(kernel), capabilities(), locked_memory(kernel), bpffs(pin_dir)]
}

fn kernel_version(kernel: Option<KernelVersion>) -> Check {
    let name = "kernel";
    match kernel {
        None => Check::new(name, Status::Warning, "its version can't be read; 5.8 is the oldest that works"),
        Some(version) if version < NEEDED => Check::new(
            name,
            Status::Missing,
            format!("{version} is older than 5.8: no ring buffer; upgrade the node"),
        ),
        Some(version) if version < WANTED => Check::new(
            name,
            Status::Warning,
            format!(
                "{version} has no TCX (6.6): a clsact filter is used, which programs with TCX run before"
            ),
        ),
        Some(version) => Check::new(name, Status::Ok, format!("{version} has TCX")),
    }
}

fn capabilities() -> Check {
    let name = |missing: Missing| match missing {
        Missing::Capability(capability, _) => format!("{capability:?}"),
        other @ Missing::Bpffs(_) => other.to_string(),
    };
    let missing: Vec<String> = preflight::capabilities().into_iter().map(name).collect();
    if missing.is_empty() {
        return Check::new("capabilities", Status::Ok, "CAP_BPF and CAP_NET_ADMIN are there");
    }
    let detail =
        format!("{} missing: run as root, or add to the container's capabilities", missing.join(" and "));
    Check::new("capabilities", Status::Missing, detail)
}

fn locked_memory(kernel: Option<KernelVersion>) -> Check {
    let name = "locked memory";
    if kernel.is_some_and(|version| version >= UNCHARGED) {
        return Check::new(name, Status::Ok, "this kernel does not charge maps to it");
    }
    match getrlimit(Resource::RLIMIT_MEMLOCK) {
        Ok((soft, _)) if soft == RLIM_INFINITY => Check::new(name, Status::Ok, "unlimited"),
        Ok((soft, _)) => Check::new(
            name,
            Status::Warning,
            format!("limited to {soft} bytes: add CAP_SYS_RESOURCE or raise RLIMIT_MEMLOCK if loading fails"),
        ),
        Err(error) => Check::new(name, Status::Warning, error.to_string()),
    }
}

fn bpffs(pin_dir: &Path) -> Check {
    match preflight::bpffs(pin_dir) {
        Ok(()) => Check::new("bpffs", Status::Ok, format!("{} is on one", pin_dir.display())),
        Err(missing) => Check::new("bpffs", Status::Missing, missing.to_string()),
    }
}
