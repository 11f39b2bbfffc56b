//! The files below `deploy/kustomize`, and the way into a YAML document.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_norway::Value;

/// One object and the text it was read from.
pub(crate) struct Manifest {
    /// For messages.
    pub(crate) path: String,
    pub(crate) object: Value,
    pub(crate) source: String,
}

/// `deploy/kustomize`.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kustomize")
}

/// Every file whose name ends so.
pub(crate) fn files(end: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Every object that is no kustomization.
pub(crate) fn manifests() -> Result<Vec<Manifest>> {
    let files = files(".yaml")?.into_iter().filter(|path| !path.ends_with("kustomization.yaml"));
    files.map(|path| read(&path)).collect()
}

/// The agent's `DaemonSet`.
pub(crate) fn daemonset() -> Result<Value> {
    Ok(read(&root().join("base/daemonset.yaml"))?.object)
}

fn read(path: &Path) -> Result<Manifest> {
    let source = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let object = serde_norway::from_str(&source).with_context(|| path.display().to_string())?;
    Ok(Manifest { path: path.display().to_string(), object, source })
}

/// The value at a path as in a JSON pointer (`a/0/b`; `~1` is a slash).
pub(crate) fn find<'a>(value: &'a Value, path: &str) -> Result<&'a Value> {
    path.split('/').try_fold(value, |value, part| {
        let key = part.replace("~1", "/");
        let found = match value {
            Value::Sequence(list) => key.parse().ok().and_then(|index: usize| list.get(index)),
            other => other.get(&key),
        };
        found.with_context(|| format!("no {part} of {path}"))
    })
}

/// The string there.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> Result<&'a str> {
    find(value, path)?.as_str().with_context(|| format!("{path} is no string"))
}

/// The elements of the list there; none, if there is no list.
pub(crate) fn entries<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    find(value, path).ok().and_then(Value::as_sequence).into_iter().flatten()
}
