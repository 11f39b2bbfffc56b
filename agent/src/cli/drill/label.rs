//! The label on the Node: set together with the note, and taken away again whatever happens.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Node;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::note::{ANNOTATION, Left, Note, VALUE, undoing};
use crate::{
    claims::election::EXCLUDE_LABEL,
    cli::api::{Api, ApiError, Right},
};

/// How often a change is tried anew because somebody else changed the Node meanwhile: its kubelet does so every few
/// seconds.
const TRIES: usize = 5;

/// Between two tries at an API server that does not answer as it should.
const PAUSE: Duration = Duration::from_millis(500);

/// Why the label was not set.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum NotSet {
    /// It is there.
    #[error(
        "Node {0} already has the label {EXCLUDE_LABEL}={1:?}: somebody else keeps it out; nothing was touched"
    )]
    Labelled(String, String),
    /// A drill's note is.
    #[error("Node {node} {words}; if it is not under way any more: l2witness drill --restore", node = .0.node, words = .0.words(Timestamp::now()))]
    LeftOver(Left),
    /// The API server did not take it.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// It was asked to and did not answer, which does not mean that it did not do it.
    #[error(transparent)]
    Unanswered(ApiError),
    /// It did not answer then, nor later.
    #[error("whether Node {0} has the label is not known: {1}; look, and take it away: {by_hand}", by_hand = by_hand(.0))]
    Unsure(String, ApiError),
}

/// Whether the label may be set on this Node.
pub(super) fn is_free(node: &Node) -> Result<(), NotSet> {
    if let Some(left) = Left::of(node) {
        return Err(NotSet::LeftOver(left));
    }
    let labels = node.metadata.labels.as_ref();
    match labels.and_then(|labels| labels.get(EXCLUDE_LABEL)) {
        Some(value) => {
            let name = node.metadata.name.clone().unwrap_or_default();
            Err(NotSet::Labelled(name, value.clone()))
        }
        None => Ok(()),
    }
}

/// Sets label and note in one patch, where neither is there.
pub(super) async fn set(api: &Api, on: &str, what: &Note) -> Result<(), NotSet> {
    let (labels, annotations) = (json!({EXCLUDE_LABEL: VALUE}), json!({ANNOTATION: what.text()}));
    let mut tries = 0;
    loop {
        let node = api.node(on).await?;
        is_free(&node)?;
        tries += 1;
        match api.patch_node(&node, &labels, &annotations).await {
            Ok(()) => return Ok(()),
            Err(ApiError::Conflict(_)) if tries < TRIES => {}
            Err(error) if is_certain(&error) => return Err(error.into()),
            Err(error) => return Err(NotSet::Unanswered(error)),
        }
    }
}

/// Whether nothing was done for sure.
const fn is_certain(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Conflict(_) | ApiError::Forbidden(_) | ApiError::NotFound(_) | ApiError::Unauthorized(..)
    )
}

/// What there was to take away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TakenAway {
    /// Label and note.
    Both,
    /// The note; the label was another's by then, or gone.
    Note(Left),
    /// Nothing: the note is gone, or another drill's.
    Nothing,
}

/// Takes away what the drill with this note has set, and nothing else. Not finding it is no error.
pub(super) async fn take_away(api: &Api, on: &str, text: &str) -> Result<TakenAway, ApiError> {
    let mut tries = 0;
    loop {
        let node = match api.node(on).await {
            Err(ApiError::NotFound(_)) => return Ok(TakenAway::Nothing),
            node => node?,
        };
        let Some(left) = Left::of(&node).filter(|left| left.text == text) else {
            return Ok(TakenAway::Nothing);
        };
        let (labels, annotations) = undoing(&left);
        tries += 1;
        match api.patch_node(&node, &labels, &annotations).await {
            Ok(()) if left.is_labelled() => return Ok(TakenAway::Both),
            Ok(()) => return Ok(TakenAway::Note(left)),
            Err(ApiError::Conflict(_)) if tries < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

/// The same, again and again until it is done or patience ends.
pub(super) async fn surely_take_away(
    api: &Api,
    name: &str,
    note: &str,
    patience: Duration,
) -> Result<TakenAway, ApiError> {
    let end = Instant::now() + patience;
    loop {
        match take_away(api, name, note).await {
            Err(_) if Instant::now() < end => sleep(PAUSE).await,
            result => return result,
        }
    }
}

/// How to do it by hand.
pub(super) fn by_hand(node: &str) -> String {
    format!(
        "l2witness drill --restore, or by hand: kubectl label node {node} {EXCLUDE_LABEL}- && \
         kubectl annotate node {node} {ANNOTATION}-"
    )
}

/// All Nodes that have a drill's note.
pub(in crate::cli) async fn left(api: &Api) -> Result<Vec<Left>, ApiError> {
    let nodes = kube::Api::<Node>::all(api.client.clone());
    let nodes = api.list_metadata(&nodes, &Right::list("nodes", None)).await?;
    let left = nodes.into_iter().filter_map(|node| {
        let metadata = node.metadata;
        let name = metadata.name.unwrap_or_default();
        Left::new(name, metadata.labels.as_ref(), metadata.annotations.as_ref())
    });
    Ok(left.collect())
}
