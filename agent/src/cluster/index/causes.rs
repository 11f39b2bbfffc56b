//! What a change of an object has to do with addresses that move. Pure: what was known before and after, as far as it
//! can move any, in; what to tell out.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use jiff::Timestamp;

use super::super::{
    kind::Kind,
    objects::{ConditionState, Event, Node, Pod},
};
use crate::{
    claims::election::EXCLUDE_LABEL,
    evidence::{ClaimChange, ControlChange, L2Status, What},
};

/// What may move addresses of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Facet {
    Node {
        ready: Option<ConditionState>,
        network_unavailable: Option<ConditionState>,
        excluded: bool,
        cordoned: bool,
    },
    Speaker {
        node: Option<Arc<str>>,
        created: Option<Timestamp>,
        ready: bool,
        ready_since: Option<Timestamp>,
        deleting: Option<Timestamp>,
    },
    /// All that serves a Service.
    Serving {
        service: Arc<str>,
        /// Where it is served decides who announces it; else only whether it is.
        by_node: bool,
        nodes: BTreeSet<Arc<str>>,
    },
    Service {
        name: Arc<str>,
        ips: BTreeSet<IpAddr>,
        local_policy: bool,
    },
    /// Who is said to announce a Service, and when that was said.
    Status(L2Status),
    Assigned(Event),
    /// Of `MetalLB`'s configuration every change may.
    Configuration,
}

/// What something is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// All LB IPs.
    All,
    /// Those of a Service.
    Service(Arc<str>),
    /// This one.
    Ip(IpAddr),
}

impl Facet {
    pub(super) fn node(node: &Node) -> Self {
        Self::Node {
            ready: node.ready,
            network_unavailable: node.network_unavailable,
            excluded: node.facts.labels.get(EXCLUDE_LABEL).is_some(),
            cordoned: node.facts.unschedulable,
        }
    }

    pub(super) fn speaker(pod: &Pod) -> Self {
        Self::Speaker {
            node: pod.node.clone(),
            created: pod.created,
            ready: pod.ready,
            ready_since: pod.ready_since,
            deleting: pod.deleting,
        }
    }
}

/// What to tell of an object that was `old` and is `new`; `None` stands for one that is not there.
pub(super) fn diff(kind: Kind, key: &str, old: Option<&Facet>, new: Option<&Facet>) -> Vec<(About, What)> {
    let mut tell = Tell { object: format!("{}/{key}", name(kind)), told: Vec::new() };
    match (old, new) {
        (old @ (None | Some(Facet::Node { .. })), new @ Some(Facet::Node { .. })) => tell.node(old, new),
        (Some(Facet::Node { .. } | Facet::Configuration), None) => {
            tell.cause(About::All, "deleted", None);
        }
        (old @ (None | Some(Facet::Speaker { .. })), new @ Some(Facet::Speaker { .. }))
        | (old @ Some(Facet::Speaker { .. }), new @ None) => tell.speaker(old, new),
        (Some(Facet::Serving { nodes: old, .. }), Some(Facet::Serving { service, by_node, nodes })) => {
            tell.serving(service, *by_node, old, nodes);
        }
        (old @ (None | Some(Facet::Service { .. })), new @ Some(Facet::Service { .. }))
        | (old @ Some(Facet::Service { .. }), new @ None) => tell.service(old, new),
        (old @ (None | Some(Facet::Status(_))), new @ Some(Facet::Status(_)))
        | (old @ Some(Facet::Status(_)), new @ None) => tell.status(old, new),
        (old, Some(Facet::Assigned(event))) => {
            let known =
                matches!(old, Some(Facet::Assigned(old)) if (old.at, old.order) >= (event.at, event.order));
            if !known {
                let Event { service, node, at, .. } = event;
                tell.claim("event", service, node, true, Some(*at));
            }
        }
        (None, Some(Facet::Configuration)) => tell.cause(About::All, "created", None),
        (Some(Facet::Configuration), Some(_)) => tell.cause(About::All, "changed", None),
        // Objects of one kind have one sort of facets.
        _ => {}
    }
    tell.told
}

struct Tell {
    object: String,
    told: Vec<(About, What)>,
}

impl Tell {
    fn cause(&mut self, about: About, change: impl Into<String>, own_time: Option<Timestamp>) {
        let what = ControlChange { object: self.object.clone(), change: change.into(), own_time };
        self.told.push((about, What::Cause(what)));
    }

    fn claim(&mut self, by: &str, service: &str, on: &str, began: bool, own_time: Option<Timestamp>) {
        let (by, on) = (by.to_owned(), on.to_owned());
        let change = ClaimChange { by, service: service.to_owned(), on, began, own_time };
        self.told.push((About::Service(service.into()), What::Claim(change)));
    }

