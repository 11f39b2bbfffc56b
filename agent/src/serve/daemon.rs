//! The agent's one loop: whatever changes outside is brought into the observer, until a signal ends it.

use std::{collections::BTreeSet, io, net::IpAddr, sync::Arc, time::Duration};

use l2witness_ebpf::layout::Origin;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval},
};

use super::{Listeners, Shared, SocketFile, router};
use crate::{
    cluster::Fixed,
    wire::{Change, Error, Events, Link, Links, Observer, sender::Finder},
};

/// How often the interfaces are looked at whether or not a change was heard.
const RESYNC: Duration = Duration::from_secs(10);
/// How often the file of LB IPs is looked at. Polling sees every way to replace a file, a `ConfigMap`'s included.
const REREAD: Duration = Duration::from_secs(1);

/// Why the daemon could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The kernel.
    #[error(transparent)]
    Wire(#[from] Error),
    /// No interface could be observed.
    #[error("nothing can be observed: {0}")]
    Nothing(String),
    /// Signals, sockets, epoll.
    #[error("{1}: {0}")]
    Io(#[source] io::Error, &'static str),
}

/// An observer at work and what keeps it up to date.
pub struct Daemon {
    shared: Arc<Shared>,
    links: Links,
    list: Fixed,
    events: Events,
    finder: Finder,
}

impl Daemon {
    /// Puts the IPs on the allow-list and the programs on the interfaces.
    ///
    /// # Errors
    /// [`DaemonError::Nothing`] if no interface could be observed; nothing stays attached then.
    pub fn start(
        mut observer: Observer,
        links: Links,
        list: Fixed,
        ips: &BTreeSet<IpAddr>,
        present: &[Link],
    ) -> Result<Self, DaemonError> {
        observer.watch(ips)?;
        let events = observer.events().ok_or(Error::Object("EVENTS"))?;
        observer.reconcile(present);
        if observer.observed() == 0 {
            return Err(DaemonError::Nothing(observer.first_failure().unwrap_or_default()));
        }
        tracing::info!(lb_ips = ips.len(), interfaces = observer.observed(), "counting");
        let shared = Arc::new(Shared::new(observer));
        Ok(Self { shared, links, list, events, finder: Finder::new() })
    }

    /// Serves and follows until SIGTERM or SIGINT; dropping the observer then detaches everything.
    ///
    /// # Errors
    /// [`DaemonError::Io`] where the operating system lets us down.
    pub async fn run(self, listeners: Listeners) -> Result<(), DaemonError> {
        let Self { shared, mut links, mut list, events, finder } = self;
        let Listeners { tcp, unix, file } = listeners;
        let _file: SocketFile = file;
        let mut terminate =
            signal(SignalKind::terminate()).map_err(|error| DaemonError::Io(error, "SIGTERM"))?;
        let mut interrupt =
            signal(SignalKind::interrupt()).map_err(|error| DaemonError::Io(error, "SIGINT"))?;
        let mut changes = events.listen().map_err(|error| DaemonError::Io(error, "ring buffer"))?;
        let router = router(Arc::clone(&shared));
        let servers = [
            tokio::spawn(axum::serve(tcp, router.clone()).into_future()),
            tokio::spawn(axum::serve(unix, router).into_future()),
        ];
        let mut resync = interval(RESYNC);
        let mut reread = interval(REREAD);
        resync.set_missed_tick_behavior(MissedTickBehavior::Delay);
        reread.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                () = links.changed() => reconcile(&shared, &links).await,
                _ = resync.tick() => {
                    reconcile(&shared, &links).await;
                    let unnamed = shared.observer().unnamed();
                    name(&shared, &finder, unnamed).await;
                }
                _ = reread.tick() => watch(&shared, &mut list),
                batch = changes.next() => {
                    let batch = batch.map_err(|error| DaemonError::Io(error, "ring buffer"))?;
                    let senders = batch.iter().map(|change| (change.cookie, change.cgroup)).collect();
                    name(&shared, &finder, senders).await;
                    for change in &batch {
                        log(&shared, change);
                    }
                }
            }
        }
        for server in servers {
            server.abort();
        }
        tracing::info!("detaching");
        Ok(())
    }
}

async fn reconcile(shared: &Shared, links: &Links) {
    match links.list().await {
        Ok(present) => shared.observer().reconcile(&present),
        Err(error) => tracing::warn!(%error, "interfaces not read; the last list stays"),
    }
}

fn watch(shared: &Shared, list: &mut Fixed) {
    let result = match list.reread() {
        None => return,
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(ips)) => shared.observer().watch(&ips).map(|()| ips.len()).map_err(|error| error.to_string()),
    };
    match result {
        Ok(count) => tracing::info!(lb_ips = count, "list of LB IPs read again"),
        Err(error) => tracing::error!(error, "list of LB IPs not usable; the last one stays"),
    }
}

/// The lookup reads /proc and may take milliseconds, so it does not hold the observer.
async fn name(shared: &Shared, finder: &Finder, senders: Vec<(u64, u64)>) {
    for (cookie, cgroup) in senders {
        if cookie == 0 || shared.observer().names().know(cookie) {
            continue;
        }
        if let Some(sender) = finder.find(cookie, cgroup).await {
            shared.observer().names().remember(sender);
        }
    }
}

fn log(shared: &Shared, change: &Change) {
    let mut observer = shared.observer();
    let interface = observer.interface(change.ifindex).unwrap_or_default().to_owned();
    let Change { ip, mac, cause, cookie, cgroup, .. } = change;
    match change.origin {
        None => tracing::info!(%ip, interface, %mac, cause, "heard on the wire"),
        Some(Origin::Socket) => {
            let sender = observer.names().of(*cookie, *cgroup).name;
            tracing::info!(%ip, interface, %mac, cause, sender, "sent by a program on this node");
        }
        Some(Origin::Kernel) => tracing::info!(%ip, interface, %mac, cause, "sent by this node's kernel"),
        Some(Origin::Forwarded) => tracing::info!(%ip, interface, %mac, cause, "forwarded through this node"),
    }
}
