//! An API server with one Node, for tests: it keeps what is patched, as a real one does with `resourceVersion`.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json,
    extract::Request,
    http::Method,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::note::ANNOTATION;
use crate::{
    claims::election::EXCLUDE_LABEL,
    cli::{
        api::{
            Api,
            mock::{Cluster, status},
        },
        client::AgentArgs,
    },
};

pub(super) const NODE: &str = "n2";

/// The Node, and what goes wrong.
pub(super) struct Kept {
    pub(super) labels: Value,
    pub(super) annotations: Value,
    version: u64,
    /// Somebody else changes the Node between the next so many reads and the patches that follow.
    pub(super) others: usize,
    /// After so many patches were taken, requests fail.
    pub(super) away_after: Option<usize>,
    /// A patch is taken, and its answer lost.
    pub(super) swallows: bool,
    pub(super) patches: usize,
}

/// The server.
pub(super) struct NodeServer {
    cluster: Cluster,
    kept: Arc<Mutex<Kept>>,
}

impl NodeServer {
    /// A Node with a label and an annotation of somebody else's.
    pub(super) async fn start() -> Self {
        let kept = Arc::new(Mutex::new(Kept {
            labels: json!({"kubernetes.io/hostname": NODE}),
            annotations: json!({"other": "1"}),
            version: 7,
            others: 0,
            away_after: None,
            swallows: false,
            patches: 0,
        }));
        let state = Arc::clone(&kept);
        let cluster = Cluster::taking(move |request| state.lock().unwrap().answer(request)).await;
        Self { cluster, kept }
    }

    pub(super) async fn api(&self) -> Api {
        self.cluster.args().api.open(Duration::from_secs(1)).await.unwrap()
    }

    /// What leads to it.
    pub(super) fn agents(&self) -> AgentArgs {
        self.cluster.args()
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// The label's value and whether the note is there; the rest must be as it was.
    pub(super) fn marks(&self) -> (Option<String>, bool) {
        let kept = self.kept();
        assert_eq!(kept.labels["kubernetes.io/hostname"], NODE);
        assert_eq!(kept.annotations["other"], "1");
        (kept.labels[EXCLUDE_LABEL].as_str().map(str::to_owned), kept.annotations[ANNOTATION].is_string())
    }

    pub(super) fn is_clean(&self) -> bool {
        self.marks() == (None, false)
    }
}

impl Kept {
    fn node(&self) -> Value {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {
            "name": NODE, "resourceVersion": self.version.to_string(),
            "labels": self.labels, "annotations": self.annotations}})
    }

    fn answer(&mut self, request: &Request<Bytes>) -> Response {
        if self.away_after.is_some_and(|patches| self.patches >= patches) {
            return status(500, "etcdserver: no leader");
        }
        let path = request.uri().path();
        match (request.method().clone(), path.strip_prefix("/api/v1/nodes/")) {
            (Method::GET, Some(NODE)) => {
                let answer = Json(self.node()).into_response();
                if self.others > 0 {
                    self.others -= 1;
                    self.version += 1;
                }
                answer
            }
            (Method::PATCH, Some(NODE)) => self.patch(request),
            (Method::GET, None) if path == "/api/v1/nodes" => {
                let list = json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                                  "metadata": {}, "items": [self.node()]});
                Json(list).into_response()
            }
            _ => status(404, "not found"),
        }
    }

    fn patch(&mut self, request: &Request<Bytes>) -> Response {
        assert_eq!(request.headers()["content-type"], "application/merge-patch+json");
        let patch: Value = serde_json::from_slice(request.body()).unwrap();
        let Value::Object(metadata) = &patch["metadata"] else { panic!("{patch}") };
        assert!(metadata.keys().all(|key| ["annotations", "labels", "resourceVersion"].contains(&&**key)));
        let version = self.version.to_string();
        if metadata["resourceVersion"] != *version {
            return status(409, "the object has been modified");
        }
        for (kept, patch) in
            [(&mut self.labels, &metadata["labels"]), (&mut self.annotations, &metadata["annotations"])]
        {
            merge(kept, patch);
        }
        self.version += 1;
        self.patches += 1;
        if std::mem::take(&mut self.swallows) {
            return status(504, "timed out");
        }
        Json(self.node()).into_response()
    }
}

/// RFC 7386, of one level.
fn merge(kept: &mut Value, patch: &Value) {
    let kept = kept.as_object_mut().unwrap();
    for (key, value) in patch.as_object().unwrap() {
        if value.is_null() {
            kept.remove(key);
        } else {
            kept.insert(key.clone(), value.clone());
        }
    }
}
