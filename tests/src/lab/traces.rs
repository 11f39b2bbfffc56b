//! What there is of a lab on the machine.

use std::path::{Path, PathBuf};
use std::{env, fs};

use super::{bpffs, cgroup, namespace};

/// Everything that is called by the name of a lab: namespaces, control groups, pinned objects,
/// folders; and processes that are in such a control group or were started with such a file.
/// Empty when the lab has gone.
pub fn traces(lab: &str) -> Vec<PathBuf> {
    let places = [PathBuf::from(namespace::DIRECTORY), bpffs::ROOT.into(), env::temp_dir()];
    let things = places.into_iter().chain(cgroup::roots()).flat_map(|place| entries(&place));
    let things =
        things.filter(|path| path.file_name().is_some_and(|name| is_of(&name.to_string_lossy(), lab)));
    let processes = entries(Path::new("/proc")).into_iter().filter(|process| runs_for(process, lab));
    things.chain(processes).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Whether one of the words in `text` is the lab's name, alone or with more of its own.
fn is_of(text: &str, lab: &str) -> bool {
    text.match_indices(lab).any(|(at, _)| !text[at + lab.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

/// Dead processes that nobody has collected yet have no command line.
fn runs_for(process: &Path, lab: &str) -> bool {
    let read = |file| fs::read(process.join(file)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let command = read("cmdline").unwrap_or_default();
    !command.is_empty() && (is_of(&command, lab) || is_of(&read("cgroup").unwrap_or_default(), lab))
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn a_longer_number_is_another_lab() {
        for (text, expected) in [
            ("l2w-1-2-3", true),
            ("l2w-1-2-3-n1", true),
            ("0::/l2w-1-2-3/n1/pods", true),
            ("/tmp/l2w-1-2-34-x /tmp/l2w-1-2-3-x", true),
            ("l2w-1-2-34", false),
            ("l2w-1-2", false),
        ] {
            assert_eq!(is_of(text, "l2w-1-2-3"), expected, "{text}");
        }
    }
}
