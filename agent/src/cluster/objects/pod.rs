//! Pods: those of this node, and the speakers.

use std::{net::IpAddr, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::{Meta, node::Condition, or_default};
use crate::{
    claims::election::{Version, tag},
    cluster::kind::Kind,
};

/// Labels of speaker pods: `MetalLB`'s manifests have the first pair, its Helm chart the second.
const SPEAKER: [[(&str, &str); 2]; 2] = [
    [("app", "metallb"), ("component", "speaker")],
    [("app.kubernetes.io/name", "metallb"), ("app.kubernetes.io/component", "speaker")],
];

/// What is kept of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// `namespace/name`.
    pub name: Arc<str>,
    /// Where it runs.
    pub node: Option<Arc<str>>,
    /// It has a speaker's labels.
    pub is_speaker: bool,
    /// It is ready and not about to go.
    pub ready: bool,
    /// `metadata.creationTimestamp`, of speakers.
    pub created: Option<Timestamp>,
    /// Since when it is ready, or is not, of speakers.
    pub ready_since: Option<Timestamp>,
    /// When its deletion was asked for, of speakers.
    pub deleting: Option<Timestamp>,
    /// `status.hostIP`.
    pub host_ip: Option<IpAddr>,
    /// `status.podIP`.
    pub pod_ip: Option<IpAddr>,
    /// Ids of its containers, for pods of this node.
    pub containers: Vec<Box<str>>,
    /// How the speaker is set up.
    pub setup: Setup,
    /// The ports of all its containers, for speakers.
    pub ports: Vec<Port>,
    /// The speaker's arguments.
    pub args: Vec<String>,
}

/// A container's port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Its number.
    #[serde(rename = "containerPort")]
    pub number: u16,
}

/// How a speaker is set up, by its image, arguments and environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Its image's tag.
    pub tag: Option<Box<str>>,
    /// What that tag says.
    pub version: Option<Version>,
    /// It has what memberlist needs.
    pub memberlist: bool,
    /// `--ignore-exclude-lb`.
    pub ignore_label: bool,
    /// `--lb-class`.
    pub class: Option<Box<str>>,
    /// `--config`, the `ConfigMap`'s name up to 0.12.
    pub config: Option<Box<str>>,
}

#[derive(Deserialize)]
pub(super) struct Wire {
    metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    spec: Spec,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    node_name: Option<Arc<str>>,
    #[serde(deserialize_with = "or_default")]
    containers: Vec<Container>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Container {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    image: String,
    #[serde(deserialize_with = "or_default")]
    args: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    env: Vec<Variable>,
    #[serde(deserialize_with = "or_default")]
    ports: Vec<Port>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variable {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    value: String,
    #[serde(default)]
    value_from: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
    #[serde(rename = "hostIP")]
    host_ip: Option<String>,
    #[serde(rename = "podIP")]
    pod_ip: Option<String>,
    #[serde(deserialize_with = "or_default")]
    container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "or_default")]
    init_container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "or_default")]
    ephemeral_container_statuses: Vec<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    #[serde(rename = "containerID", deserialize_with = "or_default")]
    id: String,
}

