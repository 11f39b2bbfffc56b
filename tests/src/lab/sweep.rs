//! What killed test runs left behind.

use std::path::Path;
use std::sync::Once;
use std::{env, fs};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{bpffs, cgroup, ip, name, namespace};

/// Sweeps when the first lab of this process is made. Another process may sweep at the same time:
/// what is already gone is no error.
pub(super) fn once() {
    static SWEPT: Once = Once::new();
    SWEPT.call_once(sweep);
}

/// Removes everything of labs whose processes are gone.
pub(crate) fn sweep() {
    // First, as these may hold processes of namespaces that nobody can name.
    cgroup::sweep();
    for leftover in leftovers(Path::new(namespace::DIRECTORY)) {
        // A namespace lives as long as a process in it: end those, all of them the dead lab's.
        let pids = ip::run(&["netns", "pids", &leftover]).unwrap_or_default();
        for pid in pids.lines().filter_map(|line| line.trim().parse().ok()) {
            let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _gone = ip::run(&["netns", "del", &leftover]);
    }
    for leftover in bpffs::namespaces().iter().filter(|name| name::is_leftover(name)) {
        bpffs::remove(&bpffs::directory(leftover));
    }
    let scratch = env::temp_dir();
    for leftover in leftovers(&scratch) {
        let _gone = fs::remove_dir_all(scratch.join(leftover));
    }
}

/// The names in `directory` that belong to labs of dead processes.
fn leftovers(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name::is_leftover(name)).collect()
}
