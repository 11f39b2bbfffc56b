//! Whole lists, page by page.

use std::fmt::Debug;

use kube::{
    Resource,
    api::{ListParams, ObjectList, PartialObjectMeta},
};
use serde::de::DeserializeOwned;

use super::{Api, ApiError, Right};

/// Objects a page: a page of large ones still comes within the time-out.
const PAGE: u32 = 500;

/// How often a list is begun again because it went stale between two pages.
const TRIES: usize = 3;

impl Api {
    /// All objects of a kind that the labels select; `right` is what that takes.
    pub(in crate::cli) async fn list<K>(
        &self,
        kind: &kube::Api<K>,
        right: &Right,
        labels: &str,
    ) -> Result<Vec<K>, ApiError>
    where
        K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    {
        self.pages(right, labels, async |params| kind.list(&params).await).await
    }

    /// The same, without all that is not metadata.
    pub(in crate::cli) async fn list_metadata<K>(
        &self,
        kind: &kube::Api<K>,
        right: &Right,
    ) -> Result<Vec<PartialObjectMeta<K>>, ApiError>
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    {
        self.pages(right, "", async |params| kind.list_metadata(&params).await).await
    }

    async fn pages<K: Resource + Clone>(
        &self,
        right: &Right,
        labels: &str,
        page: impl AsyncFn(ListParams) -> kube::Result<ObjectList<K>>,
    ) -> Result<Vec<K>, ApiError> {
        let mut tries = 0;
        let mut items = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let params = ListParams { continue_token: next.take(), ..ListParams::default() };
            let params = params.labels(labels).limit(PAGE);
            let list = match self.call(Some(right), page(params)).await {
                // 410: what the token stood for is compacted away.
                Err(ApiError::Expired) if tries < TRIES => {
                    tries += 1;
                    items.clear();
                    continue;
                }
                list => list?,
            };
            // A page of a large cluster is mostly these.
            items.extend(list.items.into_iter().map(|mut item| {
                item.meta_mut().managed_fields = None;
                item
            }));
            next = list.metadata.continue_.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(items);
            }
        }
    }
}
