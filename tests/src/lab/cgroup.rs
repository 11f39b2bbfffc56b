//! Control groups of a lab's own: whatever runs in them is found and ended with them, whoever started it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use walkdir::WalkDir;

use super::{name, wait};

/// How long the kernel may take to end what was killed.
const LIMIT: Duration = Duration::from_secs(20);

/// What a new group of version 1's `cpuset` lacks before it takes a process.
const CPUSET: [&str; 2] = ["cpuset.cpus", "cpuset.mems"];

/// One group with the lab's name in every hierarchy there is. Dropped, it kills the processes in it
/// and below, and removes itself.
#[derive(Debug)]
pub struct Cgroups {
    name: String,
    trees: Vec<Tree>,
}

impl Cgroups {
    pub(super) fn create(lab: &str) -> Result<Self> {
        let cgroups = Self { name: lab.to_owned(), trees: trees() };
        cgroups.add("")?;
        Ok(cgroups)
    }

    /// Makes a group below the lab's, in every hierarchy, and returns its path from their roots.
    ///
    /// # Errors
    ///
    /// A hierarchy can't be written.
    pub fn add(&self, group: &str) -> Result<String> {
        let path = format!("{}/{group}", self.name);
        for tree in &self.trees {
            let folder = tree.root.join(&path);
            fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
            if tree.root.join(CPUSET[0]).exists() {
                inherit_cpuset(&folder)?;
            }
        }
        Ok(format!("/{}", path.trim_end_matches('/')))
    }

    /// The file of version 2's hierarchy that takes the ids of the processes of a group made by
    /// [`Cgroups::add`].
    ///
    /// # Errors
    ///
    /// Version 2 is not mounted.
    pub fn procs(&self, group: &str) -> Result<PathBuf> {
        let tree = self.trees.iter().find(|tree| tree.unified).context(
            "cgroup v2 is not mounted: mount it with `mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified`",
        )?;
        Ok(tree.root.join(group.trim_start_matches('/')).join("cgroup.procs"))
    }

    /// Ends every process in the groups; none is left when this returns without error.
    ///
    /// # Errors
    ///
    /// One of them can't be ended.
    pub fn kill(&self) -> Result<()> {
        kill_all(&self.trees, &self.name)
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        if let Err(error) = self.kill().and_then(|()| remove(&self.trees, &self.name)) {
            eprintln!("cgroups {}: {error:#}", self.name);
        }
    }
}

/// Ends and removes what labs of dead processes left.
pub(super) fn sweep() {
    let trees = trees();
    let entries = trees.iter().filter_map(|tree| fs::read_dir(&tree.root).ok()).flatten().flatten();
    let names: BTreeSet<_> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name::is_leftover(name))
        .collect();
    for name in names {
        let _gone = kill_all(&trees, &name).and_then(|()| remove(&trees, &name));
    }
}

/// The hierarchies' mount points.
pub(super) fn roots() -> impl Iterator<Item = PathBuf> {
    trees().into_iter().map(|tree| tree.root)
}

/// A mounted hierarchy.
#[derive(Debug, PartialEq, Eq)]
struct Tree {
    root: PathBuf,
    /// Version 2's.
    unified: bool,
}

fn trees() -> Vec<Tree> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().filter_map(tree).collect()
}

/// Of a line of mountinfo (proc(5)).
fn tree(line: &str) -> Option<Tree> {
    let (mount, filesystem) = line.split_once(" - ")?;
    let unified = match filesystem.split(' ').next()? {
        "cgroup" => false,
        "cgroup2" => true,
        _ => return None,
    };
    Some(Tree { root: mount.split(' ').nth(4)?.into(), unified })
}

fn inherit_cpuset(folder: &Path) -> Result<()> {
    let parent = folder.parent().context("a control group has a parent")?;
    for file in CPUSET {
        let value = fs::read_to_string(parent.join(file)).with_context(|| format!("read {file}"))?;
        fs::write(folder.join(file), value).with_context(|| format!("write {file}"))?;
    }
    Ok(())
}

fn kill_all(trees: &[Tree], name: &str) -> Result<()> {
    wait::until(LIMIT, || {
        let pids = processes(trees, name);
        for pid in &pids {
            let _gone = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        Ok(pids.is_empty().then_some(()))
    })
    .with_context(|| format!("processes {:?} do not end", processes(trees, name)))
}

fn processes(trees: &[Tree], name: &str) -> BTreeSet<i32> {
    let groups = trees.iter().flat_map(|tree| WalkDir::new(tree.root.join(name))).flatten();
    let files = groups.filter(|entry| entry.file_name() == "cgroup.procs");
    let texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
    // A process of another process id namespace reads as 0.
    texts
        .flat_map(|text| text.lines().flat_map(str::parse).filter(|pid| *pid > 0).collect::<Vec<_>>())
        .collect()
}

fn remove(trees: &[Tree], name: &str) -> Result<()> {
    for tree in trees {
        let top = tree.root.join(name);
        let removed = wait::until(LIMIT, || {
            for group in WalkDir::new(&top).contents_first(true).into_iter().flatten() {
                if group.file_type().is_dir() {
                    // Busy for a moment after its last process.
                    let _busy = fs::remove_dir(group.path());
                }
            }
            Ok((!top.exists()).then_some(()))
        });
        removed.with_context(|| format!("{} can't be removed", top.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_of_both_versions_are_found_and_nothing_else() {
        for (line, expected) in [
            (
                "38 31 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
                Some(Tree { root: "/sys/fs/cgroup/unified".into(), unified: true }),
            ),
            (
                "32 31 0:29 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu",
                Some(Tree { root: "/sys/fs/cgroup/cpu".into(), unified: false }),
            ),
            ("31 24 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755", None),
            ("", None),
        ] {
            assert_eq!(tree(line), expected, "{line}");
        }
    }
}
