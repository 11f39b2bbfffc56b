//! Looking programs up by name, and the PATH that lets the lab find all of them.

use std::{
    env,
    ffi::OsString,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::paths;

/// Where Debian keeps the network tools; not in everybody's PATH.
const SYSTEM: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Programs that setup fetched for this project alone.
///
/// # Errors
///
/// There is no cache directory.
pub(crate) fn cached() -> Result<PathBuf> {
    Ok(paths::cache()?.join("bin"))
}

/// The PATH to give to the lab and its tests: the cache's programs, the user's own, the system's.
///
/// # Errors
///
/// There is no cache directory, or its name can't be part of a PATH.
pub(crate) fn path() -> Result<OsString> {
    with_first(&cached()?)
}

/// [`path`] with one more directory before the others.
///
/// # Errors
///
/// The directory's name can't be part of a PATH.
pub(crate) fn with_first(dir: &Path) -> Result<OsString> {
    env::join_paths(std::iter::once(dir.to_owned()).chain(searched()))
        .with_context(|| format!("{} can't be in PATH", dir.display()))
}

/// The program's full path, by the same search a shell would do in [`path`].
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let dirs = cached().ok().into_iter().chain(searched());
    dirs.map(|dir| dir.join(program)).find(|candidate| is_executable(candidate))
}

fn searched() -> impl Iterator<Item = PathBuf> {
    let user: Vec<_> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    let system = SYSTEM.map(PathBuf::from).into_iter().filter(|dir| !user.contains(dir)).collect::<Vec<_>>();
    user.into_iter().chain(system)
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn finds_a_program_that_every_unix_has() {
        assert!(find("sh").is_some_and(|path| path.is_absolute()));
    }

    #[test]
    fn does_not_find_what_is_not_there() {
        assert_eq!(find("no-such-command"), None);
    }
}
