//! The agent's one loop: whatever changes outside is brought into the observer, until a signal ends it.

use std::{collections::BTreeSet, io, net::IpAddr, sync::Arc, time::Duration};

use l2witness_ebpf::layout::{Cause, Origin};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, interval_at},
};

use super::{
    Limits, Listeners, Notices, Shared, Signals, SocketFile, Source, claims, cluster::Cluster,
    connections::serve, notices, router, source,
};
use crate::{
    claims::speaker::Endpoint,
    cluster::BadEntry,
    evidence::{ControlChange, What},
    wire::{
        Change, Error, Events, Host, Link, Links, Observer, Told,
        sender::{Finder, packet_sockets},
    },
};

/// How often the interfaces are looked at whether or not a change was heard.
const RESYNC: Duration = Duration::from_secs(10);
/// How often it is noted which LB IPs were asked for.
const LOOK: Duration = Duration::from_secs(3);

/// How often it is looked whether data packets reach this node for what it has lost.
const STALE: Duration = Duration::from_secs(1);

/// How often the speaker's metrics are read: as often as Prometheus does by default.
const SPEAKER_INTERVAL: Duration = Duration::from_secs(15);

/// Senders that are looked up at once; the others' turn comes with the next look.
const AT_ONCE: usize = 64;

/// Why the daemon could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The kernel.
    #[error(transparent)]
    Wire(#[from] Error),
    /// No interface could be observed.
    #[error("nothing can be observed: {0}; `l2witness doctor` says what is missing")]
    Nothing(String),
    /// Signals, sockets, epoll.
    #[error("{1}: {0}")]
    Io(#[source] io::Error, &'static str),
}

/// An observer at work and what keeps it up to date.
pub struct Daemon {
    shared: Arc<Shared>,
    links: Links,
    source: Source,
    events: Events,
    finder: Arc<Finder>,
    speaker_interval: Duration,
    notices: Option<Notices>,
}

impl Daemon {
    /// Puts the IPs on the allow-list and the programs on the interfaces.
    ///
    /// # Errors
    /// [`DaemonError::Nothing`] if no interface could be observed; nothing stays attached then.
    pub fn start(
        mut observer: Observer,
        links: Links,
        source: Source,
        finder: Finder,
        ips: &BTreeSet<IpAddr>,
        present: &[Link],
        history: Limits,
    ) -> Result<Self, DaemonError> {
        observer.watch(ips)?;
        let events = observer.events().ok_or(Error::Object("EVENTS"))?;
        observer.reconcile(present, &BTreeSet::new());
        if observer.observed() == 0 {
            return Err(DaemonError::Nothing(observer.first_failure().unwrap_or_default()));
        }
        tracing::info!(lb_ips = ips.len(), interfaces = observer.observed(), "counting");
        let cluster = match &source {
            Source::Fixed(..) => None,
            Source::Kubernetes(kubernetes) => Some(Cluster::new(kubernetes.reader())),
        };
        let shared = Arc::new(Shared::new(observer, Host::new()?, cluster, history));
        let finder = Arc::new(finder);
        Ok(Self { shared, links, source, events, finder, speaker_interval: SPEAKER_INTERVAL, notices: None })
    }

    /// Where and how often to read the speaker's metrics.
    #[must_use]
    pub fn speaker(self, endpoints: Vec<Endpoint>, every: Duration) -> Self {
        self.shared.claims().set_given(endpoints);
        Self { speaker_interval: every, ..self }
    }

    /// Tells verdicts that begin and end.
    #[must_use]
    pub fn notices(self, notices: Option<Notices>) -> Self {
        Self { notices, ..self }
    }

    /// Serves and follows until a signal; dropping the observer then detaches everything.
    ///
    /// # Errors
    /// [`DaemonError::Io`] where the operating system lets us down.
    pub async fn run(self, listeners: Listeners, mut signals: Signals) -> Result<(), DaemonError> {
        let Self { shared, mut links, mut source, events, finder, speaker_interval, notices } = self;
        let Listeners { tcp, unix, file } = listeners;
        let _file: SocketFile = file;
        let mut changes = events.listen().map_err(|error| DaemonError::Io(error, "ring buffer"))?;
        shared.refresh().await;
        let router = router(Arc::clone(&shared));
        // Dropped with the set, and so ended, when this returns.
        let mut servers = JoinSet::new();
        servers.spawn(serve(tcp, router.clone()));
        servers.spawn(serve(unix, router));
        servers.spawn(claims::follow(Arc::clone(&shared), speaker_interval));
        if let Some(notices) = notices {
            servers.spawn(notices::follow(Arc::clone(&shared), notices));
        }
        // Not at once: the list was read a moment ago, and changes since then are waiting in `links`.
        let mut resync = interval_at(Instant::now() + RESYNC, RESYNC);
        resync.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stale = interval(STALE);
        stale.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = signals.end() => break,
                () = links.changed() => reconcile(&shared, &mut links).await,
                _ = resync.tick() => {
                    verify(&shared, &links).await;
                    reconcile(&shared, &mut links).await;
                    shared.refresh().await;
                    let unnamed = shared.observer().unnamed();
                    name(&shared, &finder, unnamed).await;
                }
                _ = look.tick() => {
                    let silent = shared.observer().silent();
                    keep(&shared, silent);
                    shared.observer().note_asked();
                    let lost = shared.observer().events_lost();
                    shared.history().lost(lost);
                    shared.history().check_clock();
                }
                _ = stale.tick() => {
                    let stale = shared.observer().tell_traffic();
                    keep(&shared, stale);
                }
                change = source.changed() => match change {
                    source::Change::File(read) => watch(&shared, read),
                    source::Change::Cluster => shared.take_over(),
                },
                batch = changes.next() => {
                    let batch = batch.map_err(|error| DaemonError::Io(error, "ring buffer"))?;
                    let by_socket = |change: &&Change| change.origin == Some(Origin::Socket);
                    let senders = batch.iter().filter(by_socket).map(|change| (change.cookie, change.cgroup));
                    name(&shared, &finder, senders.collect()).await;
                    for change in &batch {
                        shared.observer().note(change);
                        let told = shared.observer().tell(change);
                        if told.iter().any(|told| matches!(told.what, What::Announcement(_))) {
                            shared.claims().moves();
                        }
                        keep(&shared, told);
                        log(&shared, change);
                    }
                }
            }
        }
        shared.history().end().await;
        tracing::info!("detaching");
        Ok(())
    }
}

