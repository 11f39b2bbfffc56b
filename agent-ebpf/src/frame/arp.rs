//! ARP for IPv4 over Ethernet (RFC 826), with the probe and announcement of RFC 5227.

use super::{
    Address, Bytes, Flags, Header, Kind, Mac, Message, Parsed, Protocol,
    ethernet::{self, Ethernet},
};
use crate::layout::Ignored;

const LENGTH: usize = 28;
const HARDWARE_ETHERNET: u16 = 1;
const PROTOCOL_IPV4: u16 = 0x0800;
const REQUEST: u16 = 1;
const REPLY: u16 = 2;

#[inline(always)]
pub(super) fn parse<B: Bytes>(bytes: &B, ethernet: &Ethernet) -> Parsed {
    if ethernet.payload == ethernet::HEADER {
        message(&bytes.near::<{ ethernet::HEADER }, LENGTH>().ok_or(Ignored::Truncated)?, ethernet)
    } else {
        message(&bytes.far::<LENGTH>(ethernet.payload).ok_or(Ignored::Truncated)?, ethernet)
    }
}

#[inline(always)]
fn message<H: Header>(arp: &H, ethernet: &Ethernet) -> Parsed {
    if arp.be16(0) != HARDWARE_ETHERNET || arp.byte(4) != 6 {
        return Err(Ignored::HardwareType.into());
    }
    if arp.be16(2) != PROTOCOL_IPV4 || arp.byte(5) != 4 {
        return Err(Ignored::ProtocolType.into());
    }
    let hardware = Mac::from_loaded(arp.word(8), arp.half(12));
    let sender = arp.word(14);
    let target = arp.word(24);
    let (kind, subject) = match arp.be16(6) {
        // As a request, sender = target is an announcement whatever the Ethernet destination is (RFC 5227 §3).
        REQUEST if sender == target => (Kind::AnnouncementRequest, sender),
        REQUEST if sender == 0 => (Kind::Probe, target),
        REQUEST => (Kind::Request, target),
        // A gratuitous request asks for its sender's own address: to one station, it is answered.
        REPLY if sender == target && ethernet.destination.is_group() => (Kind::AnnouncementReply, sender),
        REPLY => (Kind::Reply, sender),
        _ => return Err(Ignored::Opcode.into()),
    };
    let asks = matches!(kind, Kind::Request);
    Ok(Message {
        protocol: Protocol::Arp,
        kind,
        delivery: ethernet.delivery(),
        flags: Flags::default().when(Flags::HARDWARE_MISMATCH, hardware.0 != ethernet.source.0),
        vlan: ethernet.vlan,
        subject: Address::v4(subject),
        sender: if asks { Address::v4(sender) } else { Address::default() },
        hardware,
        source: ethernet.source,
        destination: ethernet.destination,
    })
}
