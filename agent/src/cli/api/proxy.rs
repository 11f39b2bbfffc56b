//! A page of a pod, through the API server: `/api/v1/namespaces/NS/pods/POD:PORT/proxy/PATH`.
//!
//! Needs no way to the pod but the API server's. It can't carry a token to the pod: an API server takes the
//! `Authorization` header off every request it has authenticated.

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{Request, StatusCode};
use kube::{client::Body, core::Status};

use super::{Api, ApiError, Right, error::one_line};

/// No complaint is longer.
const MAX_COMPLAINT: usize = 64 << 10;

/// A page of a pod.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Proxied<'a> {
    pub(in crate::cli) namespace: &'a str,
    /// `NAME:PORT`, or `https:NAME:PORT`.
    pub(in crate::cli) pod: &'a str,
    /// Without the first slash.
    pub(in crate::cli) path: &'a str,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ProxyError {
    /// The API server did not pass the request on.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The API server can't reach the pod.
    #[error("the API server can't reach it: {0}")]
    Pod(String),
    /// The pod's own answer.
    #[error("answered {0}")]
    Status(StatusCode),
    /// It went on beyond the bound.
    #[error("sent more than {} MiB", .0 >> 20)]
    TooLarge(usize),
}

impl Api {
    /// Reads the page, of at most `limit` bytes.
    pub(in crate::cli) async fn proxied(
        &self,
        page: &Proxied<'_>,
        limit: usize,
    ) -> Result<Vec<u8>, ProxyError> {
        let right = Right::proxy(page.namespace);
        let body = self.stream(page).await?;
        let body = self.call(Some(&right), collected(body, limit)).await?;
        body.ok_or(ProxyError::TooLarge(limit))
    }

    /// The page as it comes; only its head has to come within the time-out.
    pub(in crate::cli) async fn stream(&self, page: &Proxied<'_>) -> Result<Body, ProxyError> {
        let Proxied { namespace, pod, path } = page;
        let url = format!("/api/v1/namespaces/{namespace}/pods/{pod}/proxy/{path}");
        let right = Right::proxy(namespace);
        let request = Request::get(url).body(Body::empty()).map_err(kube::Error::HttpError);
        let answer = self.call(Some(&right), async { self.client.send(request?).await }).await?;
        let status = answer.status();
        if status == StatusCode::OK {
            return Ok(answer.into_body());
        }
        let body = self.call(Some(&right), collected(answer.into_body(), MAX_COMPLAINT)).await?;
        Err(self.complaint(&right, status, &body.unwrap_or_default()))
    }

    /// Tells the API server's own complaints, which are `Status` objects, from the pod's.
    fn complaint(&self, right: &Right, status: StatusCode, body: &[u8]) -> ProxyError {
        match serde_json::from_slice::<Typed>(body) {
            Ok(Typed { kind, status: said }) if kind == "Status" => {
                if let Some(reason) = said.message.strip_prefix("error trying to reach service: ") {
                    return ProxyError::Pod(one_line(reason));
                }
                let said = kube::Error::Api(Box::new(said));
                ProxyError::Api(ApiError::new(&self.server, Some(right), &said))
            }
            _ => ProxyError::Status(status),
        }
    }
}

#[derive(serde::Deserialize)]
struct Typed {
    kind: String,
    #[serde(flatten)]
    status: Status,
}

/// The whole body, or `None` if it is longer than the limit.
async fn collected(body: Body, limit: usize) -> kube::Result<Option<Vec<u8>>> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(Some(body.to_bytes().into())),
        Err(error) if error.is::<LengthLimitError>() => Ok(None),
        Err(error) => Err(kube::Error::Service(error)),
    }
}
