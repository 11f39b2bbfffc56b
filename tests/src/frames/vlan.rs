//! VLAN tags put into a finished frame, behind its two addresses.

use pnet::packet::ethernet::{EtherType, EtherTypes};

/// Where the tag goes: behind destination and source.
const OFFSET: usize = 12;

/// One customer tag, type 0x8100 (IEEE 802.1Q §9.6); `vid` is taken modulo 4096, priority 0.
pub fn tagged(frame: &[u8], vid: u16) -> Vec<u8> {
    insert(frame, EtherTypes::Vlan, vid)
}

/// A service tag, type 0x88a8, in front of a customer tag, type 0x8100 (`QinQ`).
pub fn qinq(frame: &[u8], service: u16, customer: u16) -> Vec<u8> {
    insert(&tagged(frame, customer), EtherTypes::PBridge, service)
}

fn insert(frame: &[u8], kind: EtherType, vid: u16) -> Vec<u8> {
    let (addresses, rest) = frame.split_at(OFFSET);
    [addresses, &kind.0.to_be_bytes(), &(vid & 0x0fff).to_be_bytes(), rest].concat()
}
