//! The node's interfaces, from rtnetlink.

use nlink::netlink::{
    Connection, NetworkEvent, OwnedEventStream, Route, RtnetlinkGroup, messages::LinkMessage,
};
use tokio_stream::StreamExt as _;

use super::Error;
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
}

impl Links {
    /// Subscribes in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::Links`].
    pub async fn follow() -> Result<Self, Error> {
        let listener = Connection::<Route>::new()?;
        listener.subscribe(&[RtnetlinkGroup::Link])?;
        Ok(Self { connection: Connection::<Route>::new()?, changes: listener.into_events().await })
    }

    /// All interfaces, now.
    ///
    /// # Errors
    /// [`Error::Links`].
    pub async fn list(&self) -> Result<Vec<Link>, Error> {
        Ok(self.connection.get_links().await?.iter().filter_map(Link::from_message).collect())
    }

    /// Returns when something may have changed. Which change it was does not matter: the whole list is read
    /// again, so that a lost message (`ENOBUFS`) costs nothing but time.
    pub async fn changed(&mut self) {
        loop {
            match self.changes.next().await {
                Some(Ok(NetworkEvent::NewLink(_) | NetworkEvent::DelLink(_)) | Err(_)) => return,
                Some(Ok(_)) => {}
                // The periodic re-read goes on alone.
                None => std::future::pending().await,
            }
        }
    }
}
