//! The workspace's programs, where cargo puts them.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// The program `name` built with the same profile as the running test: in the folder of the test's
/// executable or one above it (`target/<profile>/deps` → `target/<profile>`).
///
/// # Errors
///
/// It isn't there: cargo builds another package's programs only when told to.
pub fn binary(name: &str) -> Result<PathBuf> {
    let test = env::current_exe().context("current_exe")?;
    let folders = test.ancestors().skip(1).take(2);
    let mut candidates = folders.map(|folder| folder.join(name));
    candidates
        .find(|path| path.is_file())
        .with_context(|| format!("no program {name} near {}: build it first", test.display()))
}