async fn reconcile(shared: &Shared, links: &mut Links) {
    let gone = links.take_gone();
    match links.list().await {
        Ok(present) => {
            shared.observer().reconcile(&present, &gone);
            tell_cut(shared);
        }
        Err(error) => tracing::warn!(%error, "interfaces not read; the last list stays"),
    }
}

/// Notes which interfaces have lost their carrier, and the last replies by them.
fn tell_cut(shared: &Shared) {
    let (interfaces, lost) = shared.observer().cut();
    // The cause comes after what it has cut off, and so tells when that was noted.
    keep(shared, lost);
    for interface in interfaces {
        let object = format!("Interface/{}/{interface}", shared.history().node());
        let change = "lost its carrier".to_owned();
        shared.history().learned(None, What::Cause(ControlChange { object, change, own_time: None }));
    }
}

/// Puts what was seen into the history.
fn keep(shared: &Shared, told: Vec<Told>) {
    for Told { ip, time, what } in told {
        shared.history().seen(ip, time, what);
    }
}

/// Looks whether the clsact filters are still there. TCX links can only go with their interface.
async fn verify(shared: &Shared, links: &Links) {
    let indices = shared.observer().by_filters();
    for index in indices {
        if !links.has_filters(index).await {
            shared.observer().lost_filters(index);
        }
    }
}

fn watch(shared: &Shared, read: Result<BTreeSet<IpAddr>, BadEntry>) {
    let result = match read {
        Err(error) => Err(error.to_string()),
        Ok(ips) => shared.observer().watch(&ips).map(|()| ips.len()).map_err(|error| error.to_string()),
    };
    match result {
        Ok(count) => tracing::info!(lb_ips = count, "list of LB IPs read again"),
        Err(error) => tracing::error!(error, "list of LB IPs not usable; the last one stays"),
    }
}

/// The lookup walks directories, so it neither holds the observer nor keeps the one thread from serving.
async fn name(shared: &Shared, finder: &Arc<Finder>, senders: BTreeSet<(u64, u64)>) {
    let mut unknown: Vec<_> = senders
        .into_iter()
        .filter(|(cookie, _)| *cookie != 0 && !shared.observer().names().know(*cookie))
        .collect();
    unknown.truncate(AT_ONCE);
    if unknown.is_empty() {
        return;
    }
    let sockets = packet_sockets().await;
    let finder = Arc::clone(finder);
    let find = move || {
        let found =
            unknown.into_iter().map(|(cookie, cgroup)| (cookie, finder.find(cookie, cgroup, &sockets)));
        found.collect::<Vec<_>>()
    };
    for (cookie, sender) in tokio::task::spawn_blocking(find).await.unwrap_or_default() {
        shared.observer().names().remember(cookie, sender);
    }
    shared.name_pods();
}

/// An announcement is no news where its sender is known: a burst has ten of them, on every node that hears it.
/// Requests are everybody's, and all day.
fn log(shared: &Shared, change: &Change) {
    let mut observer = shared.observer();
    let interface = observer.interface(change.ifindex).unwrap_or_default().to_owned();
    let Change { ip, mac, cause, cookie, cgroup, .. } = change;
    let what = match change.origin {
        None if *cause == Cause::Request => "asked for on the wire".to_owned(),
        None => "heard on the wire".to_owned(),
        Some(Origin::Socket) => {
            format!("sent by {} on this node", observer.names().of(*cookie, *cgroup).name)
        }
        Some(Origin::Kernel) => "sent by this node's kernel".to_owned(),
        Some(Origin::Forwarded) => "forwarded through this node".to_owned(),
    };
    match cause {
        Cause::Request => tracing::trace!(%ip, interface, %mac, cause = cause.label(), "{what}"),
        Cause::Announcement | Cause::AfterAnnouncement => {
            tracing::debug!(%ip, interface, %mac, cause = cause.label(), "{what}");
        }
        Cause::NewClaimant | Cause::Resumed => {
            tracing::info!(%ip, interface, %mac, cause = cause.label(), "{what}");
        }
    }
}
