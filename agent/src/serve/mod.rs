//! What the agent serves: metrics, evidence and health, read-only, over TCP and a unix socket.

mod claims;
mod connections;
mod daemon;
mod http;
mod memory;
pub mod metrics;
mod notices;
mod signals;
mod socket;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use claims::Claims;
pub use daemon::Daemon;
pub use http::router;
pub use notices::Notices;
pub use signals::Signals;
pub use socket::{BindError, Listeners, SocketFile, bind};

use crate::{
    evidence::NodeReport,
    wire::{Host, Observer},
};

/// What the handlers share with the task that keeps the observer up to date.
pub struct Shared {
    observer: Mutex<Observer>,
    host: tokio::sync::Mutex<Host>,
    claims: Claims,
}

impl Shared {
    /// Takes the observer over.
    pub fn new(observer: Observer, host: Host) -> Self {
        Self {
            observer: Mutex::new(observer),
            host: tokio::sync::Mutex::new(host),
            claims: Claims::default(),
        }
    }

    /// What the speaker says.
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Everything there is, at this moment; of the node's settings what [`Self::refresh`] read last.
    pub fn report(&self) -> NodeReport {
        let mut report = self.observer().report();
        self.claims.merge(&mut report);
        report
    }

    /// Reads the node's settings unless that was done a moment ago.
    pub async fn refresh(&self) {
        match self.host.lock().await.read().await {
            Ok(Some(facts)) => self.observer().learn(facts),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the node's settings not read; the last ones stay"),
        }
    }

    /// The observer. A panic elsewhere leaves it usable: it holds counters and lists, no half-done state.
    pub fn observer(&self) -> MutexGuard<'_, Observer> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
