//! The program under the name by which kubectl finds plugins.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::Result;
use l2witness_tests::lab::binary;

/// Runs it in an environment with nothing in it but this kubeconfig.
fn run(program: &Path, kubeconfig: &Path, args: &[&str]) -> Result<Output> {
    Ok(Command::new(program).args(args).env_clear().env("KUBECONFIG", kubeconfig).output()?)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_link_named_as_a_plugin_is_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let plugin = folder.path().join("kubectl-l2witness");
    symlink(binary("l2witness")?, &plugin)?;
    let config = folder.path().join("config");

    let output = run(&plugin, &config, &["who"])?;
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("Usage: kubectl l2witness who "), "{}", stderr(&output));

    // It asks whom kubectl would ask, unless it is told otherwise.
    let output = run(&plugin, &config, &["status"])?;
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).ends_with("/config: no such file\n"), "{}", stderr(&output));
    std::fs::write(&config, "{]")?;
    let output = run(&plugin, &config, &["status"])?;
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("is no kubeconfig"), "{}", stderr(&output));
    let output = run(&plugin, &config, &["status", "--socket", "/nonexistent"])?;
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).starts_with("l2witness: /nonexistent: no such socket"), "{}", stderr(&output));
    Ok(())
}
