//! The kernel's neighbour table: whose a hardware address is.

use std::{collections::BTreeMap, net::IpAddr};

use nlink::netlink::{messages::NeighborMessage, types::neigh::NeighborState};

use crate::evidence::MacAddr;

/// Entries kept; kernels keep 1,024 unless told otherwise (`gc_thresh3`).
const MOST: usize = 16_384;

/// IP addresses by hardware address, as the node's kernel knows them now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours(BTreeMap<MacAddr, Vec<IpAddr>>);

impl Neighbours {
    pub(super) fn of(messages: &[NeighborMessage]) -> Self {
        let mut table: BTreeMap<MacAddr, Vec<IpAddr>> = BTreeMap::new();
        for message in messages.iter().filter(|message| is_known(message)).take(MOST) {
            let mac = message.lladdr().and_then(|bytes| bytes.try_into().ok()).map(MacAddr);
            let (Some(mac), Some(ip)) = (mac, message.destination()) else { continue };
            let ips = table.entry(mac).or_default();
            if !ips.contains(ip) {
                ips.push(*ip);
            }
        }
        Self(table)
    }

    /// The addresses that host has, as far as this node ever talked to it.
    pub fn ips(&self, mac: MacAddr) -> &[IpAddr] {
        self.0.get(&mac).map_or(&[], Vec::as_slice)
    }

    /// All of it.
    pub fn iter(&self) -> impl Iterator<Item = (MacAddr, &[IpAddr])> {
        self.0.iter().map(|(mac, ips)| (*mac, ips.as_slice()))
    }
}

/// Resolved, be it a while ago. Entries without ARP are multicast and the like.
fn is_known(message: &NeighborMessage) -> bool {
    !matches!(
        message.state(),
        NeighborState::None | NeighborState::Incomplete | NeighborState::Failed | NeighborState::Noarp
    )
}
