//! Labels and what selects them.

use std::sync::Arc;

use serde::Deserialize;

/// The labels of an object, ordered by key. Their strings are shared: thousands of Nodes have the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Box<[(Arc<str>, Arc<str>)]>);

impl Labels {
    /// The value of a label.
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
        self.0.get(at).map(|(_, value)| &**value)
    }

    /// Each string replaced by what `share` gives for it, which has to be equal.
    pub fn shared(&mut self, mut share: impl FnMut(&Arc<str>) -> Arc<str>) {
        for (key, value) in &mut self.0 {
            *key = share(key);
            *value = share(value);
        }
    }
}

impl<K: Into<Arc<str>>, V: Into<Arc<str>>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(labels: I) -> Self {
        let mut labels: Vec<_> = labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        labels.sort();
        Self(labels.into())
    }
}

/// A `LabelSelector` (`k8s.io/apimachinery`); an empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    match_labels: Option<std::collections::BTreeMap<String, String>>,
    match_expressions: Option<Vec<Expression>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Expression {
    key: String,
    operator: Operator,
    #[serde(default)]
    values: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    /// Whether all of it holds.
    pub fn matches(&self, labels: &Labels) -> bool {
        let equal = |(key, value): (&String, &String)| labels.get(key) == Some(value);
        self.match_labels.iter().flatten().all(equal)
            && self.match_expressions.iter().flatten().all(|expression| expression.matches(labels))
    }
}

impl Expression {
    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        let listed = || value.is_some_and(|value| self.values.iter().flatten().any(|other| other == value));
        match self.operator {
            Operator::In => listed(),
            Operator::NotIn => !listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// `MetalLB` ors the selectors of a list; an empty list is for the caller to understand.
pub(super) fn any(selectors: &[Selector], labels: &Labels) -> bool {
    selectors.iter().any(|selector| selector.matches(labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_matches_as_in_kubernetes() {
        let labels = Labels::from_iter([("zone", "a"), ("rack", "7")]);
        let table = [
            (r"{}", true),
            (r#"{"matchLabels": {"zone": "a"}}"#, true),
            (r#"{"matchLabels": {"zone": "a", "rack": "8"}}"#, false),
            (r#"{"matchLabels": null, "matchExpressions": null}"#, true),
            (r#"{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b", "a"]}]}"#, true),
            (r#"{"matchExpressions": [{"key": "none", "operator": "In", "values": ["a"]}]}"#, false),
            (r#"{"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}"#, false),
            (r#"{"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["a"]}]}"#, true),
            (r#"{"matchExpressions": [{"key": "rack", "operator": "Exists"}]}"#, true),
            (r#"{"matchExpressions": [{"key": "none", "operator": "Exists", "values": null}]}"#, false),
            (r#"{"matchExpressions": [{"key": "none", "operator": "DoesNotExist"}]}"#, true),
            (r#"{"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}"#, false),
            (
                r#"{"matchLabels": {"zone": "a"}, "matchExpressions": [{"key": "rack", "operator": "In", "values": ["8"]}]}"#,
                false,
            ),
        ];
        for (text, wanted) in table {
            let selector: Selector = serde_json::from_str(text).unwrap();
            assert_eq!(selector.matches(&labels), wanted, "{text}");
        }
        assert!(
            serde_json::from_str::<Selector>(r#"{"matchExpressions": [{"key": "a", "operator": "Gt"}]}"#)
                .is_err()
        );
    }
}
