//! The Ethernet II header (14 bytes) and padding.

use pnet::packet::ethernet::{EtherType, MutableEthernetPacket};
use pnet::util::MacAddr;

/// Bytes of an untagged Ethernet header.
pub const HEADER_LEN: usize = 14;

/// The shortest frame on a real cable, without its checksum (IEEE 802.3 §3.2.8).
pub const MIN_LEN: usize = 60;

/// The two addresses of an Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Where the frame goes.
    pub destination: MacAddr,
    /// Where it says it comes from.
    pub source: MacAddr,
}

/// Header and payload, not padded.
pub fn frame(addresses: Addresses, ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_LEN + payload.len()];
    if let Some(mut packet) = MutableEthernetPacket::new(&mut bytes) {
        packet.set_destination(addresses.destination);
        packet.set_source(addresses.source);
        packet.set_ethertype(ethertype);
        packet.set_payload(payload);
    }
    bytes
}

/// Appends zeros up to [`MIN_LEN`], as network cards and MetalLB's Ethernet library do.
pub fn pad(frame: &mut Vec<u8>) {
    if frame.len() < MIN_LEN {
        frame.resize(MIN_LEN, 0);
    }
}
