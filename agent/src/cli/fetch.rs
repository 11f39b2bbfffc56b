//! One agent's report over HTTP, with one line for whatever can go wrong.

use std::{fmt, path::PathBuf, time::Duration};

use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;

use super::api::{AgentPod, Api, Proxied, ProxyError};
use crate::{
    evidence::NodeReport,
    http::{self, BodyError},
};

/// No report is larger: 10,000 LB IPs with all places taken need about half of it.
const MAX_BYTES: usize = 64 << 20;

const PATH: &str = "api/v1/node";

const KEEP_ALIVE: Duration = Duration::from_secs(3);

/// Where an agent listens.
#[derive(Clone)]
pub(super) enum Target {
    /// On a unix socket.
    Socket(PathBuf),
    /// Over TCP.
    Url(Url),
    /// In a pod, through the API server.
    Pod(Api, AgentPod),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url.as_str().trim_end_matches('/')),
            Self::Pod(_, pod) => f.write_str(&pod.node),
        }
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error(transparent)]
    Http(#[from] BodyError),
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("what it sent is no report: {0}")]
    NoReport(serde_json::Error),
    #[error("its reports have schema {0}, this l2witness reads {own}: use the agent's version", own = NodeReport::SCHEMA)]
    Schema(u32),
}

/// Fetches the report of one agent.
pub(super) async fn report(target: &Target, timeout: Duration) -> Result<NodeReport, FetchError> {
    match tokio::time::timeout(timeout, body(target)).await {
        Ok(body) => parse(&body?),
        Err(_) => Err(FetchError::Timeout(timeout)),
    }
}

async fn body(target: &Target) -> Result<Vec<u8>, FetchError> {
    if let Target::Pod(api, AgentPod { namespace, name, port, .. }) = target {
        let page = Proxied { namespace, pod: &format!("{name}:{port}"), path: PATH };
        return Ok(api.proxied(&page, MAX_BYTES).await?);
    }
    Ok(http::body(direct(target, PATH).await?, MAX_BYTES).await?)
}

/// Asks an agent itself; `path` is without its first slash.
pub(super) async fn direct(target: &Target, path: &str) -> Result<Response, FetchError> {
    let (builder, base) = match target {
        Target::Socket(socket) => (http::client().unix_socket(socket.clone()), "http://localhost".to_owned()),
        _ => (http::client(), target.to_string()),
    };
    // A node that vanished closes no connection, and an answer that goes on may be silent for hours.
    let builder =
        builder.tcp_keepalive(KEEP_ALIVE).tcp_keepalive_interval(KEEP_ALIVE).tcp_keepalive_retries(3);
    let client = builder.build().map_err(BodyError::from)?;
    let response = client.get(format!("{base}/{path}")).send().await.map_err(BodyError::from)?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    Ok(response)
}

fn parse(body: &[u8]) -> Result<NodeReport, FetchError> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: u32,
    }
    let parsed = serde_json::from_slice::<NodeReport>(body);
    // A report of another version may parse and mean something else, or not parse because of it.
    match serde_json::from_slice::<Versioned>(body) {
        Ok(Versioned { schema }) if schema != NodeReport::SCHEMA => Err(FetchError::Schema(schema)),
        _ => parsed.map_err(FetchError::NoReport),
    }
}
