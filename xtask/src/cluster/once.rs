//! Parts of the cache that take minutes to make, and are made once.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::paths;

/// The folder `name` of the cache, filled by `make` if it isn't there yet: whole or not at all, also
/// when several make it at once.
///
/// # Errors
///
/// `make` failed, or the cache can't be written.
pub(super) fn made_once(name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let cache = paths::cache()?.join("cluster");
    let folder = cache.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    let fresh = cache.join(format!(".{name}.{}", process::id()));
    fs::create_dir_all(&fresh).with_context(|| format!("cannot create {}", fresh.display()))?;
    let result = make(&fresh).and_then(|()| match fs::rename(&fresh, &folder) {
        // Somebody else was faster, with the same.
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        renamed => renamed.with_context(|| format!("cannot write {}", folder.display())),
    });
    if fresh.exists() {
        fs::remove_dir_all(&fresh).with_context(|| format!("cannot remove {}", fresh.display()))?;
    }
    result.map(|()| folder)
}

/// Enough of a hash to tell what was made of what.
pub(super) fn key(hash: Sha256) -> String {
    let start = hash.finalize().into_iter().take(6);
    start.fold(String::new(), |key, byte| format!("{key}{byte:02x}"))
}
