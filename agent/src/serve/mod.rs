//! What the agent serves: metrics, evidence and health, read-only, over TCP and a unix socket.

mod connections;
mod daemon;
mod http;
mod memory;
pub mod metrics;
mod notices;
mod signals;
mod socket;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use daemon::Daemon;
pub use http::router;
pub use notices::Notices;
pub use signals::Signals;
pub use socket::{BindError, Listeners, SocketFile, bind};

use crate::wire::Observer;

/// What the handlers share with the task that keeps the observer up to date.
pub struct Shared {
    observer: Mutex<Observer>,
}

impl Shared {
    /// Takes the observer over.
    pub const fn new(observer: Observer) -> Self {
        Self { observer: Mutex::new(observer) }
    }

    /// The observer. A panic elsewhere leaves it usable: it holds counters and lists, no half-done state.
    pub fn observer(&self) -> MutexGuard<'_, Observer> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
