//! `nodeAssigned` Events.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Meta, key, or_default};

/// What is kept of a `nodeAssigned` Event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `namespace/name` of the Service.
    pub service: Arc<str>,
    /// The node it names.
    pub node: Arc<str>,
    /// Its last time; the API has whole seconds.
    pub at: Timestamp,
    /// Orders Events of one second: the number in its `resourceVersion`.
    pub order: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wire {
    metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    involved_object: Reference,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
    #[serde(default, deserialize_with = "or_default")]
    message: String,
    #[serde(default, deserialize_with = "or_default")]
    series: Series,
    #[serde(default)]
    last_timestamp: Option<Timestamp>,
    #[serde(default)]
    event_time: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Series {
    last_observed_time: Option<Timestamp>,
}

impl Wire {
    /// `None` for Events of another sort, and for announcements by BGP.
    pub(super) fn reduce(self) -> Option<Event> {
        let Self { metadata, involved_object, reason, message, series, last_timestamp, event_time } = self;
        if reason != "nodeAssigned" || involved_object.kind != "Service" {
            return None;
        }
        let node = node(&message)?.into();
        let at =
            last_timestamp.or(series.last_observed_time).or(event_time).or(metadata.creation_timestamp)?;
        let order = metadata.resource_version.parse().unwrap_or_default();
        Some(Event { service: key(&involved_object.namespace, &involved_object.name), node, at, order })
    }
}

/// `announcing from node "n2"`, since 0.12 with `… with protocol "layer2"`.
fn node(message: &str) -> Option<&str> {
    let mut parts = message.strip_prefix("announcing from node \"")?.split('"');
    let node = parts.next().filter(|node| !node.is_empty())?;
    let protocol = parts.nth(1);
    matches!(protocol, None | Some("layer2")).then_some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_is_read_from_old_and_new_messages_alike() {
        let table = [
            ("announcing from node \"n2\"", Some("n2")),
            ("announcing from node \"n2\" with protocol \"layer2\"", Some("n2")),
            ("announcing from node \"n2\" with protocol \"bgp\"", None),
            ("announcing from node \"\"", None),
            ("Assigned IP \"10.77.0.201\"", None),
            ("", None),
        ];
        for (message, wanted) in table {
            assert_eq!(node(message), wanted, "{message}");
        }
    }
}
