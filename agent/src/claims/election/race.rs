//! The order of the candidates: the lowest SHA-256 of `node#key` announces.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::Candidates;

type Hash = [u8; 32];

fn hash(node: &str, key: &str) -> Hash {
    let mut sha = Sha256::new();
    sha.update(node);
    sha.update("#");
    sha.update(key);
    sha.finalize().into()
}

/// The first of these nodes.
pub(super) fn first<'a>(key: &str, nodes: impl Iterator<Item = &'a Arc<str>>) -> Option<&'a Arc<str>> {
    nodes.min_by_key(|node| hash(node, key))
}

/// Who leads among candidates, so that a change of the candidates costs as many hashes as there are new ones: a
/// cluster of thousands of nodes and Services must not be elected anew for each pod that gets ready.
#[derive(Clone, Debug)]
pub struct Race {
    candidates: Arc<Candidates>,
    leader: Option<(Hash, Arc<str>)>,
}

/// What two sets of candidates differ in.
#[derive(Debug)]
pub struct Difference {
    from: Arc<Candidates>,
    to: Arc<Candidates>,
    added: Vec<Arc<str>>,
}

impl Difference {
    /// From one to the other.
    pub fn between(from: &Arc<Candidates>, to: &Arc<Candidates>) -> Self {
        let added = to.nodes.iter().filter(|node| from.nodes.binary_search(node).is_err()).cloned().collect();
        Self { from: Arc::clone(from), to: Arc::clone(to), added }
    }

    fn is(&self, from: &Arc<Candidates>, to: &Arc<Candidates>) -> bool {
        Arc::ptr_eq(&self.from, from) && Arc::ptr_eq(&self.to, to)
    }
}

impl Race {
    /// Among these candidates.
    pub fn run(key: &str, candidates: &Arc<Candidates>) -> Self {
        let leader = candidates.nodes.iter().map(|node| (hash(node, key), Arc::clone(node))).min();
        Self { candidates: Arc::clone(candidates), leader }
    }

    /// Among other candidates, with the same key; `last` is the difference that was looked at last.
    ///
    /// Returns how many hashes that took.
    pub fn rerun(&mut self, key: &str, candidates: &Arc<Candidates>, last: &mut Option<Difference>) -> usize {
        if Arc::ptr_eq(&self.candidates, candidates) {
            return 0;
        }
        if self.leader.as_ref().is_none_or(|(_, node)| !candidates.contains(node)) {
            *self = Self::run(key, candidates);
            return candidates.len();
        }
        if !last.as_ref().is_some_and(|last| last.is(&self.candidates, candidates)) {
            *last = None;
        }
        let difference = last.get_or_insert_with(|| Difference::between(&self.candidates, candidates));
        let added = difference.added.iter().map(|node| (hash(node, key), Arc::clone(node)));
        self.leader = added.chain(self.leader.take()).min();
        self.candidates = Arc::clone(candidates);
        difference.added.len()
    }

    /// Who announces.
    pub fn leader(&self) -> Option<&Arc<str>> {
        self.leader.as_ref().map(|(_, node)| node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(names: &[&str]) -> Arc<Candidates> {
        let mut nodes: Vec<Arc<str>> = names.iter().map(|name| Arc::from(*name)).collect();
        nodes.sort();
        Arc::new(Candidates { nodes, ..Candidates::default() })
    }

    #[test]
    fn the_order_is_metallbs() {
        let three = nodes(&["node1", "node2", "node3"]);
        let table = [
            ("10.0.0.100", "node1"),
            ("10.0.0.101", "node3"),
            ("192.168.1.240", "node3"),
            ("2001:db8::100", "node1"),
            // Up to 0.10 the key is the Service's name.
            ("default/nginx", "node2"),
            ("default/web", "node3"),
        ];
        for (key, wanted) in table {
            assert_eq!(first(key, three.nodes.iter()).map(AsRef::as_ref), Some(wanted), "{key}");
        }
        let mut rest = three.nodes.clone();
        let mut order = Vec::new();
        while let Some(node) = first("2001:db8::100", rest.iter()).cloned() {
            rest.retain(|other| *other != node);
            order.push(node.to_string());
        }
        assert_eq!(order, ["node1", "node3", "node2"]);
    }

    #[test]
    fn a_change_of_the_candidates_gives_what_a_new_race_gives() {
        let sets = [
            nodes(&["node1", "node2", "node3"]),
            nodes(&["node2", "node3", "node4"]),
            nodes(&["node4"]),
            nodes(&[]),
            nodes(&["node1", "node2", "node3", "node4", "node5"]),
        ];
        for from in &sets {
            for to in &sets {
                let mut last = None;
                for ip in 0..64 {
                    let key = format!("10.0.0.{ip}");
                    let mut race = Race::run(&key, from);
                    let cost = race.rerun(&key, to, &mut last);
                    assert_eq!(race.leader(), Race::run(&key, to).leader(), "{key}");
                    assert!(cost <= to.len());
                    assert_eq!(race.rerun(&key, to, &mut last), 0);
                }
            }
        }
    }
}
