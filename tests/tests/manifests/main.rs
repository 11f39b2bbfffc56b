//! The manifests for Kubernetes: what they let the agent do, that the reasons are beside it, and that they fit the program.

mod kustomize;
mod policy;
mod tree;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use l2witness::cli::Cli;
use l2witness::cluster::Kind;
use serde_norway::Value;

use kustomize::build;
use policy::{check_agent, is_reading};
use tree::{Manifest, entries, find, manifests, root, text};

/// All that the agent follows at the API server.
const FOLLOWED: [Kind; 13] = [
    Kind::Services,
    Kind::Nodes,
    Kind::OwnPods,
    Kind::Speakers,
    Kind::HelmSpeakers,
    Kind::EndpointSlices,
    Kind::Endpoints,
    Kind::Events,
    Kind::Statuses,
    Kind::Pools,
    Kind::AddressPools,
    Kind::Advertisements,
    Kind::Config,
];

/// Roles that do more than read, and what.
const WRITERS: [(&str, &[&str]); 2] =
    [("l2witness-events", &["create", "patch"]), ("l2witness-drill", &["get", "patch"])];

#[test]
fn every_manifest_is_one_named_object_and_belongs_to_us() -> Result<()> {
    let all = manifests()?;
    assert!(all.len() > 10, "{}", all.len());
    for Manifest { path, object, .. } in all {
        let name = text(&object, "metadata/name").with_context(|| path.clone())?;
        assert!(name.starts_with("l2witness"), "{path}: {name}");
        assert_eq!(text(&object, "metadata/labels/app.kubernetes.io~1name")?, "l2witness", "{path}");
        assert!(object.get("apiVersion").is_some() && object.get("kind").is_some(), "{path}");
    }
    Ok(())
}

#[test]
fn every_kustomization_lists_just_what_is_there() -> Result<()> {
    for path in tree::files("kustomization.yaml")? {
        let folder = path.parent().context("folder")?;
        let kustomization: Value = serde_norway::from_str(&fs::read_to_string(&path)?)?;
        let mut listed = Vec::new();
        for entry in entries(&kustomization, "resources").chain(entries(&kustomization, "components")) {
            let target = folder.join(entry.as_str().context("path")?);
            assert!(target.exists(), "{}: no {}", path.display(), target.display());
            listed.push(target.file_name().context("name")?.to_owned());
        }
        for file in fs::read_dir(folder)?.flatten() {
            let ours = file.path().is_dir() || file.file_name() == "kustomization.yaml";
            assert!(ours || listed.contains(&file.file_name()), "{} is in no list", file.path().display());
        }
    }
    Ok(())
}

#[test]
fn the_agent_has_two_capabilities_and_no_way_to_more() -> Result<()> {
    check_agent(&tree::daemonset()?, &["BPF", "NET_ADMIN"])
}

#[test]
fn roles_only_read_and_say_why() -> Result<()> {
    for Manifest { path, object, source } in manifests()? {
        if !matches!(text(&object, "kind")?, "Role" | "ClusterRole") {
            continue;
        }
        let writer = WRITERS.iter().find(|(name, _)| text(&object, "metadata/name").ok() == Some(name));
        for rule in entries(&object, "rules") {
            let verbs: Vec<&str> = entries(rule, "verbs").filter_map(Value::as_str).collect();
            let reads = !verbs.is_empty() && verbs.iter().all(|verb| is_reading(verb));
            let allowed = writer.is_some_and(|(_, allowed)| verbs == *allowed);
            assert!(reads || allowed, "{path}: {verbs:?}");
            let targets: Vec<&str> = ["apiGroups", "resources", "nonResourceURLs"]
                .iter()
                .flat_map(|key| entries(rule, key))
                .filter_map(Value::as_str)
                .collect();
            assert!(!targets.iter().any(|target| target.contains('*')), "{path}: {targets:?}");
            assert!(!targets.contains(&"secrets"), "{path}");
        }
        each_has_a_reason(&path, &source, &["  - apiGroups:", "  - nonResourceURLs:"]);
    }
    Ok(())
}

