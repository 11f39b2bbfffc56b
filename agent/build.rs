//! Finds the kernel object to embed and refuses one that is older than its sources.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

// A file shared with xtask, not a dependency: see its own words.
#[path = "../agent-ebpf/sources.rs"]
mod sources;

/// Embeds the object at this path instead of the committed one, unchecked.
const OVERRIDE: &str = "L2WITNESS_EBPF_OBJECT";

fn main() {
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    match object() {
        Ok(object) => {
            println!("cargo::rerun-if-changed={}", object.display());
            println!("cargo::rustc-env=L2WITNESS_EBPF_OBJECT_PATH={}", object.display());
        }
        Err(why) => println!("cargo::error={why}"),
    }
}

/// The absolute path of the object to embed, or one line that says what to do.
fn object() -> Result<PathBuf, String> {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?;
    let workspace = Path::new(&manifest).parent().ok_or("the agent's crate has no parent directory")?;

    if let Some(object) = env::var_os(OVERRIDE).filter(|path| !path.is_empty()) {
        // Relative to the workspace: where cargo runs build scripts is no user's business.
        let object = workspace.join(object);
        let missing = format!("{OVERRIDE}: {} is no file", object.display());
        return object.is_file().then_some(object).ok_or(missing);
    }

    for watched in ["agent-ebpf/src", "agent-ebpf/Cargo.toml", "Cargo.lock", sources::RECORDED] {
        println!("cargo::rerun-if-changed={}", workspace.join(watched).display());
    }
    let object = workspace.join(sources::OBJECT);
    let recorded = fs::read_to_string(workspace.join(sources::RECORDED)).unwrap_or_default();
    if !object.is_file() {
        return Err(format!("{} is missing: build it with `cargo xtask ebpf`", sources::OBJECT));
    }
    let hash = sources::hash(workspace).map_err(|error| error.to_string())?;
    if recorded.trim() != hash {
        return Err(format!(
            "{} is older than its sources: renew it with `cargo xtask ebpf`",
            sources::OBJECT
        ));
    }
    Ok(object)
}
