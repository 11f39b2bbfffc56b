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
    let mut files = vec![PathBuf::from("agent-ebpf/Cargo.toml")];
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