#[test]
fn the_agent_may_read_just_what_it_follows() -> Result<()> {
    let mut allowed = BTreeSet::new();
    for Manifest { object, .. } in manifests()? {
        if !matches!(text(&object, "metadata/name")?, "l2witness" | "l2witness-metallb-config") {
            continue;
        }
        for rule in entries(&object, "rules") {
            assert!(entries(rule, "verbs").eq(["get", "list", "watch"]), "{rule:?}");
            let group = text(rule, "apiGroups/0")?;
            let resources = entries(rule, "resources").filter_map(Value::as_str);
            allowed.extend(resources.map(|resource| (group.to_owned(), resource.to_owned())));
        }
    }
    let followed = FOLLOWED.map(|kind| (kind.group().to_owned(), kind.resource().to_owned()));
    assert_eq!(allowed, BTreeSet::from(followed));
    Ok(())
}

#[test]
fn capabilities_and_mounts_say_why() -> Result<()> {
    let source = fs::read_to_string(root().join("base/daemonset.yaml"))?;
    each_has_a_reason("daemonset", &source, &["                - BPF", "                - NET_ADMIN"]);
    let volumes = source.split("\n      volumes:\n").nth(1).context("no volumes")?;
    each_has_a_reason("volumes", volumes, &["        - name:"]);
    Ok(())
}

/// Wants a comment in the line above each line that begins so, and at least one such line.
fn each_has_a_reason(path: &str, source: &str, beginnings: &[&str]) {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = 0;
    for (number, line) in lines.iter().enumerate() {
        if beginnings.iter().any(|beginning| line.starts_with(beginning)) {
            found += 1;
            let above = number.checked_sub(1).map_or("", |above| lines[above]);
            assert!(above.trim_start().starts_with('#'), "{path}: no reason above `{}`", line.trim());
        }
    }
    assert!(found > 0, "{path}: nothing begins with {beginnings:?}");
}

#[test]
fn the_daemonset_fits_the_program() -> Result<()> {
    let daemonset = tree::daemonset()?;
    let container = find(&daemonset, "spec/template/spec/containers/0")?;
    let image = concat!("localhost/l2witness:", env!("CARGO_PKG_VERSION"));
    assert_eq!(text(container, "image")?, image);

    // Every variable is one that the agent reads, or used by another.
    let cli = Cli::command();
    let agent = cli.find_subcommand("agent").context("no agent")?;
    let known: Vec<&str> = agent.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).collect();
    let values: String = entries(container, "env").filter_map(|entry| text(entry, "value").ok()).collect();
    for entry in entries(container, "env") {
        let name = text(entry, "name")?;
        assert!(known.contains(&name) || values.contains(&format!("$({name})")), "nobody reads {name}");
    }

    let port = find(container, "ports/0/containerPort")?.as_u64().context("port")?.to_string();
    assert_eq!(text(&daemonset, "spec/template/metadata/annotations/prometheus.io~1port")?, port);
    let listen = agent.get_arguments().find(|arg| arg.get_id() == "listen").context("--listen")?;
    let default = listen.get_default_values()[0].to_str().context("default")?;
    assert!(default.ends_with(&format!(":{port}")) && values.contains(&format!("]:{port}")), "{port}");
    Ok(())
}

#[test]
fn overlays_and_components_build_and_keep_the_policy() -> Result<()> {
    let Some(overlays) = kustomize::everything()? else { return Ok(()) };
    for (name, capabilities) in [
        ("base", ["BPF", "NET_ADMIN"].as_slice()),
        ("overlays/metallb-0.16", &["BPF", "NET_ADMIN"]),
        ("overlays/kube-1.18", &["SYS_ADMIN", "NET_ADMIN"]),
        ("everything", &["SYS_ADMIN", "NET_ADMIN", "PERFMON", "SYS_RESOURCE"]),
    ] {
        let built = build(&overlays.path().join(name))?;
        let daemonset = built.iter().find(|object| text(object, "kind").ok() == Some("DaemonSet"));
        let daemonset = daemonset.with_context(|| format!("{name}: no DaemonSet"))?;
        check_agent(daemonset, capabilities).with_context(|| name.to_owned())?;
        // What Kubernetes 1.18 does not know must be gone there, and said in its own words.
        let old = "spec/template/metadata/annotations/seccomp.security.alpha.kubernetes.io~1pod";
        let field = find(daemonset, "spec/template/spec/securityContext/seccompProfile");
        assert_ne!(find(daemonset, old).is_ok(), field.is_ok(), "{name}");
    }
    Ok(())
}
