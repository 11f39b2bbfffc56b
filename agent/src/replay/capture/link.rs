//! What a capture puts around a frame: nothing (Ethernet), or a cooked header in place of the Ethernet one.

use std::{borrow::Cow, collections::HashMap};

use l2witness_ebpf::frame::{ETH_ARP, ETH_IPV6, ETH_QINQ, ETH_VLAN, Mac, may_carry_icmpv6};

/// `LINKTYPE_ETHERNET`, `LINKTYPE_LINUX_SLL`, `LINKTYPE_LINUX_SLL2`.
const ETHERNET: i32 = 1;
const SLL: i32 = 113;
const SLL2: i32 = 276;

/// `ARPHRD_ETHER`: of a cooked capture the other devices are loopbacks and tunnels.
const HARDWARE_ETHERNET: u16 = 1;

/// A kind of capture that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    /// Linux cooked, version 1 (`tcpdump -i any` of old).
    Cooked,
    /// Linux cooked, version 2: it has the interface's index.
    Cooked2,
}

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::replay) enum Way {
    /// It came in, to this host's MAC or to a group.
    In,
    /// It came in and was to somebody else's MAC.
    InForOther,
    /// It went out.
    Out,
}

/// An Ethernet frame.
pub(super) struct Frame<'a> {
    /// From its destination address on; made up, as far as a cooked header has left nothing.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Bytes of the captured packet in front of the frame's payload.
    before: u32,
    /// As the capture says.
    pub(super) way: Option<Way>,
    /// Index of its interface, 0 where the capture has none.
    pub(super) index: u32,
}

impl Frame<'_> {
    /// The length on the wire of what the frame carries, tags not included, if `packet` is that of the packet.
    pub(super) fn content(&self, packet: u32) -> u32 {
        let protocol = self.bytes.get(12..14).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes);
        let tags = untagged(protocol.unwrap_or_default(), self.bytes.get(14..).unwrap_or_default());
        packet.saturating_sub(self.before).saturating_sub(tags.map_or(0, |(_, at)| at as u32))
    }
}

impl Link {
    pub(super) const fn of(number: i32) -> Option<Self> {
        match number {
            ETHERNET => Some(Self::Ethernet),
            SLL => Some(Self::Cooked),
            SLL2 => Some(Self::Cooked2),
            _ => None,
        }
    }

    /// The cooked header's fields; `None` if it is cut off or of another hardware.
    fn cooked(self, data: &[u8]) -> Option<Cooked<'_>> {
        let half = |at: usize| Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?));
        let (kind, hardware, protocol, length, address, index, payload) = match self {
            Self::Ethernet => return None,
            Self::Cooked => (half(0)?, half(2)?, half(14)?, half(4)?, 6, 0, 16),
            Self::Cooked2 => {
                let index = u32::from_be_bytes(data.get(4..8)?.try_into().ok()?);
                (u16::from(*data.get(10)?), half(8)?, half(0)?, u16::from(*data.get(11)?), 12, index, 20)
            }
        };
        let source = Mac::from_octets(data.get(address..address + 6)?.try_into().ok()?);
        let ethernet = hardware == HARDWARE_ETHERNET && length == 6;
        ethernet.then_some(Cooked { kind, protocol, source, index, payload: data.get(payload..)? })
    }
}

struct Cooked<'a> {
    /// `sll_pkttype`.
    kind: u16,
    protocol: u16,
    source: Mac,
    index: u32,
    payload: &'a [u8],
}

/// Who has which IPv6 address, as far as solicitations say: a cooked capture has no destination address, and
/// an advertisement's is what tells whose question it answers.
#[derive(Default)]
pub(super) struct Askers(HashMap<[u8; 16], Mac>);

impl Askers {
    /// More than a segment has; beyond that nothing is learned.
    const MOST: usize = 65_536;

    fn learn(&mut self, ip: [u8; 16], mac: Mac) {
        if self.0.len() < Self::MOST || self.0.contains_key(&ip) {
            self.0.insert(ip, mac);
        }
    }
}

/// Finds the Ethernet frame in a packet; `None` if it can be nothing of interest.
pub(super) fn frame<'a>(link: Link, data: &'a [u8], askers: &mut Askers) -> Option<Frame<'a>> {
    if link == Link::Ethernet {
        return Some(Frame { bytes: Cow::Borrowed(data), before: 14, way: None, index: 0 });
    }
    let Cooked { kind, protocol, source, index, payload } = link.cooked(data)?;
    let (inner, at) = untagged(protocol, payload)?;
    let content = payload.get(at..)?;
    if inner == ETH_IPV6 && !content.get(6).is_some_and(|next| may_carry_icmpv6(*next)) {
        return None;
    }
    let way = match kind {
        0..=2 => Way::In,
        3 => Way::InForOther,
        4 => Way::Out,
        // PACKET_LOOPBACK and the like: the kernel's own copies.
        _ => return None,
    };
    if inner == ETH_IPV6 && way != Way::Out {
        let ip = content.get(8..24).and_then(|bytes| bytes.try_into().ok());
        if let Some(ip) = ip {
            askers.learn(ip, source);
        }
    }
    let destination = match kind {
        1 | 2 => Mac::BROADCAST,
        4 => destination(inner, content, askers),
        // To a MAC that the capture has not; who it was to, the way says.
        _ => Mac::default(),
    };
    let mut bytes = Vec::with_capacity(14 + payload.len());
    bytes.extend(destination.octets());
    bytes.extend(source.octets());
    bytes.extend(protocol.to_be_bytes());
    bytes.extend(payload);
    let before = (data.len() - payload.len()) as u32;
    Some(Frame { bytes: Cow::Owned(bytes), before, way: Some(way), index })
}

/// The protocol behind up to two tags, and where it begins; `None` if it is neither ARP nor IPv6.
fn untagged(protocol: u16, payload: &[u8]) -> Option<(u16, usize)> {
    let (mut protocol, mut at) = (protocol, 0);
    for _ in 0..2 {
        if !matches!(protocol, ETH_VLAN | ETH_QINQ) {
            break;
        }
        protocol = u16::from_be_bytes(payload.get(at + 2..at + 4)?.try_into().ok()?);
        at += 4;
    }
    matches!(protocol, ETH_ARP | ETH_IPV6).then_some((protocol, at))
}

/// To whom an outgoing frame went, as far as it says so itself: a reply's destination is its target's hardware
/// address, in MetalLB and in the kernel; an IPv6 packet's belongs to its destination address.
fn destination(protocol: u16, content: &[u8], askers: &Askers) -> Mac {
    if protocol == ETH_ARP {
        let target = content.get(18..24).and_then(|bytes| bytes.try_into().ok()).map(Mac::from_octets);
        return target.filter(|mac| mac.0 != 0).unwrap_or(Mac::BROADCAST);
    }
    match content.get(24..40).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) {
        Some([0xff, ..]) => Mac::BROADCAST,
        Some(ip) => askers.0.get(&ip).copied().unwrap_or_default(),
        None => Mac::default(),
    }
}

#[cfg(test)]
mod tests;
