//! One request: bounded in time and size.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::{
    Client,
    api::{ListParams, WatchParams},
    client::Body,
    core::{Request, WatchEvent},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use tokio::time::timeout;
use tokio_stream::{Stream, StreamExt as _};

use super::{
    super::{
        kind::Kind,
        objects::{Item, read},
    },
    fault::{Fault, innermost},
    target::Target,
};

/// Objects a page. A Node with its images has 20 KiB, so a page stays below some MiB.
const PAGE: u32 = 250;
/// A page is never so large: objects are below 2 MiB each, and most a thousandth of that.
const PAGE_BYTES: usize = 64 << 20;

/// A page of a list.
struct Page {
    items: Vec<Item>,
    /// Where the next one begins.
    next: Option<String>,
    /// Where a watch begins.
    version: String,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    resource_version: Option<String>,
    r#continue: Option<String>,
}

/// The API server.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) client: Client,
    /// An answer that is not there by then won't be.
    pub(super) patience: Duration,
}

impl Api {
    /// A whole list, and where a watch begins.
    pub(super) async fn list(&self, target: &Target) -> Result<(Vec<Item>, String), Fault> {
        let mut items = Vec::new();
        let mut next = None;
        loop {
            let page = self.page(target, next).await?;
            items.extend(page.items);
            if page.next.is_none() {
                return Ok((items, page.version));
            }
            next = page.next;
        }
    }

    /// The first page, or the one that `next` of the page before says.
    async fn page(&self, target: &Target, next: Option<String>) -> Result<Page, Fault> {
        let parameters = ListParams {
            label_selector: target.labels.clone(),
            field_selector: target.fields.clone(),
            limit: Some(PAGE),
            continue_token: next,
            ..ListParams::default()
        };
        let request = Request::new(&target.path).list(&parameters).map_err(|error| build(&error))?;
        let body = self.body(target, request).await?;
        let page: Wire<'_> = parse(&body)?;
        Ok(Page {
            items: page
                .items
                .iter()
                .flatten()
                .filter_map(|object| understood(target.kind, object.get()))
                .collect(),
            next: page.metadata.r#continue.filter(|next| !next.is_empty()),
            version: page.metadata.resource_version.unwrap_or_default(),
        })
    }

    /// Opens a watch; the API server ends it after `seconds`.
    pub(super) async fn watch(
        &self,
        target: &Target,
        version: &str,
        seconds: u32,
    ) -> Result<impl Stream<Item = Result<WatchEvent<Value>, Fault>> + use<>, Fault> {
        let parameters = WatchParams {
            label_selector: target.labels.clone(),
            field_selector: target.fields.clone(),
            timeout: Some(seconds),
            bookmarks: true,
            ..WatchParams::default()
        };
        let request =
            Request::new(&target.path).watch(&parameters, version).map_err(|error| build(&error))?;
        let opened = timeout(self.patience, self.client.request_events(request)).await;
        let opened = opened.map_err(|_| Fault::Silent(self.patience))?;
        let target = target.clone();
        let events = opened.map_err(|error| Fault::of_client(&error, &target))?;
        Ok(events.map(move |event| event.map_err(|error| Fault::of_client(&error, &target))))
    }

    /// Something that is no list of objects.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        // The target serves for the words of a refusal only.
        let target = Target::new(Kind::Services, path);
        let request = hyper::Request::get(path).body(Vec::new());
        let request = request.map_err(|error| Fault::Malformed(error.to_string()))?;
        parse(&self.body(&target, request).await?)
    }

    /// The whole body of a good answer.
    async fn body(&self, target: &Target, request: hyper::Request<Vec<u8>>) -> Result<Bytes, Fault> {
        let answer = async {
            let response = self.client.send(request.map(Body::from)).await;
            let response = response.map_err(|error| Fault::of_client(&error, target))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), PAGE_BYTES).collect().await;
            let body = body.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    Fault::Malformed(format!("more than {} MiB", PAGE_BYTES >> 20))
                } else {
                    Fault::Unreachable(innermost(&*error))
                }
            })?;
            let body = body.to_bytes();
            if status.is_success() {
                return Ok(body);
            }
            let said = serde_json::from_slice::<kube::core::Status>(&body).map(|status| status.message);
            let said = said.unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned());
            Err(Fault::of_status(status.as_u16(), &said, target))
        };
        timeout(self.patience, answer).await.unwrap_or(Err(Fault::Silent(self.patience)))
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Malformed(error.to_string()))
}

/// What has no name is no object, and nobody can say which one it is not.
pub(super) fn understood(kind: Kind, object: &str) -> Option<Item> {
    match read(kind, object) {
        Ok(item) => Some(item),
        Err(error) => {
            tracing::debug!(kind = kind.label(), %error, "not an object");
            None
        }
    }
}

/// A path or a selector of ours that is none.
fn build(error: &kube::core::request::Error) -> Fault {
    Fault::Malformed(error.to_string())
}
