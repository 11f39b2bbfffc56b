//! Who would be elected if the Node had the label: the election recomputed on the same objects, with that one changed.

use std::{collections::BTreeMap, net::IpAddr};

use k8s_openapi::api::core::v1::Node;

use super::note::VALUE;
use crate::{
    claims::election::{EXCLUDE_LABEL, Rules},
    cli::api::Api,
    cluster::{
        Index, Kind, Pod, Scope,
        kubernetes::{Fault, Snapshot},
        read,
    },
    evidence::Prediction,
};

/// What is not read of the cluster: it says who announces, and has no part in who is elected.
const LEFT_OUT: [Kind; 2] = [Kind::Events, Kind::Statuses];

/// Reads all that the election reads.
pub(super) async fn snapshot(api: &Api) -> Result<Index, Fault> {
    let wanted = |kind| !LEFT_OUT.contains(&kind);
    Snapshot::of(api.client.clone(), Scope::default(), api.timeout, wanted).await
}

/// Every election, as it is and as it would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Elections {
    pub(super) before: BTreeMap<IpAddr, Vec<Prediction>>,
    pub(super) after: BTreeMap<IpAddr, Vec<Prediction>>,
    /// Why they can't be foreseen, where they can't.
    pub(super) unknown: Option<String>,
}

impl Elections {
    /// Changes the index: afterwards it is what would be.
    pub(super) fn of(mut index: Index, node: &Node) -> Self {
        let before = predictions(&index);
        let mut unknown = why_not(&index);
        match labelled(node).and_then(|json| read(Kind::Nodes, &json).ok()) {
            Some(item) => index.changed(Kind::Nodes, item),
            None => unknown = Some("the Node can't be read".to_owned()),
        }
        while index.settle(usize::MAX) {}
        Self { before, after: predictions(&index), unknown }
    }
}

/// The Node as it would be.
fn labelled(node: &Node) -> Option<String> {
    let mut node = node.clone();
    let labels = node.metadata.labels.get_or_insert_default();
    labels.insert(EXCLUDE_LABEL.to_owned(), VALUE.to_owned());
    serde_json::to_string(&node).ok()
}

fn predictions(index: &Index) -> BTreeMap<IpAddr, Vec<Prediction>> {
    index.lb_ips().into_iter().map(|ip| (ip, index.said(ip).predicted)).collect()
}

/// What the election lacks, in one line.
fn why_not(index: &Index) -> Option<String> {
    let mut missing = index.state().missing;
    if let Some(why) = missing.remove("election") {
        return Some(why);
    }
    // Not everybody needs every kind: what is not served is not there.
    missing.retain(|_, why| !why.starts_with("not served"));
    let missing = missing.into_iter().map(|(kind, why)| format!("{kind}: {why}"));
    missing.reduce(|all, one| all + "; " + &one)
}

/// The speakers that take no notice of the label, and why: the drill would do nothing, or only by halves.
pub(super) fn ignoring(index: &Index) -> Vec<String> {
    let by_all = index.rules();
    let why = |pod: &Pod| {
        let rules = pod.setup.version.map(Rules::of).or(by_all);
        if pod.setup.ignore_label {
            return Some("runs with --ignore-exclude-lb".to_owned());
        }
        let ignores = rules.is_some_and(|rules| !rules.heeds_the_label());
        let version = pod.setup.tag.as_deref().unwrap_or("of that generation");
        ignores.then(|| format!("is {version}, and heeds the label since 0.14.2"))
    };
    index.speakers().filter_map(|pod| Some(format!("{} {}", pod.name, why(pod)?))).collect()
}

#[cfg(test)]
mod tests;
