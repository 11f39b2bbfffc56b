//! What the agent serves: metrics, evidence and health, read-only, over TCP and a unix socket.

mod claims;
mod cluster;
mod connections;
mod daemon;
mod foreign;
mod history;
mod http;
mod memory;
pub mod metrics;
mod notices;
mod signals;
mod socket;
mod source;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use claims::Claims;
pub use daemon::Daemon;
pub use history::{History, Limits};
pub use http::router;
pub use notices::Notices;
pub use signals::Signals;
pub use socket::{BindError, Listeners, SocketFile, bind};
pub use source::Source;

use self::cluster::Cluster;
use crate::{
    evidence::NodeReport,
    wire::{Host, Observer},
};

/// What the handlers share with the task that keeps the observer up to date.
pub struct Shared {
    observer: Mutex<Observer>,
    host: tokio::sync::Mutex<Host>,
    claims: Claims,
    history: Arc<History>,
    /// Where there is an API server.
    cluster: Option<Cluster>,
}

impl Shared {
    /// Takes the observer over.
    fn new(observer: Observer, host: Host, cluster: Option<Cluster>, limits: Limits) -> Self {
        Self {
            history: Arc::new(History::new(observer.node(), observer.clock(), limits)),
            observer: Mutex::new(observer),
            host: tokio::sync::Mutex::new(host),
            claims: Claims::default(),
            cluster,
        }
    }

    /// What the speaker says.
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What happened.
    pub const fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// Everything there is, at this moment; of the node's settings what [`Self::refresh`] read last.
    pub fn report(&self) -> NodeReport {
        let (mut report, neighbours) = {
            let observer = self.observer();
            (observer.report(), self.cluster.is_some().then(|| observer.neighbours().clone()))
        };
        self.claims.merge(&mut report);
        self.history.merge(&mut report);
        if let (Some(cluster), Some(neighbours)) = (&self.cluster, neighbours) {
            cluster.merge(&mut report, &neighbours);
        }
        report
    }

    /// Whether the LB IPs are known.
    fn is_listed(&self) -> bool {
        self.cluster.as_ref().is_none_or(Cluster::synced)
    }

    /// Gives senders in containers their pods' names.
    fn name_pods(&self) {
        if let Some(cluster) = &self.cluster {
            self.observer().names().find_pods(|container| cluster.pod_of(container));
        }
    }

    /// Brings what the API server says to where it is needed: the LB IPs to the observer, the pods to the senders'
    /// names, the speaker's address to the reader of its metrics.
    fn take_over(&self) {
        let Some(cluster) = &self.cluster else { return };
        for (ip, what) in cluster.news() {
            self.history.learned(ip, what);
        }
        let ips = cluster.lb_ips();
        cluster.note(&ips);
        if let Err(error) = self.observer().watch(&ips) {
            tracing::error!(%error, "LB IPs not usable; the last ones stay");
        }
        self.name_pods();
        self.claims.set_found(cluster.endpoints());
        self.claims.set_selected(cluster.selected(&ips));
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
