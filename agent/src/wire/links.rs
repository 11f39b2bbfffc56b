//! The node's interfaces, from rtnetlink.

use std::{collections::BTreeSet, time::Duration};

use nlink::{
    TcHandle,
    netlink::{
        Connection, NetworkEvent, OwnedEventStream, Route, RtnetlinkGroup,
        messages::{LinkMessage, TcMessage},
    },
};
use tokio::time::{Instant, sleep_until};
use tokio_stream::StreamExt as _;

use super::{Error, PROGRAM_IN, PROGRAM_OUT};
use crate::evidence::MacAddr;

/// `IFF_BROADCAST` and `IFF_NOARP` of linux/if.h.
const IFF_BROADCAST: u32 = 1 << 1;
const IFF_NOARP: u32 = 1 << 7;

/// One interface, as far as the rules need it.
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the kernel's")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its hardware address, where that has 48 bits.
    pub mac: Option<MacAddr>,
    /// Administratively up.
    pub up: bool,
    /// Has carrier.
    pub carrier: bool,
    /// Has a master (bond, bridge, VRF, OVS).
    pub enslaved: bool,
    /// `IFF_NOARP`.
    pub no_arp: bool,
    /// `IFF_BROADCAST`.
    pub broadcast: bool,
}

impl Link {
    fn from_message(message: &LinkMessage) -> Option<Self> {
        Some(Self {
            index: message.ifindex(),
            name: message.name()?.to_owned(),
            mac: message.address().and_then(|bytes| bytes.try_into().ok()).map(MacAddr),
            up: message.is_up(),
            carrier: message.carrier().unwrap_or_else(|| message.is_running()),
            enslaved: message.master().is_some(),
            no_arp: message.flags() & IFF_NOARP != 0,
            broadcast: message.flags() & IFF_BROADCAST != 0,
        })
    }
}

/// The list of interfaces and the stream of its changes.
pub struct Links {
    connection: Connection<Route>,
    changes: OwnedEventStream<Route>,
    gone: BTreeSet<u32>,
    /// When the list is to be read again, while something has changed.
    due: Option<Instant>,
}

/// Changes come in bursts (a pod's start is eight of them); this long after the first one the list is read once.
const SETTLE: Duration = Duration::from_millis(50);
/// After an error of the stream; the whole list is read then.
const BROKEN: Duration = Duration::from_secs(1);

/// Parents of the filters of a clsact qdisc (`TC_H_CLSACT`, `linux/pkt_sched.h`).
const CLSACT: [u32; 2] = [0xffff_fff2, 0xffff_fff3];

impl Links {
    /// Subscribes in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::Links`].
    pub async fn follow() -> Result<Self, Error> {
        let listener = Connection::<Route>::new()?;
        listener.subscribe(&[RtnetlinkGroup::Link])?;
        let changes = listener.into_events().await;
        Ok(Self { connection: Connection::<Route>::new()?, changes, gone: BTreeSet::new(), due: None })
    }

    /// All interfaces, now.
    ///
    /// # Errors
    /// [`Error::Links`].
    pub async fn list(&self) -> Result<Vec<Link>, Error> {
        Ok(self.connection.get_links().await?.iter().filter_map(Link::from_message).collect())
    }

    /// Indices of the interfaces that were deleted since the last call; they may be in use again.
    pub fn take_gone(&mut self) -> BTreeSet<u32> {
        std::mem::take(&mut self.gone)
    }

    /// Whether both of the agent's filters are on the interface; true where that can't be found out.
    pub async fn has_filters(&self, index: u32) -> bool {
        for (parent, name) in CLSACT.into_iter().zip([PROGRAM_IN, PROGRAM_OUT]) {
            let Ok(filters) =
                self.connection.get_filters_by_parent_index(index, TcHandle::from_raw(parent)).await
            else {
                return true;
            };
            let ours = |filter: &TcMessage| {
                let options = filter.raw_options().unwrap_or_default();
                filter.kind() == Some("bpf")
                    && options.windows(name.len()).any(|part| part == name.as_bytes())
            };
            if !filters.iter().any(ours) {
                return false;
            }
        }
        true
    }

    /// Returns when something may have changed; may be dropped and called again, which postpones nothing. What it was does
    /// not matter but for deletions: the whole list is read again, so a lost message (`ENOBUFS`) costs nothing but time.
    pub async fn changed(&mut self) {
        loop {
            tokio::select! {
                () = at(self.due) => break,
                event = self.changes.next() => match event {
                    Some(Ok(event)) => self.note(&event),
                    broken => {
                        // Where the stream has ended the periodic re-read goes on alone.
                        if let Some(Err(error)) = broken {
                            tracing::warn!(%error, "a change of the interfaces was missed; reading all of them");
                            self.due.get_or_insert_with(|| Instant::now() + BROKEN);
                        }
                        at(self.due).await;
                        break;
                    }
                },
            }
        }
        self.due = None;
    }

    fn note(&mut self, event: &NetworkEvent) {
        match event {
            NetworkEvent::NewLink(_) => {}
            NetworkEvent::DelLink(link) => {
                self.gone.insert(link.ifindex());
            }
            _ => return,
        }
        self.due.get_or_insert_with(|| Instant::now() + SETTLE);
    }
}

/// Until then; for ever where there is no such moment.
async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
