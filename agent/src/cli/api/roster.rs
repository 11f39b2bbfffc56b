//! The agents there are, and those there should be.

use std::collections::BTreeSet;

use k8s_openapi::api::{
    apps::v1::DaemonSet,
    core::v1::{Node, Pod},
};

use super::{Api, ApiError, Right};
use crate::verdict::{Failed, few};

/// What the manifests call the agents' pods and their `DaemonSet`.
const LABELS: &str = "app.kubernetes.io/name=l2witness,app.kubernetes.io/component=agent";

/// The name of the agents' port in their pods.
const PORT_NAME: &str = "metrics";
const DEFAULT_PORT: i32 = 9472;

/// An agent's pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct AgentPod {
    pub(in crate::cli) namespace: String,
    pub(in crate::cli) name: String,
    pub(in crate::cli) node: String,
    pub(in crate::cli) port: i32,
    pub(in crate::cli) ready: bool,
}

/// The agents of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Roster {
    /// Those that can be asked, by node.
    pub(in crate::cli) agents: Vec<AgentPod>,
    /// Those that should be there and can't be asked, and why.
    pub(in crate::cli) missing: Vec<Failed>,
    /// Nodes that the `DaemonSet` leaves out; `None` where nobody may list nodes.
    pub(in crate::cli) left_out: Option<Vec<String>>,
    /// For stderr.
    pub(in crate::cli) notes: Vec<String>,
}

impl Api {
    /// Reads who there is. That needs pods alone; without `DaemonSet`s and Nodes a note says what is not known.
    pub(in crate::cli) async fn roster(&self) -> Result<Roster, ApiError> {
        let namespace = self.namespace.as_str();
        let pods = kube::Api::<Pod>::namespaced(self.client.clone(), namespace);
        let pods = self.list(&pods, &Right::list("pods", Some(namespace)), LABELS).await?;
        let mut unknown = Vec::new();
        let mut known = |what: &str, error: &ApiError| unknown.push(format!("{error}; {what} is not known"));

        let sets = kube::Api::<DaemonSet>::namespaced(self.client.clone(), namespace);
        let right = Right::list("daemonsets", Some(namespace)).of_group("apps");
        let desired = match self.list(&sets, &right, LABELS).await {
            Ok(sets) => Some(sets.iter().filter_map(|set| set.status.as_ref()).map(desired).sum()),
            Err(error) => {
                known("how many agents there should be", &error);
                None
            }
        };
        let nodes = kube::Api::<Node>::all(self.client.clone());
        let nodes = match self.list_metadata(&nodes, &Right::list("nodes", None)).await {
            Ok(nodes) => Some(nodes.into_iter().filter_map(|node| node.metadata.name).collect()),
            Err(error) => {
                known("whether every node has an agent", &error);
                None
            }
        };
        let mut roster = roster(&pods, desired, nodes);
        if roster.agents.is_empty() && roster.missing.is_empty() {
            let what = format!("no pods with {LABELS} in namespace {namespace}");
            return Err(ApiError::NotFound(format!(
                "{what}: is l2witness installed there? Else say where with --namespace"
            )));
        }
        roster.notes.append(&mut unknown);
        Ok(roster)
    }
}

fn desired(status: &k8s_openapi::api::apps::v1::DaemonSetStatus) -> usize {
    usize::try_from(status.desired_number_scheduled).unwrap_or(0)
}

/// `desired` is how many the `DaemonSet` wants, `nodes` are all there are.
fn roster(pods: &[Pod], desired: Option<usize>, nodes: Option<BTreeSet<String>>) -> Roster {
    let mut roster = Roster::default();
    let mut pods: Vec<_> = pods.iter().filter_map(Placed::new).collect();
    // Of two on one node, the one that stays.
    pods.sort_by_key(|pod| (pod.node, pod.leaves, !pod.ready, pod.name));
    pods.dedup_by_key(|pod| pod.node);
    for pod in &pods {
        match pod.agent() {
            Ok(agent) => roster.agents.push(agent),
            Err(error) => roster.missing.push(Failed { agent: pod.node.to_owned(), error }),
        }
    }
    let lacking = desired.unwrap_or(0).saturating_sub(pods.len());
    let with: BTreeSet<_> = pods.iter().map(|pod| pod.node).collect();
    let without: Option<Vec<_>> =
        nodes.map(|nodes| nodes.into_iter().filter(|node| !with.contains(node.as_str())).collect());
    let error = "the DaemonSet has no pod there: see `kubectl describe daemonset`";
    let at = |place: usize| match &without {
        Some(nodes) if nodes.len() == lacking => nodes.get(place).cloned(),
        Some(nodes) if !nodes.is_empty() => Some(format!("one of {}", few(nodes.clone()))),
        _ => None,
    };
    roster.missing.extend((0..lacking).map(|place| {
        let agent = at(place).unwrap_or_else(|| "a node".to_owned());
        Failed { agent, error: error.to_owned() }
    }));
    roster.left_out = without.map(|nodes| if nodes.len() == lacking { Vec::new() } else { nodes });
    if let Some(nodes @ [_, ..]) = roster.left_out.as_deref() {
        let nodes = few(nodes.to_vec());
        roster.notes.push(format!("no agent on {nodes}: what is answered there is not known"));
    }
    roster
}

/// A pod that has its node.
struct Placed<'a> {
    node: &'a str,
    name: &'a str,
    namespace: &'a str,
    phase: &'a str,
    port: i32,
    ready: bool,
    leaves: bool,
}

impl<'a> Placed<'a> {
    fn new(pod: &'a Pod) -> Option<Self> {
        let (spec, status) = (pod.spec.as_ref()?, pod.status.as_ref()?);
        let conditions = status.conditions.iter().flatten();
        let mut ports = spec.containers.iter().flat_map(|container| container.ports.iter().flatten());
        Some(Self {
            node: spec.node_name.as_deref()?,
            name: pod.metadata.name.as_deref()?,
            namespace: pod.metadata.namespace.as_deref().unwrap_or_default(),
            phase: status.phase.as_deref().unwrap_or("Unknown"),
            port: ports
                .find(|port| port.name.as_deref() == Some(PORT_NAME))
                .map_or(DEFAULT_PORT, |port| port.container_port),
            ready: conditions.into_iter().any(|known| known.type_ == "Ready" && known.status == "True"),
            leaves: pod.metadata.deletion_timestamp.is_some(),
        })
    }

    /// One that runs is asked, ready or not: it may tell what is wrong.
    fn agent(&self) -> Result<AgentPod, String> {
        let Self { node, name, namespace, phase, port, ready, leaves: _ } = *self;
        if phase != "Running" {
            return Err(format!("its pod {name} is {phase}"));
        }
        let own = str::to_owned;
        Ok(AgentPod { namespace: own(namespace), name: own(name), node: own(node), port, ready })
    }
}
