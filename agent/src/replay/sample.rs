//! Frames and capture files for the tests: bytes written down after the RFCs and drafts.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Capture, Watched};

/// `00:00:5e:00:53:xx` (RFC 7042 §2.1.2).
pub(super) fn mac(last: u8) -> [u8; 6] {
    [0, 0, 0x5e, 0, 0x53, last]
}

pub(super) const ALL: [u8; 6] = [0xff; 6];

/// The address that the samples are about, and its owners' neighbours.
pub(super) const LB_IP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 200);
pub(super) const ASKER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 99);

/// The operation and two pairs of addresses, as in RFC 826.
fn arp(operation: u8, sender: ([u8; 6], Ipv4Addr), target: ([u8; 6], Ipv4Addr)) -> Vec<u8> {
    let mut bytes = vec![0, 1, 8, 0, 6, 4, 0, operation];
    bytes.extend(sender.0);
    bytes.extend(sender.1.octets());
    bytes.extend(target.0);
    bytes.extend(target.1.octets());
    bytes
}

fn ethernet(destination: [u8; 6], source: [u8; 6], protocol: [u8; 2], content: &[u8]) -> Vec<u8> {
    [&destination[..], &source, &protocol, content].concat()
}

/// A request of host `from` by broadcast, 42 bytes.
pub(super) fn request(from: u8) -> Vec<u8> {
    ethernet(ALL, mac(from), [8, 6], &arp(1, (mac(from), ASKER), ([0; 6], LB_IP)))
}

/// The same by unicast.
pub(super) fn request_to(from: u8, to: u8) -> Vec<u8> {
    ethernet(mac(to), mac(from), [8, 6], &arp(1, (mac(from), ASKER), ([0; 6], LB_IP)))
}

/// A reply of `from` to `to`, 42 bytes as from a kernel.
pub(super) fn reply(from: u8, to: u8) -> Vec<u8> {
    ethernet(mac(to), mac(from), [8, 6], &arp(2, (mac(from), LB_IP), (mac(to), ASKER)))
}

/// A gratuitous reply of `from`, 42 bytes.
pub(super) fn announcement(from: u8) -> Vec<u8> {
    ethernet(ALL, mac(from), [8, 6], &arp(2, (mac(from), LB_IP), (ALL, LB_IP)))
}

/// Padded to 60 bytes, as MetalLB does.
pub(super) fn padded(mut frame: Vec<u8>) -> Vec<u8> {
    frame.resize(frame.len().max(60), 0);
    frame
}

/// With these tags between the addresses and the protocol.
pub(super) fn tagged(frame: &[u8], tags: &[[u8; 4]]) -> Vec<u8> {
    [&frame[..12], &tags.concat(), &frame[12..]].concat()
}

/// A solicitation or solicited advertisement with its link-layer option, checksum left out.
pub(super) fn neighbor(
    advertises: bool,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    target: Ipv6Addr,
    own: [u8; 6],
) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0, 0, 32, 58, 255];
    bytes.extend(source.octets());
    bytes.extend(destination.octets());
    bytes.extend(if advertises { [136, 0, 0, 0, 0x40, 0, 0, 0] } else { [135, 0, 0, 0, 0, 0, 0, 0] });
    bytes.extend(target.octets());
    bytes.extend([1 + u8::from(advertises), 1]);
    bytes.extend(own);
    bytes
}

/// Cooked, version 1: packet type, source and protocol in front of what the Ethernet header was.
pub(super) fn cooked(kind: u8, frame: &[u8]) -> Vec<u8> {
    [&[0, kind, 0, 1, 0, 6], &frame[6..12], &[0, 0], &frame[12..]].concat()
}

/// Cooked, version 2.
pub(super) fn cooked2(kind: u8, index: u8, frame: &[u8]) -> Vec<u8> {
    let head = [0, 0, 0, 0, 0, index, 0, 1, kind, 6];
    [&frame[12..14], &head, &frame[6..12], &[0, 0], &frame[14..]].concat()
}

/// How the numbers of a file are written.
pub(super) type Order = fn(u32) -> [u8; 4];

/// A classic capture: magic, link type, frames with seconds and fraction.
pub(super) fn pcap(order: Order, magic: u32, link: u32, frames: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut file: Vec<u8> =
        [order(magic), version(order), [0; 4], [0; 4], order(65_535), order(link)].concat();
    for (seconds, fraction, frame) in frames {
        let length = order(frame.len() as u32);
        file.extend([order(*seconds), order(*fraction), length, length].concat());
        file.extend(*frame);
    }
    file
}

/// 2.4, two halves in one word.
fn version(order: Order) -> [u8; 4] {
    if order(1) == [1, 0, 0, 0] { [2, 0, 4, 0] } else { [0, 2, 0, 4] }
}

/// Microseconds, little-endian, Ethernet.
pub(super) fn plain(frames: &[(u32, u32, &[u8])]) -> Vec<u8> {
    pcap(u32::to_le_bytes, 0xa1b2_c3d4, 1, frames)
}

/// A block of pcapng.
pub(super) fn block(order: Order, kind: u32, content: &[u8]) -> Vec<u8> {
    let padding = vec![0; content.len().next_multiple_of(4) - content.len()];
    let length = order((12 + content.len() + padding.len()) as u32);
    [&order(kind)[..], &length, content, &padding, &length].concat()
}

pub(super) fn section(order: Order) -> Vec<u8> {
    let version = if order(1) == [1, 0, 0, 0] { [1, 0, 0, 0] } else { [0, 1, 0, 0] };
    block(order, 0x0a0d_0d0a, &[&order(0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat())
}

/// An option: code and value.
pub(super) type Opt<'a> = (u16, &'a [u8]);

fn options(order: Order, options: &[Opt<'_>]) -> Vec<u8> {
    let half = |value: u16| {
        let bytes = order(value.into());
        if order(1) == [1, 0, 0, 0] { [bytes[0], bytes[1]] } else { [bytes[2], bytes[3]] }
    };
    let mut bytes = Vec::new();
    for (code, value) in options {
        bytes.extend([half(*code), half(value.len() as u16)].concat());
        bytes.extend(*value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    if !options.is_empty() {
        bytes.extend([0; 4]);
    }
    bytes
}

pub(super) fn interface(order: Order, link: u32, given: &[Opt<'_>]) -> Vec<u8> {
    let link = order(link);
    let link = if order(1) == [1, 0, 0, 0] { [link[0], link[1], 0, 0] } else { [link[2], link[3], 0, 0] };
    block(order, 1, &[&link[..], &order(0), &options(order, given)].concat())
}

pub(super) fn packet(order: Order, interface: u32, ticks: u64, frame: &[u8], given: &[Opt<'_>]) -> Vec<u8> {
    let length = order(frame.len() as u32);
    let time = [order((ticks >> 32) as u32), order(ticks as u32)].concat();
    let padding = vec![0; frame.len().next_multiple_of(4) - frame.len()];
    let content = [&order(interface)[..], &time, &length, &length, frame, &padding, &options(order, given)];
    block(order, 6, &content.concat())
}

/// What is read of a file about [`LB_IP`].
pub(super) fn read(file: &[u8]) -> Capture {
    Capture::read(file, "eth0", &mut watched(), None).unwrap()
}

pub(super) fn watched() -> Watched {
    Watched::new(&[LB_IP.to_string(), "2001:db8::200".to_owned()]).unwrap()
}
