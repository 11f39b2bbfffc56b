//! One Node: read, and changed only as it was read.

use k8s_openapi::api::core::v1::Node;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{Api, ApiError, Right};

/// Who changed a field, as `managedFields` tell.
const MANAGER: &str = "l2witness-drill";

impl Api {
    /// Reads a Node.
    pub(in crate::cli) async fn node(&self, name: &str) -> Result<Node, ApiError> {
        let nodes = kube::Api::<Node>::all(self.client.clone());
        self.call(Some(&Right::node("get")), nodes.get(name)).await
    }

    /// Changes labels and annotations of a Node, both at once, where nobody has changed the Node since it was read:
    /// `null` takes one away.
    ///
    /// # Errors
    /// [`ApiError::Conflict`] where somebody has; then nothing is changed.
    pub(in crate::cli) async fn patch_node(
        &self,
        read: &Node,
        labels: &Value,
        annotations: &Value,
    ) -> Result<(), ApiError> {
        let name = read.metadata.name.as_deref().unwrap_or_default();
        // Without it the API server would take the patch whatever the Node has become.
        let Some(version) = &read.metadata.resource_version else {
            return Err(ApiError::Other(format!("Node {name} has no resourceVersion")));
        };
        let metadata = json!({"resourceVersion": version, "labels": labels, "annotations": annotations});
        let patch = Patch::Merge(json!({"metadata": metadata}));
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let nodes = kube::Api::<Node>::all(self.client.clone());
        self.call(Some(&Right::node("patch")), nodes.patch_metadata(name, &params, &patch)).await.map(drop)
    }
}
