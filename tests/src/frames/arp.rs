//! ARP (RFC 826), with its gratuitous forms (RFC 5944 §4.6) and probes (RFC 5227 §2.1.1).
//!
//! A function per usual frame gives an [`Arp`] whose every field can be changed before
//! [`Arp::bytes`]: `Arp { operation: 9, ..arp::request(router, ip) }.bytes()`.

use std::net::Ipv4Addr;

use pnet::packet::arp::{ArpHardwareType, ArpOperation, MutableArpPacket};
use pnet::packet::ethernet::{EtherType, EtherTypes};
use pnet::util::MacAddr;

use super::Station;
use super::ethernet::{self, Addresses};

/// The operation of a request.
pub const REQUEST: u16 = 1;
/// The operation of a reply.
pub const REPLY: u16 = 2;

/// Bytes of ARP for IPv4 over Ethernet.
const LEN: usize = 28;

/// One ARP frame, fields in the order of the wire. The addresses always take 6 and 4 bytes,
/// whatever the two length fields claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// Its Ethernet header; a source other than the sender's hardware address is a spoof or a proxy.
    pub ethernet: Addresses,
    /// 1 is Ethernet.
    pub hardware_type: u16,
    /// 0x0800 is IPv4.
    pub protocol_type: u16,
    /// Bytes of a hardware address: 6.
    pub hardware_len: u8,
    /// Bytes of a protocol address: 4.
    pub protocol_len: u8,
    /// [`REQUEST`], [`REPLY`], or something nobody should send.
    pub operation: u16,
    /// `sha` and `spa`.
    pub sender: Station<Ipv4Addr>,
    /// `tha` and `tpa`.
    pub target: Station<Ipv4Addr>,
    /// Whether zeros fill it up to 60 bytes.
    pub padded: bool,
}

/// "Who has `target`? Tell `asker`", to everybody.
pub fn request(asker: Station<Ipv4Addr>, target: Ipv4Addr) -> Arp {
    arp(REQUEST, asker, Station::new(MacAddr::zero(), target), MacAddr::broadcast())
}

/// The same, to one hardware address: how a host revalidates what it knows.
pub fn request_to(asker: Station<Ipv4Addr>, target: Station<Ipv4Addr>) -> Arp {
    arp(REQUEST, asker, Station::new(MacAddr::zero(), target.ip), target.mac)
}

/// "`answerer` has it", to the asker alone.
pub fn reply(answerer: Station<Ipv4Addr>, asker: Station<Ipv4Addr>) -> Arp {
    arp(REPLY, answerer, asker, asker.mac)
}

/// Gratuitous ARP in request form, `tha` all ones as MetalLB has it.
pub fn gratuitous_request(claimant: Station<Ipv4Addr>) -> Arp {
    gratuitous(REQUEST, claimant)
}

/// Gratuitous ARP in reply form, `tha` all ones as MetalLB has it.
pub fn gratuitous_reply(claimant: Station<Ipv4Addr>) -> Arp {
    gratuitous(REPLY, claimant)
}

/// "Does anybody have `ip`?" from a host that has no address yet: `spa` is 0.0.0.0.
pub fn probe(mac: MacAddr, ip: Ipv4Addr) -> Arp {
    request(Station::new(mac, Ipv4Addr::UNSPECIFIED), ip)
}

impl Arp {
    /// The same, filled up to 60 bytes.
    #[must_use]
    pub fn padded(self) -> Self {
        Self { padded: true, ..self }
    }

    /// The frame: 42 bytes, or 60 if padded.
    pub fn bytes(&self) -> Vec<u8> {
        let mut arp = [0; LEN];
        if let Some(mut packet) = MutableArpPacket::new(&mut arp) {
            packet.set_hardware_type(ArpHardwareType(self.hardware_type));
            packet.set_protocol_type(EtherType(self.protocol_type));
            packet.set_hw_addr_len(self.hardware_len);
            packet.set_proto_addr_len(self.protocol_len);
            packet.set_operation(ArpOperation(self.operation));
            packet.set_sender_hw_addr(self.sender.mac);
            packet.set_sender_proto_addr(self.sender.ip);
            packet.set_target_hw_addr(self.target.mac);
            packet.set_target_proto_addr(self.target.ip);
        }
        let mut frame = ethernet::frame(self.ethernet, EtherTypes::Arp, &arp);
        if self.padded {
            ethernet::pad(&mut frame);
        }
        frame
    }
}

fn gratuitous(operation: u16, claimant: Station<Ipv4Addr>) -> Arp {
    let everybody = Station::new(MacAddr::broadcast(), claimant.ip);
    arp(operation, claimant, everybody, MacAddr::broadcast())
}

fn arp(operation: u16, sender: Station<Ipv4Addr>, target: Station<Ipv4Addr>, destination: MacAddr) -> Arp {
    Arp {
        ethernet: Addresses { destination, source: sender.mac },
        hardware_type: 1,
        protocol_type: EtherTypes::Ipv4.0,
        hardware_len: 6,
        protocol_len: 4,
        operation,
        sender,
        target,
        padded: false,
    }
}
