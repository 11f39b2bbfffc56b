//! Accepting connections within bounds: strangers may reach the port.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::Semaphore,
    time::{sleep, timeout},
};

/// Connections served at once on one listener; further ones wait in the kernel's queue.
const AT_ONCE: usize = 32;
/// A request's header must be there by then.
const HEADER: Duration = Duration::from_secs(5);
/// And the whole answer must have been taken by then.
const WHOLE: Duration = Duration::from_secs(30);
/// Bytes of header, and of what is read ahead.
const BUFFER: usize = 16 * 1024;
/// After an error of accept(2), such as too many open files.
const PAUSE: Duration = Duration::from_millis(200);

/// Where connections come from.
pub(super) trait Listener {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next one.
    fn next(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Listener for TcpListener {
    type Stream = tokio::net::TcpStream;

    async fn next(&self) -> io::Result<Self::Stream> {
        Ok(self.accept().await?.0)
    }
}

impl Listener for UnixListener {
    type Stream = tokio::net::UnixStream;

    async fn next(&self) -> io::Result<Self::Stream> {
        Ok(self.accept().await?.0)
    }
}

/// Serves until it is dropped: one request a connection, each within the bounds above.
pub(super) async fn serve<L: Listener>(listener: L, router: Router) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.next().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER)
                .keep_alive(false)
                .max_buf_size(BUFFER)
                .serve_connection(TokioIo::new(stream), service);
            // However it ended, there is nobody to tell but the peer.
            let _ = timeout(WHOLE, connection).await;
            drop(place);
        });
    }
}
