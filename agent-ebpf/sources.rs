//! The hash that ties the committed kernel object to the sources it was built from.
//!
//! Not part of this crate: `agent/build.rs` (is the object stale?) and `xtask` (write the hash,
//! check it) both take this one file in by `#[path]`, so the two can't disagree, and neither has
//! to depend on the other. It lives beside the sources because it says which of them count.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

/// The crates compiled into the object; their versions in `Cargo.lock` are part of its sources.
const COMPILED_IN: [&str; 4] = ["aya-ebpf", "aya-ebpf-bindings", "aya-ebpf-cty", "aya-ebpf-macros"];

/// The committed object, relative to the workspace.
pub(crate) const OBJECT: &str = "agent-ebpf/object/l2witness.bpf.o";

/// One line of hex: what [`hash`] gave when [`OBJECT`] was built, relative to the workspace.
pub(crate) const RECORDED: &str = "agent-ebpf/object/sources.sha256";

/// The hash of everything the kernel object is built from, as hex.
///
/// # Errors
///
/// A source that can't be read; the message names it.
pub(crate) fn hash(workspace: &Path) -> io::Result<String> {
    let mut files = vec![PathBuf::from("agent-ebpf/Cargo.toml"), PathBuf::from("xtask/src/ebpf/build.rs")];
    collect(workspace, Path::new("agent-ebpf/src"), &mut files)?;
    files.sort();

    let mut hasher = Sha256::new();
    for file in files {
        let content = named(fs::read(workspace.join(&file)), &file)?;
        update(&mut hasher, file.to_string_lossy().as_bytes());
        update(&mut hasher, &content);
    }
    let lock = Path::new("Cargo.lock");
    for package in locked(&named(fs::read_to_string(workspace.join(lock)), lock)?) {
        update(&mut hasher, package.as_bytes());
    }
    Ok(format!("{:x}", hasher.finalize()))
}

/// Adds every `.rs` file below `dir`, as paths relative to the workspace.
fn collect(workspace: &Path, dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in named(fs::read_dir(workspace.join(dir)), dir)? {
        let entry = entry?;
        let path = dir.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(workspace, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// `name version` of each of [`COMPILED_IN`], in the lock file's own (sorted) order.
fn locked(lock: &str) -> Vec<String> {
    lock.split("[[package]]")
        .filter_map(|package| Some((field(package, "name")?, field(package, "version")?)))
        .filter(|(name, _)| COMPILED_IN.contains(name))
        .map(|(name, version)| format!("{name} {version}"))
        .collect()
}

/// The value of the line `key = "value"`.
fn field<'a>(package: &'a str, key: &str) -> Option<&'a str> {
    package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'))
}

/// Hashes the length too, so that no two lists of pieces run together to the same bytes.
fn update(hasher: &mut Sha256, piece: &[u8]) {
    hasher.update((piece.len() as u64).to_le_bytes());
    hasher.update(piece);
}

/// An I/O error alone doesn't say which file.
fn named<T>(result: io::Result<T>, path: &Path) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

// Run as tests of xtask; a build script has none.
#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf, process};

    use super::{hash, locked};

    const LOCK: &str = "[[package]]\nname = \"aya-ebpf\"\nversion = \"0.2.1\"\n\n\
                        [[package]]\nname = \"tokio\"\nversion = \"1.54.1\"\n";

    #[test]
    fn of_the_lock_file_only_what_is_compiled_in_counts() {
        assert_eq!(locked(LOCK), ["aya-ebpf 0.2.1"]);
    }

    #[test]
    fn a_new_file_and_a_changed_version_change_the_hash_and_a_note_does_not() {
        let workspace = Workspace::new();
        let before = hash(&workspace.0).unwrap();

        workspace.write("agent-ebpf/src/NOTES.md", "not compiled");
        assert_eq!(hash(&workspace.0).unwrap(), before);

        workspace.write("agent-ebpf/src/frame/arp.rs", "");
        let with_file = hash(&workspace.0).unwrap();
        assert_ne!(with_file, before);

        workspace.write("Cargo.lock", &LOCK.replace("0.2.1", "0.2.2"));
        assert_ne!(hash(&workspace.0).unwrap(), with_file);
    }

    #[test]
    fn text_moved_from_one_file_to_the_next_changes_the_hash() {
        let workspace = Workspace::new();
        workspace.write("agent-ebpf/src/a.rs", "one two");
        workspace.write("agent-ebpf/src/b.rs", "");
        let before = hash(&workspace.0).unwrap();

        workspace.write("agent-ebpf/src/a.rs", "one");
        workspace.write("agent-ebpf/src/b.rs", " two");

        assert_ne!(hash(&workspace.0).unwrap(), before);
    }

    #[test]
    fn a_missing_source_is_named() {
        let workspace = Workspace::new();
        fs::remove_file(workspace.0.join("Cargo.lock")).unwrap();

        assert!(hash(&workspace.0).unwrap_err().to_string().starts_with("Cargo.lock: "));
    }

    /// A workspace of almost nothing, removed when dropped.
    struct Workspace(PathBuf);

    impl Workspace {
        fn new() -> Self {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or_default().replace("::", "-");
            let workspace = Self(env::temp_dir().join(format!("{name}-{}", process::id())));
            workspace.write("Cargo.lock", LOCK);
            workspace.write("agent-ebpf/Cargo.toml", "");
            workspace.write("xtask/src/ebpf/build.rs", "");
            workspace.write("agent-ebpf/src/frame/mod.rs", "");
            workspace
        }

        fn write(&self, file: &str, content: &str) {
            let file = self.0.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }

    impl Drop for Workspace {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }
}
