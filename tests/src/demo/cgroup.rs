//! A cgroup for each speaker, named as a systemd unit: by it an agent names who answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::time::Duration;

use crate::lab::until;

/// The unit every speaker seems to be.
const UNIT: &str = "lab-speaker.service";

/// What the folders begin with, in front of the demo's process id.
const PREFIX: &str = "l2w-demo-";

/// How long the kernel may take to see that a cgroup is empty.
const LIMIT: Duration = Duration::from_secs(1);

/// A cgroup that goes with the value, which must outlive the processes in it.
#[derive(Debug)]
pub(super) struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    /// One for the speaker of `node`; `None` where there is no cgroup v2 tree or it can't be written.
    pub(super) fn create(node: &str) -> Option<Self> {
        let tree = tree()?;
        sweep(&tree);
        let cgroup = Self { folder: tree.join(format!("{PREFIX}{}-{node}", process::id())) };
        fs::create_dir_all(cgroup.unit()).ok()?;
        // A tree may be writable and yet take no process, as a threaded one.
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo $$ > \"$0\""]).arg(cgroup.procs()).stderr(Stdio::null());
        shell.status().is_ok_and(|status| status.success()).then_some(cgroup)
    }

    /// The file that takes the ids of its processes.
    pub(super) fn procs(&self) -> PathBuf {
        self.unit().join("cgroup.procs")
    }

    fn unit(&self) -> PathBuf {
        self.folder.join(UNIT)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let removed = until(LIMIT, || Ok(fs::remove_dir(self.unit()).ok()));
        if removed.is_err() || fs::remove_dir(&self.folder).is_err() {
            eprintln!("{} could not be removed", self.folder.display());
        }
    }
}

/// Where cgroup v2 is mounted (proc(5), mountinfo).
fn tree() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounts.lines().find_map(mount_point)
}

fn mount_point(line: &str) -> Option<PathBuf> {
    let (mount, filesystem) = line.split_once(" - ")?;
    filesystem.starts_with("cgroup2 ").then(|| mount.split(' ').nth(4).map(PathBuf::from))?
}

/// Removes what killed demos left. Only empty cgroups can be removed at all.
fn sweep(tree: &Path) {
    for entry in fs::read_dir(tree).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().and_then(owner).is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _busy = fs::remove_dir(entry.path().join(UNIT)).and_then(|()| fs::remove_dir(entry.path()));
        }
    }
}

/// The process that made the folder of this name.
fn owner(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_demos_folder_has_an_owner() {
        for (name, expected) in
            [("l2w-demo-12-n1", Some(12)), ("l2w-demo-n1", None), ("system.slice", None), ("", None)]
        {
            assert_eq!(owner(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_cgroup2_mount_is_found_beside_version_1() {
        let unified = "38 31 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";
        assert_eq!(mount_point(unified), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mount_point("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu"), None);
    }
}
