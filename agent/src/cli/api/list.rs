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
        pages(ListParams::default().labels(labels), async |params| {
            self.call(Some(right), kind.list(&params)).await.map(objects)
        })
        .await
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
        pages(ListParams::default(), async |params| {
            self.call(Some(right), kind.list_metadata(&params)).await.map(objects)
        })
        .await
    }
}

/// Some of the items, and where the others begin.
type Page<T> = (Vec<T>, Option<String>);

fn objects<K: Resource + Clone>(list: ObjectList<K>) -> Page<K> {
    // A page of a large cluster is mostly these.
    let without = |mut item: K| {
        item.meta_mut().managed_fields = None;
        item
    };
    (list.items.into_iter().map(without).collect(), list.metadata.continue_)
}

async fn pages<T>(
    select: ListParams,
    page: impl AsyncFn(ListParams) -> Result<Page<T>, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let mut tries = 0;
    let mut items = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let params = ListParams { continue_token: next.take(), ..select.clone() };
        match page(params.limit(PAGE)).await {
            // 410: what the token stood for is compacted away.
            Err(ApiError::Expired) if tries < TRIES => {
                tries += 1;
                items.clear();
            }
            Err(error) => return Err(error),
            Ok((some, following)) => {
                items.extend(some);
                next = following.filter(|token| !token.is_empty());
                if next.is_none() {
                    return Ok(items);
                }
            }
        }
    }
}
