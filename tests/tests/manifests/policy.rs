//! What the agent's pod may have.

use anyhow::{Result, ensure};
use serde_norway::Value;

use crate::tree::{entries, find, text};

/// All host paths, and whether the agent may write there.
const HOST_PATHS: [(&str, bool); 4] = [
    ("/sys/fs/bpf/l2witness", true),
    ("/sys/fs/cgroup", false),
    ("/sys/fs/cgroup/unified", false),
    ("/run/l2witness", true),
];

/// Whether the verb changes nothing.
pub(crate) fn is_reading(verb: &str) -> bool {
    matches!(verb, "get" | "list" | "watch")
}

/// # Errors
///
/// The pod has another capability or one less, or anything else that it does not need.
pub(crate) fn check_agent(daemonset: &Value, capabilities: &[&str]) -> Result<()> {
    let pod = find(daemonset, "spec/template/spec")?;
    ensure!(entries(pod, "containers").count() == 1 && find(pod, "initContainers").is_err(), "one container");
    for namespace in ["hostPID", "hostIPC", "shareProcessNamespace"] {
        ensure!(find(pod, namespace).is_err(), "{namespace}");
    }
    let container = find(pod, "containers/0")?;
    let strings = |path: &str| entries(container, path).filter_map(Value::as_str).collect::<Vec<_>>();
    let added = strings("securityContext/capabilities/add");
    ensure!(added == capabilities, "{added:?}");
    ensure!(strings("securityContext/capabilities/drop") == ["ALL"], "drop");
    for (field, wanted) in
        [("privileged", false), ("allowPrivilegeEscalation", false), ("readOnlyRootFilesystem", true)]
    {
        ensure!(find(container, &format!("securityContext/{field}"))?.as_bool() == Some(wanted), "{field}");
    }
    ensure!(find(container, "resources/limits/memory").is_ok(), "no limit on memory");

    for volume in entries(pod, "volumes") {
        let name = text(volume, "name")?;
        let path = text(volume, "hostPath/path")?;
        let mount = entries(container, "volumeMounts").find(|mount| text(mount, "name").ok() == Some(name));
        let read_only = mount.and_then(|mount| find(mount, "readOnly").ok()?.as_bool()).unwrap_or(false);
        ensure!(HOST_PATHS.contains(&(path, !read_only)), "{path}, read-only: {read_only}");
    }
    Ok(())
}
