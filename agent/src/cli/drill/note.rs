//! What a drill writes on the Node beside the label, in the same patch: whose the label is, should the drill die.

use std::{collections::BTreeMap, env};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Node;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{claims::election::EXCLUDE_LABEL, verdict::ago};

/// The annotation: proof that the label is a drill's.
pub(in crate::cli) const ANNOTATION: &str = "l2witness.io/drill";

/// The label's value. MetalLB looks at its presence alone; this one tells people whose it is.
pub(super) const VALUE: &str = "l2witness-drill";

/// Who drills, and what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Note {
    /// When the label was set.
    pub(super) since: Timestamp,
    /// When the drill is over at the latest: a note beyond that was left behind.
    pub(super) until: Timestamp,
    /// `user@host`.
    pub(super) by: String,
    /// `namespace/name`.
    pub(super) service: String,
}

impl Note {
    /// As it stands in the annotation.
    pub(super) fn text(&self) -> String {
        let Self { since, until, by, service } = self;
        json!({"since": since, "until": until, "by": by, "service": service}).to_string()
    }
}

/// Who runs this program, for people who find the note.
pub(super) fn myself() -> String {
    let user = env::var("USER").ok().filter(|user| !user.is_empty());
    let host = nix::unistd::gethostname().ok().and_then(|host| host.into_string().ok());
    format!("{}@{}", user.as_deref().unwrap_or("somebody"), host.as_deref().unwrap_or("somewhere"))
}

/// A Node with a drill's note on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Left {
    /// The Node.
    pub(in crate::cli) node: String,
    /// The annotation, byte by byte.
    pub(super) text: String,
    /// The label's value, if the Node has it.
    pub(super) label: Option<String>,
}

impl Left {
    pub(super) fn of(node: &Node) -> Option<Self> {
        let name = node.metadata.name.clone().unwrap_or_default();
        let metadata = &node.metadata;
        Self::new(name, metadata.labels.as_ref(), metadata.annotations.as_ref())
    }

    pub(super) fn new(
        node: String,
        labels: Option<&BTreeMap<String, String>>,
        annotations: Option<&BTreeMap<String, String>>,
    ) -> Option<Self> {
        let text = annotations?.get(ANNOTATION)?.clone();
        Some(Self { node, text, label: labels.and_then(|labels| labels.get(EXCLUDE_LABEL)).cloned() })
    }

    /// Whether the label is there and is a drill's.
    pub(super) fn is_labelled(&self) -> bool {
        self.label.as_deref() == Some(VALUE)
    }

    /// `None` if somebody has rewritten it, or a later version did.
    fn note(&self) -> Option<Note> {
        serde_json::from_str(&self.text).ok()
    }

    /// Whether its drill may still be at work.
    pub(in crate::cli) fn is_under_way(&self, now: Timestamp) -> bool {
        self.note().is_some_and(|note| note.since <= now && now <= note.until)
    }

    /// In one line, without a full stop.
    pub(in crate::cli) fn words(&self, now: Timestamp) -> String {
        let of = self.note().map_or_else(
            || "of a drill".to_owned(),
            |Note { since, by, service, .. }| {
                format!("of the drill of {service} by {by}, {}", ago(since, now))
            },
        );
        match &self.label {
            Some(_) if self.is_labelled() => format!("has the label {EXCLUDE_LABEL} {of}"),
            Some(_) => format!("has the note {of}; the label {EXCLUDE_LABEL} was set anew by somebody else"),
            None => format!("has the note {of}; the label is gone"),
        }
    }
}

/// Nodes with notes, for tests.
#[cfg(test)]
pub(in crate::cli) mod sample {
    use super::{Left, Note, VALUE};
    use crate::verdict::sample::at;

    pub(in crate::cli) fn note(since: i64, until: i64) -> Note {
        let (by, service) = ("ann@desk".to_owned(), "shop/web".to_owned());
        Note { since: at(since), until: at(until), by, service }
    }

    pub(in crate::cli) fn left(node: &str, since: i64, until: i64) -> Left {
        let label = Some(VALUE.to_owned());
        Left { node: node.to_owned(), text: note(since, until).text(), label }
    }
}

/// What a patch takes away: what is the drill's.
pub(super) fn undoing(left: &Left) -> (Value, Value) {
    let labels = if left.is_labelled() { json!({EXCLUDE_LABEL: null}) } else { json!({}) };
    (labels, json!({ANNOTATION: null}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::sample::{T0, at};

    fn note() -> Note {
        sample::note(T0 - 60, T0 + 60)
    }

    fn left(text: &str, label: Option<&str>) -> Left {
        Left { node: "n2".to_owned(), text: text.to_owned(), label: label.map(str::to_owned) }
    }

    #[test]
    fn a_note_comes_back_as_it_was_written() {
        let text = note().text();
        assert_eq!(serde_json::from_str::<Note>(&text).unwrap(), note());
        let more = text.replace('{', "{\"later\": 1, ");
        assert_eq!(serde_json::from_str::<Note>(&more).unwrap(), note());
    }

    #[test]
    fn what_was_left_is_told_as_far_as_it_can_be_read() {
        let text = note().text();
        for (text, label, words) in [
            (
                &*text,
                Some(VALUE),
                "has the label node.kubernetes.io/exclude-from-external-load-balancers of the drill of shop/web by ann@desk, 60s ago",
            ),
            (
                &text,
                Some(""),
                "has the note of the drill of shop/web by ann@desk, 60s ago; the label node.kubernetes.io/exclude-from-external-load-balancers was set anew by somebody else",
            ),
            (&text, None, "has the note of the drill of shop/web by ann@desk, 60s ago; the label is gone"),
            (
                "rubbish",
                Some(VALUE),
                "has the label node.kubernetes.io/exclude-from-external-load-balancers of a drill",
            ),
        ] {
            assert_eq!(left(text, label).words(at(T0)), words);
        }
    }

    #[test]
    fn a_drill_is_under_way_until_it_must_be_over() {
        let text = note().text();
        for (second, expected) in [(T0 - 61, false), (T0 - 60, true), (T0 + 60, true), (T0 + 61, false)] {
            assert_eq!(left(&text, Some(VALUE)).is_under_way(at(second)), expected, "{second}");
        }
        assert!(!left("rubbish", Some(VALUE)).is_under_way(at(T0)));
    }

    #[test]
    fn only_the_drill_s_own_label_is_taken_away() {
        for (label, taken) in [(Some(VALUE), true), (Some(""), false), (Some("true"), false), (None, false)] {
            let (labels, annotations) = undoing(&left("x", label));
            assert_eq!(labels.get(EXCLUDE_LABEL).is_some_and(Value::is_null), taken, "{label:?}");
            assert_eq!(annotations, json!({ANNOTATION: null}));
        }
    }
}
