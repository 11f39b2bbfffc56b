//! What a frame says, in the words of the RFCs.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IP address as it lies in the maps: sixteen bytes in network order, IPv4 as v4-mapped IPv6.
///
/// Held as four words so that the kernel programs build it without memset or memcpy, which the
/// verifier refuses where `CAP_PERFMON` is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(C)]
pub struct Address {
    /// The sixteen bytes, four at a time, each word as loaded from memory.
    pub words: [u32; 4],
}

impl Address {
    /// The v4-mapped form of an IPv4 address given as loaded from the wire.
    #[inline(always)]
    pub const fn v4(word: u32) -> Self {
        Self { words: [0, 0, 0x0000_ffff_u32.to_be(), word] }
    }

    /// Whether all sixteen bytes are zero (`::`, the source of a DAD solicitation).
    #[inline(always)]
    pub const fn is_unspecified(&self) -> bool {
        (self.words[0] | self.words[1] | self.words[2] | self.words[3]) == 0
    }

    /// Whether it is an IPv6 multicast address (`ff00::/8`).
    #[inline(always)]
    pub const fn is_multicast(&self) -> bool {
        self.words[0] & 0xff00_0000_u32.to_be() == 0xff00_0000_u32.to_be()
    }

    /// Word by word, so that the compiler makes no call of it.
    #[inline(always)]
    pub const fn same(&self, other: &Self) -> bool {
        (self.words[0] ^ other.words[0])
            | (self.words[1] ^ other.words[1])
            | (self.words[2] ^ other.words[2])
            | (self.words[3] ^ other.words[3])
            == 0
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        let octets = match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        };
        let word =
            |at: usize| u32::from_ne_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]]);
        Self { words: [word(0), word(4), word(8), word(12)] }
    }
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        let mut octets = [0; 16];
        for (chunk, word) in octets.chunks_exact_mut(4).zip(address.words) {
            chunk.copy_from_slice(&word.to_ne_bytes());
        }
        let v6 = Ipv6Addr::from(octets);
        v6.to_ipv4_mapped().map_or(Self::V6(v6), |v4: Ipv4Addr| Self::V4(v4))
    }
}

/// A MAC address in the low 48 bits, its first byte lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Mac(pub u64);

impl Mac {
    /// `ff:ff:ff:ff:ff:ff`.
    pub const BROADCAST: Self = Self(0xffff_ffff_ffff);

    /// From the first four bytes and the last two, each as loaded on a little-endian machine.
    #[inline(always)]
    pub const fn from_loaded(first: u32, last: u16) -> Self {
        Self(first as u64 | (last as u64) << 32)
    }

    /// From its six bytes in wire order.
    pub const fn from_octets(o: [u8; 6]) -> Self {
        Self(u64::from_le_bytes([o[0], o[1], o[2], o[3], o[4], o[5], 0, 0]))
    }

    /// Its six bytes in wire order.
    pub const fn octets(self) -> [u8; 6] {
        let bytes = self.0.to_le_bytes();
        [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]]
    }

    /// Whether the group bit is set (broadcast or multicast).
    #[inline(always)]
    pub const fn is_group(self) -> bool {
        self.0 & 1 == 1
    }
}

impl core::fmt::Display for Mac {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [first, rest @ ..] = self.octets();
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|octet| write!(f, ":{octet:02x}"))
    }
}

/// Which of the two protocols a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Protocol {
    /// RFC 826, for IPv4.
    Arp = 0,
    /// RFC 4861, for IPv6.
    Ndp = 1,
}

impl Protocol {
    /// The protocol whose number it is.
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Arp),
            1 => Some(Self::Ndp),
            _ => None,
        }
    }
}

/// What a frame does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// ARP request, or Neighbor Solicitation: who has the subject?
    Request = 0,
    /// ARP reply, or solicited Neighbor Advertisement: the claimant has the subject.
    Reply = 1,
    /// Gratuitous ARP in request form (sender address = target address).
    AnnouncementRequest = 2,
    /// Gratuitous ARP in reply form, or unsolicited Neighbor Advertisement.
    AnnouncementReply = 3,
    /// ARP probe (sender 0.0.0.0, RFC 5227) or DAD solicitation (source `::`, RFC 4862).
    Probe = 4,
}

impl Kind {
    /// The kind whose number it is.
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Request),
            1 => Some(Self::Reply),
            2 => Some(Self::AnnouncementRequest),
            3 => Some(Self::AnnouncementReply),
            4 => Some(Self::Probe),
            _ => None,
        }
    }

    /// Whether it is an announcement of either form.
    pub const fn announces(self) -> bool {
        self.announces_bit() == 1
    }

    /// The same as a number: 1 if it is.
    #[inline(always)]
    pub const fn announces_bit(self) -> u64 {
        self as u64 >> 1 & 1
    }
}

/// How the Ethernet destination addressed the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Delivery {
    /// Broadcast or multicast.
    Group = 0,
    /// To one station.
    Unicast = 1,
}

/// Bits beside a message; they travel into claims and events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Flags(pub u16);

impl Flags {
    /// NA: the sender is a router (R, RFC 4861 §4.4).
    pub const ROUTER: Self = Self(1);
    /// NA: solicited (S).
    pub const SOLICITED: Self = Self(1 << 1);
    /// NA: override (O).
    pub const OVERRIDE: Self = Self(1 << 2);
    /// NS without source, or NA without target, link-layer address option.
    pub const NO_LINK_LAYER: Self = Self(1 << 3);
    /// The sender hardware address in the message is not the Ethernet source.
    pub const HARDWARE_MISMATCH: Self = Self(1 << 4);
    /// NA whose IPv6 source is the target itself: what a kernel sends for an own address.
    pub const SOURCE_IS_TARGET: Self = Self(1 << 5);
    /// IPv6 flow label not zero: never so in what a Linux kernel's ND code sends.
    pub const FLOW_LABEL: Self = Self(1 << 6);

    /// Both sets of bits.
    #[inline(always)]
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Adds `other` where `condition` holds.
    #[inline(always)]
    #[must_use]
    pub const fn when(self, other: Self, condition: bool) -> Self {
        if condition { self.with(other) } else { self }
    }

    /// Whether any bit of `other` is set.
    #[inline(always)]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// One ARP or Neighbor Discovery message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// ARP or NDP.
    pub protocol: Protocol,
    /// What it does.
    pub kind: Kind,
    /// How it was addressed.
    pub delivery: Delivery,
    /// See [`Flags`].
    pub flags: Flags,
    /// VLAN id of the outermost tag inside the frame, 0 if untagged.
    pub vlan: u16,
    /// The address it is about: asked for, answered for or announced.
    pub subject: Address,
    /// Requests only: the address the asker gives as its own; an LB IP here is a claim, too.
    pub sender: Address,
    /// Sender hardware address (ARP) or link-layer option, else the Ethernet source.
    pub hardware: Mac,
    /// Ethernet source.
    pub source: Mac,
    /// Ethernet destination; of a unicast reply, the asker.
    pub destination: Mac,
}