impl Wire {
    pub(super) fn reduce(self, name: &Arc<str>, kind: Kind) -> Pod {
        let Self { metadata, spec, status } = self;
        let has = |(key, value): &(&str, &str)| metadata.labels.get(*key).is_some_and(|other| other == value);
        let is_speaker = SPEAKER.iter().any(|labels| labels.iter().all(has));
        let ready = Condition::holds(&status.conditions, "Ready") && metadata.deletion_timestamp.is_none();
        let address = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let mut pod = Pod {
            name: Arc::clone(name),
            node: spec.node_name.filter(|node| !node.is_empty()),
            is_speaker,
            ready,
            host_ip: address(status.host_ip),
            pod_ip: address(status.pod_ip),
            ..Pod::default()
        };
        if is_speaker {
            pod.created = metadata.creation_timestamp;
            pod.ready_since = Condition::state(&status.conditions, "Ready").and_then(|state| state.since);
            // The API has the time by which it is to be gone.
            let grace = SignedDuration::from_secs(metadata.deletion_grace_period_seconds.clamp(0, 1 << 31));
            pod.deleting = metadata.deletion_timestamp.and_then(|gone| gone.checked_sub(grace).ok());
        }
        if kind == Kind::OwnPods {
            let Status { container_statuses, init_container_statuses, ephemeral_container_statuses, .. } =
                status;
            let all = container_statuses
                .iter()
                .chain(&init_container_statuses)
                .chain(&ephemeral_container_statuses);
            pod.containers = all.filter_map(|status| container_id(&status.id)).collect();
        } else {
            pod.ports = spec.containers.iter().flat_map(|container| container.ports.clone()).collect();
        }
        if is_speaker && let Some(speaker) = speaker(&spec.containers) {
            pod.setup = setup(speaker);
            pod.args.clone_from(&speaker.args);
        }
        pod
    }
}

/// `containerd://…`, `docker://…`, `cri-o://…`; empty while the container is not there yet.
fn container_id(text: &str) -> Option<Box<str>> {
    let id = text.split_once("://").map_or(text, |(_, id)| id);
    (!id.is_empty()).then(|| id.into())
}

/// FRR and proxies stand beside it.
fn speaker(containers: &[Container]) -> Option<&Container> {
    let called = |container: &&Container| container.name == "speaker";
    let built = |container: &&Container| container.image.contains("speaker");
    containers.iter().find(called).or_else(|| containers.iter().find(built)).or_else(|| containers.first())
}

fn setup(Container { image, args, env, .. }: &Container) -> Setup {
    let given = |flag: &str, variable: &str| {
        value(args, flag).is_some_and(|value| !value.is_empty())
            || env.iter().any(|v| v.name == variable && (!v.value.is_empty() || v.value_from.is_some()))
    };
    let text = |flag: &str| value(args, flag).filter(|value| !value.is_empty()).map(Into::into);
    Setup {
        tag: tag(image).map(Into::into),
        version: Version::of_image(image),
        memberlist: given("ml-bindaddr", "METALLB_ML_BIND_ADDR") && given("ml-labels", "METALLB_ML_LABELS"),
        ignore_label: args.iter().any(|arg| {
            let flag = arg.trim_start_matches('-');
            flag == "ignore-exclude-lb" || flag == "ignore-exclude-lb=true"
        }),
        class: text("lb-class"),
        config: text("config"),
    }
}

/// The value of a flag as Go's `flag` reads them: one dash or two, `=` or the next argument.
fn value<'a>(args: &'a [String], flag: &str) -> Option<&'a str> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(name) = arg.strip_prefix('-') else { continue };
        let name = name.strip_prefix('-').unwrap_or(name);
        match name.split_once('=') {
            Some((name, value)) if name == flag => return Some(value),
            None if name == flag => return args.next().map(String::as_str),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_go_reads_them() {
        let args = ["--port=7472", "-config", "other", "--lb-class=", "rest", "--ml-labels=app=metallb"];
        let args: Vec<_> = args.iter().map(ToString::to_string).collect();
        let table = [
            ("port", Some("7472")),
            ("config", Some("other")),
            ("lb-class", Some("")),
            ("ml-labels", Some("app=metallb")),
            ("rest", None),
            ("host", None),
        ];
        for (flag, wanted) in table {
            assert_eq!(value(&args, flag), wanted, "{flag}");
        }
    }

    #[test]
    fn container_ids_lose_their_runtime() {
        let table = [
            ("containerd://12ab", Some("12ab")),
            ("docker://34", Some("34")),
            ("56", Some("56")),
            ("", None),
        ];
        for (text, wanted) in table {
            assert_eq!(container_id(text).as_deref(), wanted, "{text}");
        }
    }
}
