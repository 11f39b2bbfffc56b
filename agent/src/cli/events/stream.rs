//! One agent's events as they come.

use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::client::Body;
use reqwest::{Response, StatusCode};

use super::{
    lines::{Lines, TooLong},
    query::{Place, Query},
};
use crate::{
    cli::{
        api::{AgentPod, Proxied, ProxyError},
        fetch::{self, FetchError, Target},
    },
    evidence::Event,
    http::BodyError,
};

/// All that an agent keeps takes less, by far.
const MAX_BYTES: usize = 256 << 20;

/// An agent that sent a sign of life sends one every ten seconds: without one for so long, it is gone. A node that
/// vanished closes no connection.
const SILENCE: Duration = Duration::from_secs(25);

/// Why there are no more events.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum StreamError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("it has no /api/v1/events: it is older than this l2witness")]
    TooOld,
    #[error("no sign of life for {} s", SILENCE.as_secs())]
    Silent,
    #[error("what it sent is no event: {0}")]
    NoEvent(serde_json::Error),
    #[error("what it sent are no events: {0}")]
    NoLines(#[from] TooLong),
    #[error("sent more than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    #[error("the connection ended inside a line")]
    Cut,
}

/// An open answer.
pub(in crate::cli) struct Stream {
    from: From,
    lines: Lines,
    /// Bytes that may still come; absent where it goes on for good.
    left: Option<usize>,
    /// It sends signs of life.
    alive: bool,
}

enum From {
    Agent(Response),
    Proxy(Body),
}

impl Stream {
    /// Asks, and waits for the head of the answer no longer than the time-out.
    pub(in crate::cli) async fn open(
        target: &Target,
        query: &Query,
        follow: bool,
        after: Option<&Place>,
        timeout: Duration,
    ) -> Result<Self, StreamError> {
        let opened = tokio::time::timeout(timeout, open(target, &query.path(follow, after))).await;
        let from = opened.map_err(|_| FetchError::Timeout(timeout))??;
        let left = (!follow).then_some(MAX_BYTES);
        Ok(Self { from, lines: Lines::default(), left, alive: false })
    }

    /// The next event; `None` where the agent ended the answer.
    pub(in crate::cli) async fn next(&mut self) -> Result<Option<Event>, StreamError> {
        loop {
            while let Some(line) = self.lines.next() {
                if line.is_empty() {
                    self.alive = true;
                    continue;
                }
                return serde_json::from_slice(&line).map(Some).map_err(StreamError::NoEvent);
            }
            let chunk = if self.alive {
                let chunk = tokio::time::timeout(SILENCE, self.from.chunk()).await;
                chunk.map_err(|_| StreamError::Silent)??
            } else {
                self.from.chunk().await?
            };
            let Some(chunk) = chunk else {
                return if self.lines.is_cut() { Err(StreamError::Cut) } else { Ok(None) };
            };
            if let Some(left) = &mut self.left {
                *left = left.checked_sub(chunk.len()).ok_or(StreamError::TooLarge)?;
            }
            self.lines.push(&chunk)?;
        }
    }
}

impl From {
    async fn chunk(&mut self) -> Result<Option<bytes::Bytes>, FetchError> {
        match self {
            Self::Agent(response) => Ok(response.chunk().await.map_err(BodyError::from)?),
            Self::Proxy(body) => loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(FetchError::Broken(error.to_string())),
                    // Trailers are no data.
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            },
        }
    }
}

async fn open(target: &Target, path: &str) -> Result<From, StreamError> {
    let opened = match target {
        Target::Pod(api, AgentPod { namespace, name, port, .. }) => {
            let page = Proxied { namespace, pod: &format!("{name}:{port}"), path };
            api.stream(&page).await.map(From::Proxy).map_err(FetchError::from)
        }
        _ => fetch::direct(target, path).await.map(From::Agent),
    };
    opened.map_err(|error| match error {
        FetchError::Status(StatusCode::NOT_FOUND)
        | FetchError::Proxy(ProxyError::Status(StatusCode::NOT_FOUND)) => StreamError::TooOld,
        error => error.into(),
    })
}
