//! Which nodes stand for election.

use std::{collections::BTreeSet, sync::Arc};

use super::{Advertisement, Labels, Rules, rules::Memberless};

/// The label that keeps a node out, whatever its value.
pub const EXCLUDE_LABEL: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// What the election asks of a Node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// Its labels.
    pub labels: Labels,
    /// Its condition `NetworkUnavailable` is True.
    pub network_unavailable: bool,
    /// It is cordoned.
    pub unschedulable: bool,
}

/// The speakers, as far as the API tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Speakers {
    /// How many pods there are.
    pub pods: usize,
    /// The nodes of those that are ready: who should be in memberlist.
    pub ready: BTreeSet<Arc<str>>,
    /// They are set up for memberlist.
    pub memberlist: bool,
    /// They run with `--ignore-exclude-lb`.
    pub ignore_label: bool,
}

/// The nodes that stand, and why others don't.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// By name.
    pub(super) nodes: Vec<Arc<str>>,
    /// Any node with an endpoint stands.
    pub(super) anyone: bool,
    pub(super) left_out: LeftOut,
}

/// How many nodes don't stand, by the first reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// No `L2Advertisement` selects them.
    pub not_selected: usize,
    /// No ready speaker pod.
    pub without_speaker: usize,
    /// `NetworkUnavailable`.
    pub network: usize,
    /// Cordoned, where that matters.
    pub cordoned: usize,
    /// [`EXCLUDE_LABEL`].
    pub labelled: usize,
    /// The version elects nobody without memberlist.
    pub no_memberlist: bool,
}

impl Candidates {
    /// Those for Services whose pool is announced by these advertisements; `None` stands for all nodes, as up to 0.12.
    pub fn of<'a>(
        rules: Rules,
        advertisements: Option<&[&Advertisement]>,
        nodes: impl Iterator<Item = (&'a Arc<str>, &'a NodeFacts)>,
        speakers: &Speakers,
    ) -> Self {
        let memberlist = rules.knows_memberlist() && speakers.memberlist;
        if !rules.reads_custom_resources() {
            return Self::by_memberlist_alone(rules, memberlist, speakers);
        }
        let mut found = Self::default();
        let left_out = &mut found.left_out;
        left_out.no_memberlist = !memberlist && rules.without_memberlist() == Memberless::Nobody;
        for (name, facts) in nodes {
            let selected = |ad: &&Advertisement| ad.allows(&facts.labels);
            let excluded = rules.heeds_the_label() && !speakers.ignore_label;
            if !advertisements.is_none_or(|ads| ads.iter().any(selected)) {
                left_out.not_selected += 1;
            } else if memberlist && !speakers.ready.contains(name) {
                left_out.without_speaker += 1;
            } else if rules.heeds_the_network() && facts.network_unavailable {
                left_out.network += 1;
            } else if rules.heeds_the_cordon() && facts.unschedulable {
                left_out.cordoned += 1;
            } else if excluded && facts.labels.get(EXCLUDE_LABEL).is_some() {
                left_out.labelled += 1;
            } else if !left_out.no_memberlist {
                found.nodes.push(Arc::clone(name));
            }
        }
        found.nodes.sort();
        found
    }

    /// Up to 0.12 no Node object is looked at.
    fn by_memberlist_alone(rules: Rules, memberlist: bool, speakers: &Speakers) -> Self {
        if memberlist {
            let left_out = LeftOut {
                without_speaker: speakers.pods - speakers.ready.len().min(speakers.pods),
                ..LeftOut::default()
            };
            return Self { nodes: speakers.ready.iter().cloned().collect(), anyone: false, left_out };
        }
        let no_memberlist = rules.without_memberlist() == Memberless::OnlyLocal;
        Self { nodes: Vec::new(), anyone: true, left_out: LeftOut { no_memberlist, ..LeftOut::default() } }
    }

    /// Whether that node stands.
    pub(super) fn contains(&self, node: &Arc<str>) -> bool {
        self.anyone || self.nodes.binary_search(node).is_ok()
    }

    /// How many stand.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nobody is known to stand.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}
