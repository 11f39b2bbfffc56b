//! The cluster as its API server tells it: followed by watches, kept in an [`Index`].
//!
//! A task follows each kind (`follow.rs`), a supervisor decides which (`plan.rs`, `catalogue.rs`), and one writer takes
//! in what they say. An API server that is away, forbids or lacks something is a state, never an end.

mod catalogue;
mod connect;
mod fault;
mod follow;
mod log;
mod plan;
mod request;
mod snapshot;
mod supervisor;
mod target;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
};

use kube::Client;
use tokio::sync::{mpsc, watch};

use self::{
    request::Api,
    supervisor::{Supervisor, Task},
};
use super::index::{Index, Revision, Scope};
use crate::evidence::What;

pub(crate) use connect::is_proxied;
pub use connect::{ConnectError, connect};
pub use fault::Fault;
pub use follow::Pace;
pub use snapshot::Snapshot;

/// Messages on their way to the writer; a list is one.
const QUEUE: usize = 64;

/// The cluster, followed for as long as this is there.
#[derive(Debug)]
pub struct Kubernetes {
    reader: Reader,
    revisions: watch::Receiver<Revision>,
    _tasks: [Task; 2],
}

impl Kubernetes {
    /// Begins to follow it, and returns at once. Wants a tokio runtime.
    pub fn start(client: Client, scope: Scope, pace: Pace) -> Self {
        let index = Arc::new(RwLock::new(Index::new(scope.clone())));
        let (news, messages) = mpsc::channel(QUEUE);
        let (sender, revisions) = watch::channel(Revision::default());
        let writer = tokio::spawn(writer::write(Arc::clone(&index), messages, sender));
        let api = Api { client, patience: pace.answer };
        let supervisor =
            Supervisor { api, scope, pace, index: Arc::clone(&index), news, revisions: revisions.clone() };
        let supervisor = tokio::spawn(supervisor.run());
        Self { reader: Reader(index), revisions, _tasks: [Task(writer), Task(supervisor)] }
    }

    /// Waits until the list of Services has been complete once, however long that takes. May be dropped and called
    /// again.
    pub async fn first_sync(&mut self) {
        while !self.read(Index::synced) {
            self.changed().await;
        }
    }

    /// Waits until something has changed since the last call, and says what has changed so far. May be dropped and
    /// called again.
    pub async fn changed(&mut self) -> Revision {
        if self.revisions.changed().await.is_err() {
            // The writer lives as long as this does; if it doesn't, nothing changes any more.
            std::future::pending::<()>().await;
        }
        *self.revisions.borrow_and_update()
    }

    /// Asks the index. Nothing is written meanwhile, so it should not take long.
    pub fn read<T>(&self, ask: impl FnOnce(&Index) -> T) -> T {
        self.reader.read(ask)
    }

    /// For others to ask, too.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }
}

/// Asks the index.
#[derive(Clone, Debug)]
pub struct Reader(Arc<RwLock<Index>>);

impl Reader {
    /// Asks the index. Nothing is written meanwhile, so it should not take long.
    pub fn read<T>(&self, ask: impl FnOnce(&Index) -> T) -> T {
        ask(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what changed: [`Index::take_news`].
    pub fn take_news(&self) -> Vec<(Option<IpAddr>, What)> {
        if !self.read(Index::has_news) {
            return Vec::new();
        }
        self.0.write().unwrap_or_else(PoisonError::into_inner).take_news()
    }
}