    fn node(&mut self, old: Option<&Facet>, new: Option<&Facet>) {
        let Some(Facet::Node { ready, network_unavailable, excluded, cordoned }) = new else { return };
        let Some(Facet::Node {
            ready: was_ready,
            network_unavailable: was_unavailable,
            excluded: was_excluded,
            cordoned: was_cordoned,
        }) = old
        else {
            return self.cause(About::All, "created", None);
        };
        let conditions =
            [("Ready", was_ready, ready), ("NetworkUnavailable", was_unavailable, network_unavailable)];
        for (name, old, new) in conditions {
            let status = |of: &Option<ConditionState>| of.map(|of| of.status);
            if status(old) == status(new) {
                continue;
            }
            match new {
                Some(new) => {
                    self.cause(About::All, format!("{name} became {}", new.status.label()), new.since);
                }
                None => self.cause(About::All, format!("{name} is not told any more"), None),
            }
        }
        if was_excluded != excluded {
            let verb = if *excluded { "added" } else { "removed" };
            self.cause(About::All, format!("label {EXCLUDE_LABEL} {verb}"), None);
        }
        if was_cordoned != cordoned {
            self.cause(About::All, if *cordoned { "cordoned" } else { "uncordoned" }, None);
        }
    }

    fn speaker(&mut self, old: Option<&Facet>, new: Option<&Facet>) {
        let place =
            |node: &Option<Arc<str>>| node.as_ref().map_or_else(String::new, |node| format!(" on {node}"));
        let Some(Facet::Speaker { node, created, ready, ready_since, deleting }) = new else {
            if let Some(Facet::Speaker { node, .. }) = old {
                self.cause(About::All, format!("speaker{} is gone", place(node)), None);
            }
            return;
        };
        let place = place(node);
        let (was_ready, was_deleting) = if let Some(Facet::Speaker { ready, deleting, .. }) = old {
            (*ready, deleting.is_some())
        } else {
            self.cause(About::All, format!("speaker{place} created"), *created);
            (false, false)
        };
        match (was_deleting, deleting) {
            (false, Some(since)) => {
                self.cause(About::All, format!("speaker{place} is being deleted"), Some(*since));
            }
            (false, None) if was_ready != *ready => {
                let verb = if *ready { "became ready" } else { "is not ready any more" };
                self.cause(About::All, format!("speaker{place} {verb}"), *ready_since);
            }
            _ => {}
        }
    }

    fn serving(
        &mut self,
        service: &Arc<str>,
        by_node: bool,
        old: &BTreeSet<Arc<str>>,
        new: &BTreeSet<Arc<str>>,
    ) {
        let about = || About::Service(Arc::clone(service));
        if by_node {
            for node in old.difference(new) {
                self.cause(about(), format!("no endpoint is left on {node}"), None);
            }
            for node in new.difference(old) {
                self.cause(about(), format!("first endpoint on {node}"), None);
            }
        }
        match (old.is_empty(), new.is_empty()) {
            (true, false) => self.cause(about(), "has endpoints", None),
            (false, true) => self.cause(about(), "has no endpoint any more", None),
            _ => {}
        }
    }

    fn service(&mut self, old: Option<&Facet>, new: Option<&Facet>) {
        let none = BTreeSet::new();
        let ips = |facet: Option<&Facet>| match facet {
            Some(Facet::Service { ips, .. }) => ips.clone(),
            _ => none.clone(),
        };
        let (before, after) = (ips(old), ips(new));
        for ip in before.difference(&after) {
            let change =
                if new.is_some() { format!("lost {ip}") } else { format!("deleted, and {ip} with it") };
            self.cause(About::Ip(*ip), change, None);
        }
        for ip in after.difference(&before) {
            self.cause(About::Ip(*ip), format!("got {ip}"), None);
        }
        let policies = (old, new);
        if let (
            Some(Facet::Service { local_policy: was, .. }),
            Some(Facet::Service { name, local_policy, .. }),
        ) = policies
            && was != local_policy
        {
            let policy = if *local_policy { "Local" } else { "Cluster" };
            let about = About::Service(Arc::clone(name));
            self.cause(about, format!("externalTrafficPolicy became {policy}"), None);
        }
    }

    fn status(&mut self, old: Option<&Facet>, new: Option<&Facet>) {
        let said = |facet: Option<&Facet>| match facet {
            Some(Facet::Status(L2Status { service, node, .. })) => Some((service.clone(), node.clone())),
            _ => None,
        };
        let (before, after) = (said(old), said(new));
        if before == after {
            return;
        }
        for (said, began) in [(before, false), (after, true)] {
            if let Some((service, node)) = said {
                self.claim("l2status", &service, &node, began, None);
            }
        }
    }
}

/// What an object of a kind is called.
const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Services => "Service",
        Kind::Nodes => "Node",
        Kind::OwnPods | Kind::Speakers | Kind::HelmSpeakers => "Pod",
        Kind::EndpointSlices => "EndpointSlice",
        Kind::Endpoints => "Endpoints",
        Kind::Events => "Event",
        Kind::Statuses => "ServiceL2Status",
        Kind::Pools => "IPAddressPool",
        Kind::AddressPools => "AddressPool",
        Kind::Advertisements => "L2Advertisement",
        Kind::Config => "ConfigMap",
    }
}

#[cfg(test)]
mod tests;
