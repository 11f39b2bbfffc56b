//! Ethernet II with up to two VLAN tags (802.1Q, 802.1ad).

use super::{Bytes, Delivery, Header as _, Mac, Skip};
use crate::layout::Ignored;

/// `EtherType` of IPv4.
pub const ETH_IPV4: u16 = 0x0800;
/// `EtherType` of ARP.
pub const ETH_ARP: u16 = 0x0806;
/// `EtherType` of IPv6.
pub const ETH_IPV6: u16 = 0x86dd;
/// `EtherType` of an 802.1Q tag.
pub const ETH_VLAN: u16 = 0x8100;
/// `EtherType` of an 802.1ad service tag (`QinQ`).
pub const ETH_QINQ: u16 = 0x88a8;

/// Length of the header without tags, and so where an untagged payload starts.
pub(super) const HEADER: usize = 14;
const TAG: usize = 4;
/// The bits of a tag that are the VLAN's id.
pub const VLAN_ID: u16 = 0x0fff;

/// The addresses, and where the payload starts.
pub(super) struct Ethernet {
    pub(super) destination: Mac,
    pub(super) source: Mac,
    pub(super) ethertype: u16,
    pub(super) vlan: u16,
    pub(super) payload: usize,
}

impl Ethernet {
    #[inline(always)]
    pub(super) fn delivery(&self) -> Delivery {
        if self.destination.is_group() { Delivery::Group } else { Delivery::Unicast }
    }
}

const fn is_tag(ethertype: u16) -> bool {
    matches!(ethertype, ETH_VLAN | ETH_QINQ)
}

#[inline(always)]
pub(super) fn parse<B: Bytes>(bytes: &B) -> Result<Ethernet, Skip> {
    let header = bytes.near::<0, HEADER>().ok_or(Ignored::Truncated)?;
    let mut ethernet = Ethernet {
        destination: Mac::from_loaded(header.word(0), header.half(4)),
        source: Mac::from_loaded(header.word(6), header.half(10)),
        ethertype: header.be16(12),
        vlan: 0,
        payload: HEADER,
    };
    if is_tag(ethernet.ethertype) {
        let outer = bytes.near::<HEADER, TAG>().ok_or(Ignored::Truncated)?;
        ethernet.vlan = outer.be16(0) & VLAN_ID;
        ethernet.ethertype = outer.be16(2);
        ethernet.payload = HEADER + TAG;
        if is_tag(ethernet.ethertype) {
            let inner = bytes.near::<{ HEADER + TAG }, TAG>().ok_or(Ignored::Truncated)?;
            ethernet.ethertype = inner.be16(2);
            ethernet.payload = HEADER + 2 * TAG;
            if is_tag(ethernet.ethertype) {
                return Err(Ignored::VlanTags.into());
            }
        }
    }
    Ok(ethernet)
}
