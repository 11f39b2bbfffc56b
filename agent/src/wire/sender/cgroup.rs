//! From a cgroup v2 id to a container or a systemd unit.

use std::{
    fs,
    path::{Path, PathBuf},
};

use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use walkdir::WalkDir;

use crate::evidence::Named;

/// Deep enough for a pod's container below kubelet's slices, or inside a nested container runtime.
const MAX_DEPTH: usize = 12;

/// The id of the root cgroup, in which nobody is told from anybody.
const ROOT: u64 = 1;

/// Where the cgroup v2 hierarchy is mounted: `/sys/fs/cgroup`, or `…/unified` beside v1.
#[derive(Debug)]
pub(super) struct Tree(PathBuf);

impl Tree {
    /// The one at `directory` or in its `unified`, whichever is cgroup v2; without a directory the first mounted.
    ///
    /// A container's own mount shows only its own cgroup, so a pod is given the node's tree at another place.
    pub(super) fn find(directory: Option<&Path>) -> Option<Self> {
        if let Some(directory) = directory {
            return [directory.to_owned(), directory.join("unified")].into_iter().find(is_cgroup2).map(Self);
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        mounts.lines().find_map(mount_point).map(Self)
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    /// The cgroup with that id, which is its directory's inode number.
    pub(super) fn cgroup(&self, id: u64) -> Option<Cgroup> {
        if id <= ROOT {
            return None;
        }
        let entry = WalkDir::new(&self.0)
            .max_depth(MAX_DEPTH)
            .into_iter()
            .filter_entry(|entry| entry.file_type().is_dir())
            .filter_map(Result::ok)
            .find(|entry| walkdir::DirEntryExt::ino(entry) == id)?;
        let (name, by) = name_of(entry.path().strip_prefix(&self.0).ok()?)?;
        Some(Cgroup { name, by, process: first_process(entry.path()) })
    }
}

/// A cgroup that is known by name.
#[derive(Debug)]
pub(super) struct Cgroup {
    pub(super) name: String,
    pub(super) by: Named,
    /// Id and name of its first process, where they can be seen from here.
    pub(super) process: Option<(u32, String)>,
}

/// Processes of other PID namespaces show as 0.
fn first_process(cgroup: &Path) -> Option<(u32, String)> {
    let processes = fs::read_to_string(cgroup.join("cgroup.procs")).ok()?;
    let pid: u32 = processes.lines().next()?.parse().ok().filter(|pid| *pid != 0)?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some((pid, name.trim_end().to_owned()))
}

fn is_cgroup2(path: &PathBuf) -> bool {
    statfs(path).is_ok_and(|found| found.filesystem_type() == CGROUP2_SUPER_MAGIC)
}

/// The mount point of a line of mountinfo, if its file system is cgroup2 (proc(5)).
fn mount_point(line: &str) -> Option<PathBuf> {
    let (mount, filesystem) = line.split_once(" - ")?;
    filesystem.starts_with("cgroup2 ").then(|| mount.split(' ').nth(4).map(PathBuf::from))?
}

/// A container's id anywhere in the path, else the last systemd unit, else the path itself.
fn name_of(path: &Path) -> Option<(String, Named)> {
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    if let Some(id) = parts.iter().rev().find_map(|part| container_id(part)) {
        return Some((id.to_owned(), Named::Container));
    }
    // A unit inside a user's session matters more than the session's slice above it.
    if let Some(unit) = parts.iter().rev().find(|part| is_unit(part)) {
        return Some(((*unit).to_owned(), Named::Unit));
    }
    let last = parts.last()?;
    Some(((*last).to_owned(), Named::Cgroup))
}

/// A systemd unit that holds processes; slices hold only units.
fn is_unit(part: &str) -> bool {
    matches!(part.rsplit_once('.'), Some((_, "service" | "scope")))
}

/// 64 hexadecimal digits, alone or as in `cri-containerd-<id>.scope`, `docker-<id>.scope`, `crio-<id>`.
fn container_id(part: &str) -> Option<&str> {
    let bare = part.strip_suffix(".scope").unwrap_or(part);
    let id = bare.rsplit(['-', ':']).next()?;
    (id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3f1a9c5e7b2d4f60819a3c5e7f90123456789abcdef0123456789abcdef01234";

    #[test]
    fn paths_of_runtimes_and_systemd_give_the_names_people_know() {
        let table = [
            (format!("kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope"), ID, Named::Container),
            (format!("kubepods/besteffort/pod1/{ID}"), ID, Named::Container),
            (format!("k8s.io/{ID}"), ID, Named::Container),
            (format!("system.slice/docker-{ID}.scope"), ID, Named::Container),
            (format!("system.slice/containerd.service/kubepods:cri-containerd:{ID}"), ID, Named::Container),
            (format!("machine.slice/crio-{ID}.scope/container"), ID, Named::Container),
            ("system.slice/keepalived.service".into(), "keepalived.service", Named::Unit),
            ("user.slice/user-0.slice/session-3.scope".into(), "session-3.scope", Named::Unit),
            ("lab/n1".into(), "n1", Named::Cgroup),
        ];
        for (path, name, by) in table {
            assert_eq!(name_of(Path::new(&path)), Some((name.to_owned(), by)), "{path}");
        }
        assert_eq!(name_of(Path::new("")), None);
    }

    #[test]
    fn only_a_cgroup2_mount_counts() {
        let unified = "31 24 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";
        assert_eq!(mount_point(unified), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mount_point("32 24 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu"), None);
        assert_eq!(mount_point("garbage"), None);
    }

    #[test]
    fn the_tree_is_the_given_directory_or_its_unified_one() {
        assert!(Tree::find(Some(Path::new("/proc"))).is_none());
        // Where this machine has a tree at all.
        let Some(mounted) = Tree::find(None) else { return };
        assert_eq!(Tree::find(Some(mounted.root())).unwrap().root(), mounted.root());
        if mounted.root().ends_with("unified") {
            let above = mounted.root().parent().unwrap();
            assert_eq!(Tree::find(Some(above)).unwrap().root(), mounted.root());
        }
    }
}
