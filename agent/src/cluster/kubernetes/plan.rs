//! What to follow, by what is served and by what is known of `MetalLB` so far. Pure.

use std::collections::BTreeMap;

use super::{
    super::{
        index::{Facts, Scope},
        kind::Kind,
    },
    catalogue::Catalogue,
    target::Target,
};
use crate::claims::election::Rules;

/// Labels of speaker pods, by `MetalLB`'s manifests and by its Helm chart.
const SPEAKERS: [(Kind, &str); 2] = [
    (Kind::Speakers, "app=metallb,component=speaker"),
    (Kind::HelmSpeakers, "app.kubernetes.io/name=metallb,app.kubernetes.io/component=speaker"),
];

/// What is to be done about a kind; what is not in a plan is not wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Follow it.
    Follow(Target),
    /// It is wanted and not there.
    Missing(String),
}

/// What to follow.
pub(super) fn plan(scope: &Scope, facts: &Facts, catalogue: Option<&Catalogue>) -> BTreeMap<Kind, Step> {
    let mut plan = first(scope);
    // Where MetalLB is, and of which generation, its speakers tell.
    let Some(catalogue) = catalogue.filter(|_| facts.speakers_known) else { return plan };
    let namespace = &facts.namespace;
    let custom = facts.rules.map_or(catalogue.serves(Kind::Advertisements), Rules::reads_custom_resources);
    let mut metallb = |kind| {
        let step = if catalogue.serves(kind) {
            Step::Follow(Target::metallb(kind, namespace))
        } else {
            Step::Missing(catalogue.why_not())
        };
        plan.insert(kind, step);
    };
    metallb(Kind::Statuses);
    if custom {
        metallb(Kind::Pools);
        metallb(Kind::Advertisements);
        // Gone since 0.14, and then nobody misses it.
        if catalogue.serves(Kind::AddressPools) {
            metallb(Kind::AddressPools);
        }
    } else {
        let fields = format!("metadata.name={}", facts.config);
        plan.insert(Kind::Config, Step::Follow(Target::core_in(Kind::Config, namespace).fields(fields)));
    }
    if facts.rules.is_some() {
        let target = endpoints(custom, catalogue);
        plan.insert(target.kind, Step::Follow(target));
    }
    plan
}

/// What can be followed before anything is known.
fn first(scope: &Scope) -> BTreeMap<Kind, Step> {
    let mut targets = vec![
        Target::core(Kind::Services),
        Target::core(Kind::Nodes),
        Target::core(Kind::Events).fields("reason=nodeAssigned".to_owned()),
    ];
    if let Some(node) = &scope.node {
        targets.push(Target::core(Kind::OwnPods).fields(format!("spec.nodeName={node}")));
    }
    for (kind, labels) in SPEAKERS {
        let target = match &scope.namespace {
            Some(namespace) => Target::core_in(kind, namespace),
            None => Target::core(kind),
        };
        targets.push(target.labels(labels));
    }
    targets.into_iter().map(|target| (target.kind, Step::Follow(target))).collect()
}

/// Where what serves the Services stands. Versions up to 0.12 read Endpoints, all or the older ones of them, and
/// those have the same in them; slices have more since 0.14.
fn endpoints(custom: bool, catalogue: &Catalogue) -> Target {
    match catalogue.slices().filter(|_| custom) {
        Some(version) => {
            Target::new(Kind::EndpointSlices, &format!("/apis/discovery.k8s.io/{version}/endpointslices"))
        }
        None => Target::core(Kind::Endpoints),
    }
}
