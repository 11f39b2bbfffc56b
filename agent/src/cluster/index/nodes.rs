//! Nodes by name and by address.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use super::{
    super::objects::{Node, Object},
    store::{Store, Touched},
};
use crate::claims::election::NodeFacts;

/// Nodes by name and by address.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    by_name: BTreeMap<Arc<str>, Node>,
    by_address: BTreeMap<IpAddr, Arc<str>>,
}

impl Nodes {
    pub(super) fn of_address(&self, address: IpAddr) -> Option<&str> {
        self.by_address.get(&address).map(AsRef::as_ref)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.by_name.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(AsRef::as_ref)
    }

    pub(super) fn addresses_of(&self, node: &str) -> &[IpAddr] {
        self.by_name.get(node).map_or(&[], |node| &node.internal)
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = (&Arc<str>, &NodeFacts)> {
        self.by_name.iter().map(|(name, node)| (name, &node.facts))
    }

    pub(super) fn facts_of(&self, node: &str) -> Option<&NodeFacts> {
        self.by_name.get(node).map(|node| &node.facts)
    }

    fn leave(&mut self, name: &str) -> Option<Node> {
        let node = self.by_name.remove(name)?;
        for address in &node.internal {
            // It may be another node's by now.
            if self.by_address.get(address).is_some_and(|owner| **owner == *name) {
                self.by_address.remove(address);
            }
        }
        Some(node)
    }
}

impl Store for Nodes {
    fn keys(&self) -> Vec<Arc<str>> {
        self.by_name.keys().cloned().collect()
    }

    fn put(&mut self, key: Arc<str>, object: Object) -> Touched {
        let Object::Node(node) = object else { return Touched::Nothing };
        if self.by_name.get(&key) == Some(&node) {
            return Touched::Nothing;
        }
        let former = self.leave(&key);
        let elects = former.is_none_or(|former| former.facts != node.facts);
        for address in &node.internal {
            self.by_address.insert(*address, Arc::clone(&key));
        }
        self.by_name.insert(key, node);
        if elects { Touched::Everything } else { Touched::Otherwise }
    }

    fn remove(&mut self, key: &str) -> Touched {
        self.leave(key).map_or(Touched::Nothing, |_| Touched::Everything)
    }
}
