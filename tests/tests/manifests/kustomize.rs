//! What kubectl makes of the kustomizations.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize as _;
use serde_norway::Value;
use tempfile::TempDir;

use crate::tree::{files, root};

/// A copy of the tree with one kustomization more, `everything`: the base with all components that go together.
/// `None` where there is no kubectl.
pub(crate) fn everything() -> Result<Option<TempDir>> {
    if kubectl().is_none() {
        eprintln!("skipped: no kubectl on the PATH");
        return Ok(None);
    }
    let copy = tempfile::tempdir()?;
    for file in files(".yaml")? {
        let to = copy.path().join(file.strip_prefix(root())?);
        fs::create_dir_all(to.parent().context("folder")?)?;
        fs::copy(&file, to)?;
    }
    let mut components: Vec<String> = Vec::new();
    for entry in fs::read_dir(root().join("components"))? {
        components.push(entry?.file_name().to_string_lossy().into_owned());
    }
    // Alone: it takes away what seccomp-unconfined changes.
    components.retain(|name| name != "kube-1.18");
    components.sort();
    let list = components.iter().map(|name| format!("- ../components/{name}")).collect::<Vec<_>>().join("\n");
    let folder = copy.path().join("everything");
    fs::create_dir(&folder)?;
    fs::write(folder.join("kustomization.yaml"), format!("resources:\n- ../base\ncomponents:\n{list}"))?;
    Ok(Some(copy))
}

/// The objects that `kubectl apply -k` would apply.
pub(crate) fn build(folder: &Path) -> Result<Vec<Value>> {
    let kubectl = kubectl().context("kubectl is gone")?;
    let output = Command::new(kubectl).arg("kustomize").arg(folder).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && stderr.is_empty(), "{}: {stderr}", folder.display());
    let documents = serde_norway::Deserializer::from_slice(&output.stdout);
    documents.map(|document| Ok(Value::deserialize(document)?)).collect()
}

fn kubectl() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join("kubectl")).find(|path| path.is_file())
}
