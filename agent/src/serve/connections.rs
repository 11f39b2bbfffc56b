//! Accepting connections within bounds: strangers may reach the port.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, sleep_until},
};

/// Connections served at once on one listener; further ones wait in the kernel's queue.
const AT_ONCE: usize = 32;
/// A request's header must be there by then.
const HEADER: Duration = Duration::from_secs(5);
/// And the whole answer must have been taken by then.
const WHOLE: Duration = Duration::from_secs(30);
/// Answers that go on for as long as their reader likes, at once on one listener, beside those.
const STAYING: usize = 8;
/// Of such an answer something must have been taken within this time.
const TAKEN: Duration = Duration::from_secs(60);
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
        let stream = self.accept().await?.0;
        // A line that is written has to leave, whether or not the one before it has arrived. Who won't, waits.
        _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

impl Listener for UnixListener {
    type Stream = tokio::net::UnixStream;

    async fn next(&self) -> io::Result<Self::Stream> {
        Ok(self.accept().await?.0)
    }
}

/// A connection's place, and by when it must have ended. Handlers find it among a request's extensions.
#[derive(Clone, Debug)]
pub(super) struct Lease(Arc<Mutex<Terms>>);

#[derive(Debug)]
struct Terms {
    place: OwnedSemaphorePermit,
    /// Where there are places for those that stay.
    staying: Arc<Semaphore>,
    stays: bool,
    until: Instant,
}

impl Lease {
    fn new(place: OwnedSemaphorePermit, staying: &Arc<Semaphore>) -> Self {
        let (staying, until) = (Arc::clone(staying), Instant::now() + WHOLE);
        Self(Arc::new(Mutex::new(Terms { place, staying, stays: false, until })))
    }

    /// Asks to stay for longer than others: the place is given back for one of the few of those that stay. Whether
    /// there is one.
    pub(super) fn stay(&self) -> bool {
        let mut terms = self.terms();
        let Ok(place) = Arc::clone(&terms.staying).try_acquire_owned() else { return false };
        (terms.place, terms.stays) = (place, true);
        terms.until = Instant::now() + TAKEN;
        true
    }

    /// Something of its answer was taken.
    pub(super) fn moved(&self) {
        let mut terms = self.terms();
        if terms.stays {
            terms.until = Instant::now() + TAKEN;
        }
    }

    /// Returns once the connection has to end.
    async fn ended(&self) {
        loop {
            let until = self.terms().until;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    fn terms(&self) -> MutexGuard<'_, Terms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until it is dropped: one request a connection, each within the bounds above.
pub(super) async fn serve<L: Listener>(listener: L, router: Router) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let staying = Arc::new(Semaphore::new(STAYING));
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
        let lease = Lease::new(place, &staying);
        let service = TowerToHyperService::new(router.clone().layer(Extension(lease.clone())));
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER)
                .keep_alive(false)
                .max_buf_size(BUFFER)
                .serve_connection(TokioIo::new(stream), service);
            // However it ends, there is nobody to tell but the peer.
            tokio::select! {
                _ = connection => {}
                () = lease.ended() => {}
            }
        });
    }
}
