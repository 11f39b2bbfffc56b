//! Strings that many objects have in common: node names and labels.

use std::{collections::HashSet, sync::Arc};

use super::super::objects::Object;
use crate::claims::election::Labels;

/// One copy of each.
#[derive(Debug, Default)]
pub(crate) struct Words {
    known: HashSet<Arc<str>>,
    /// When there are so many, those that nobody has any more go.
    limit: usize,
}

/// Below that nothing is worth a look.
const FEW: usize = 4096;

impl Words {
    /// The strings of an object replaced by the common copies.
    pub(super) fn share(&mut self, object: &mut Object) {
        match object {
            Object::Node(node) => self.labels(&mut node.facts.labels),
            Object::Service(service) => self.labels(&mut service.labels),
            Object::Pod(pod) => pod.node = pod.node.as_ref().map(|node| self.word(node)),
            Object::Slice(slice) => {
                slice.service = self.word(&slice.service);
                for endpoint in &mut slice.endpoints {
                    endpoint.node = endpoint.node.as_ref().map(|node| self.word(node));
                }
            }
            Object::Event(event) => {
                event.service = self.word(&event.service);
                event.node = self.word(&event.node);
            }
            Object::Status(_) | Object::Pools(_) | Object::Advertisement(_) => {}
        }
    }

    fn labels(&mut self, labels: &mut Labels) {
        labels.shared(|text| self.word(text));
    }

    /// The common copy of a string.
    pub(crate) fn word(&mut self, text: &Arc<str>) -> Arc<str> {
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        if self.known.len() >= self.limit.max(FEW) {
            self.known.retain(|word| Arc::strong_count(word) > 1);
            self.limit = self.known.len() * 2;
        }
        self.known.insert(Arc::clone(text));
        Arc::clone(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_held_once_and_those_nobody_has_go() {
        let mut words = Words::default();
        let first = words.word(&Arc::from("kubernetes.io/os"));
        let second = words.word(&Arc::from("kubernetes.io/os"));
        assert!(Arc::ptr_eq(&first, &second));
        for number in 0..10 * FEW {
            words.word(&Arc::from(number.to_string()));
        }
        assert!(words.known.len() <= FEW, "{}", words.known.len());
        assert!(Arc::ptr_eq(&first, &words.word(&Arc::from("kubernetes.io/os"))));
    }
}
