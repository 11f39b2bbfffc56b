//! The answer to one reader: what is kept, and if it likes, whatever happens from then on.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use tokio::{
    sync::{
        broadcast::error::{RecvError, TryRecvError},
        mpsc,
    },
    task::yield_now,
    time::timeout,
};
use tokio_stream::wrappers::ReceiverStream;

use super::{History, Line, Live, Query, line_of};
use crate::serve::connections::Lease;

/// An empty line now and then shows a follower, and all between, that both ends are there.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Bytes that are sent at once where there is much.
const CHUNK: usize = 16 * 1024;

/// The way to a reader. What it doesn't take holds up its own answer and nothing else.
type Sender = mpsc::Sender<Result<Bytes, Infallible>>;

/// The reader is gone.
struct Gone;

/// Answers a query: the part of an URL after the `?`.
pub(in crate::serve) fn answer(history: &Arc<History>, query: &str, lease: Option<&Lease>) -> Response {
    let query = match Query::parse(query) {
        Ok(query) => query,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    if query.follow
        && let Some(lease) = lease
        && !lease.stay()
    {
        let text = "too many follow already: end one of them, or ask without follow\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    }
    let (sender, body) = mpsc::channel(1);
    let feed = Feed { history: Arc::clone(history), query, sender, lease: lease.cloned() };
    tokio::spawn(async move {
        // Gone is gone.
        _ = feed.run().await;
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(ReceiverStream::new(body))).into_response()
}

struct Feed {
    history: Arc<History>,
    query: Query,
    sender: Sender,
    lease: Option<Lease>,
}

impl Feed {
    async fn run(self) -> Result<(), Gone> {
        let (last, live) = self.history.listen();
        let live = self.query.follow.then_some(live);
        let cursor = self.query.cursor(&self.history.boot, last);
        self.past(cursor, last).await?;
        match live {
            Some(live) => self.present(live, last).await,
            None => Ok(()),
        }
    }

    /// What is kept of the events after `cursor` and up to `until`.
    async fn past(&self, mut cursor: u64, until: u64) -> Result<(), Gone> {
        let mut chunk = Vec::new();
        while cursor < until {
            let page = self.history.page(&self.query, cursor, until);
            cursor = page.cursor;
            for event in &page.events {
                chunk.extend(line_of(event));
            }
            if chunk.len() >= CHUNK {
                self.send(std::mem::take(&mut chunk).into()).await?;
            }
            yield_now().await;
        }
        if chunk.is_empty() { Ok(()) } else { self.send(chunk.into()).await }
    }

    /// Each event as it happens, until the agent ends.
    async fn present(&self, from_now: Live, mut cursor: u64) -> Result<(), Gone> {
        let Live { mut lines, mut ended } = from_now;
        loop {
            let next = tokio::select! {
                () = self.sender.closed() => return Err(Gone),
                // An error is the end as well.
                _ = ended.wait_for(|ended| *ended) => return Ok(()),
                next = timeout(HEARTBEAT, lines.recv()) => next,
            };
            let (first, mut behind) = match next {
                Err(_) => {
                    self.send(Bytes::from_static(b"\n")).await?;
                    continue;
                }
                Ok(Ok(first)) => (Some(first), false),
                Ok(Err(RecvError::Lagged(_))) => (None, true),
                Ok(Err(RecvError::Closed)) => return Ok(()),
            };
            let (mut chunk, mut line) = (Vec::new(), first);
            while let Some(next) = line.take() {
                if next.seq > cursor {
                    cursor = next.seq;
                    if self.wants(&next) {
                        chunk.extend_from_slice(&next.json);
                    }
                }
                if chunk.len() < CHUNK {
                    let next = lines.try_recv();
                    behind = matches!(next, Err(TryRecvError::Lagged(_)));
                    line = next.ok();
                }
            }
            if !chunk.is_empty() {
                self.send(chunk.into()).await?;
            }
            if behind {
                // It was too slow: the history has what it missed, or says what is gone.
                let until = self.history.seq();
                self.past(cursor, until).await?;
                cursor = until;
            }
        }
    }

    fn wants(&self, line: &Line) -> bool {
        self.query.wants_ip(line.ip) && self.query.wants(line.kind, line.at)
    }

    async fn send(&self, chunk: Bytes) -> Result<(), Gone> {
        self.sender.send(Ok(chunk)).await.map_err(|_| Gone)?;
        if let Some(lease) = &self.lease {
            lease.moved();
        }
        Ok(())
    }
}
