//! Pods: those of this node by container, and the speakers.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use super::{
    super::objects::{Object, Pod, Port},
    store::{Store, Touched},
};
use crate::claims::election::Speakers;

/// The speaker's pod on this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeakerPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name, without the namespace.
    pub name: String,
    /// It is ready and not about to go.
    pub ready: bool,
    /// `MetalLB`'s version by its image's tag, such as `v0.15.3`.
    pub version: Option<String>,
    /// `status.hostIP`.
    pub host_ip: Option<IpAddr>,
    /// `status.podIP`: with `hostNetwork` the same.
    pub pod_ip: Option<IpAddr>,
    /// The ports of all its containers; a proxy beside the speaker may serve the metrics.
    pub ports: Vec<Port>,
    /// The speaker's arguments.
    pub args: Vec<String>,
}

/// Pods of all sorts.
#[derive(Debug)]
pub(super) struct Pods {
    pub(super) own: OwnPods,
    pub(super) speakers: SpeakerPods,
    pub(super) helm_speakers: SpeakerPods,
}

impl Pods {
    pub(super) fn new(node: Option<&str>) -> Self {
        let speakers = || SpeakerPods { node: node.map(str::to_owned), pods: BTreeMap::new() };
        Self { own: OwnPods::default(), speakers: speakers(), helm_speakers: speakers() }
    }

    pub(super) fn of_container(&self, id: &str) -> Option<(&str, bool)> {
        let pod = self.own.pods.get(self.own.by_container.get(id)?)?;
        Some((&pod.name, pod.is_speaker))
    }

    pub(super) fn speakers(&self) -> impl Iterator<Item = &Pod> {
        self.speakers.pods.values().chain(self.helm_speakers.pods.values())
    }

    /// By its `namespace/name`.
    pub(super) fn speaker(&self, key: &str) -> Option<&Pod> {
        self.speakers.pods.get(key).or_else(|| self.helm_speakers.pods.get(key))
    }

    /// During a rollout there may be two; the one that is ready counts.
    pub(super) fn own_speaker(&self) -> Option<SpeakerPod> {
        let node = self.speakers.node.as_deref()?;
        let own = self.speakers().filter(|pod| pod.node.as_deref() == Some(node));
        let pod = own.max_by_key(|pod| pod.ready)?;
        let (namespace, name) = pod.name.split_once('/')?;
        Some(SpeakerPod {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            ready: pod.ready,
            version: pod.setup.tag.as_deref().map(str::to_owned),
            host_ip: pod.host_ip,
            pod_ip: pod.pod_ip,
            ports: pod.ports.clone(),
            args: pod.args.clone(),
        })
    }

    /// What the election asks of them.
    pub(super) fn electors(&self) -> Speakers {
        let mut speakers = Speakers::default();
        for pod in self.speakers() {
            speakers.pods += 1;
            speakers.ready.extend(pod.node.iter().filter(|_| pod.ready).cloned());
            speakers.memberlist |= pod.setup.memberlist;
            speakers.ignore_label |= pod.setup.ignore_label;
        }
        speakers
    }
}

/// The pods of this node.
#[derive(Debug, Default)]
pub(super) struct OwnPods {
    pods: BTreeMap<Arc<str>, Pod>,
    by_container: BTreeMap<Box<str>, Arc<str>>,
}

impl OwnPods {
    fn leave(&mut self, key: &str) -> bool {
        let Some(pod) = self.pods.remove(key) else { return false };
        for id in &pod.containers {
            self.by_container.remove(id);
        }
        true
    }
}

impl Store for OwnPods {
    fn keys(&self) -> Vec<Arc<str>> {
        self.pods.keys().cloned().collect()
    }

    fn put(&mut self, key: Arc<str>, object: Object) -> Touched {
        let Object::Pod(pod) = object else { return Touched::Nothing };
        if self.pods.get(&key) == Some(&*pod) {
            return Touched::Nothing;
        }
        self.leave(&key);
        for id in &pod.containers {
            self.by_container.insert(id.clone(), Arc::clone(&key));
        }
        self.pods.insert(key, *pod);
        Touched::Otherwise
    }

    fn remove(&mut self, key: &str) -> Touched {
        if self.leave(key) { Touched::Otherwise } else { Touched::Nothing }
    }
}

/// Speakers of one sort of labels.
#[derive(Debug)]
pub(super) struct SpeakerPods {
    node: Option<String>,
    pods: BTreeMap<Arc<str>, Pod>,
}

impl Store for SpeakerPods {
    fn keys(&self) -> Vec<Arc<str>> {
        self.pods.keys().cloned().collect()
    }

    fn put(&mut self, key: Arc<str>, object: Object) -> Touched {
        let Object::Pod(mut pod) = object else { return Touched::Nothing };
        if pod.node.as_deref() != self.node.as_deref() {
            // Nobody asks another node's speaker from here, and there are thousands.
            pod.ports = Vec::new();
            pod.args = Vec::new();
        }
        if self.pods.get(&key) == Some(&*pod) {
            return Touched::Nothing;
        }
        self.pods.insert(key, *pod);
        Touched::Everything
    }

    fn remove(&mut self, key: &str) -> Touched {
        self.pods.remove(key).map_or(Touched::Nothing, |_| Touched::Everything)
    }
}
