//! Where the LB IPs come from while the daemon runs.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::cluster::{BadEntry, Fixed, kubernetes::Kubernetes};

/// How often the file of LB IPs is looked at. Polling sees every way to replace a file, a `ConfigMap`'s included.
const REREAD: Duration = Duration::from_secs(1);

/// The source of LB IPs.
#[derive(Debug)]
pub enum Source {
    /// Flags and a file.
    Fixed(Fixed, Interval),
    /// An API server.
    Kubernetes(Kubernetes),
}

/// What changed.
pub(super) enum Change {
    /// The file was read again.
    File(Result<BTreeSet<IpAddr>, BadEntry>),
    /// Something the API server says.
    Cluster,
}

impl Source {
    /// Flags and a file; wants a tokio runtime.
    pub fn fixed(list: Fixed) -> Self {
        let mut reread = interval(REREAD);
        reread.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self::Fixed(list, reread)
    }

    /// Waits for the next change. May be dropped and called again.
    pub(super) async fn changed(&mut self) -> Change {
        match self {
            Self::Fixed(list, reread) => loop {
                reread.tick().await;
                if let Some(read) = list.reread() {
                    return Change::File(read);
                }
            },
            Self::Kubernetes(kubernetes) => {
                kubernetes.changed().await;
                Change::Cluster
            }
        }
    }
}
