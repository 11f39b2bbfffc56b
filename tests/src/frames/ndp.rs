//! Neighbour discovery (RFC 4861): solicitations, advertisements, and duplicate address detection
//! (RFC 4862 §5.4.2).
//!
//! As with [`arp`](super::arp), a function per usual frame gives a struct whose every field can be
//! changed before `bytes()`.

use std::net::Ipv6Addr;

use pnet::util::MacAddr;

use super::ethernet::Addresses;
use super::ipv6::{Headers, NDP_HOP_LIMIT};
use super::{Station, multicast_mac, solicited_node};

mod message;

pub use message::{advertisement_message, solicitation_message};

/// `ff02::1`, every IPv6 host of the segment.
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// A neighbour solicitation (RFC 4861 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Solicitation {
    /// Everything in front of the `ICMPv6` message.
    pub headers: Headers,
    /// The address that is asked for.
    pub target: Ipv6Addr,
    /// The source link-layer address option, if there is to be one.
    pub source_lla: Option<MacAddr>,
}

/// A neighbour advertisement (RFC 4861 §4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advertisement {
    /// Everything in front of the `ICMPv6` message.
    pub headers: Headers,
    /// The address that is spoken for.
    pub target: Ipv6Addr,
    /// The flags R, S and O.
    pub flags: Flags,
    /// The target link-layer address option, if there is to be one.
    pub target_lla: Option<MacAddr>,
}

/// The flags of an advertisement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// R: the sender is a router.
    pub router: bool,
    /// S: it answers a solicitation.
    pub solicited: bool,
    /// O: it replaces what the receiver has cached.
    pub overrides: bool,
}

impl Flags {
    /// Of MetalLB's answers: S alone.
    pub const SPEAKER_REPLY: Self = Self { router: false, solicited: true, overrides: false };
    /// Of MetalLB's announcements: O alone.
    pub const SPEAKER_ANNOUNCEMENT: Self = Self { router: false, solicited: false, overrides: true };
}

/// "Who has `target`?", to its solicited-node group, with the source link-layer address.
pub fn solicit(asker: Station<Ipv6Addr>, target: Ipv6Addr) -> Solicitation {
    let group = Station::new(multicast_mac(solicited_node(target)), solicited_node(target));
    Solicitation { headers: headers(asker, group), target, source_lla: Some(asker.mac) }
}

/// The same, to the known address itself: how a host tests reachability (RFC 4861 §7.3.1).
pub fn solicit_unicast(asker: Station<Ipv6Addr>, target: Station<Ipv6Addr>) -> Solicitation {
    Solicitation { headers: headers(asker, target), target: target.ip, source_lla: Some(asker.mac) }
}

/// "Does anybody have `target`?" from a host that has no address yet: source `::`, no option.
pub fn duplicate_detection(mac: MacAddr, target: Ipv6Addr) -> Solicitation {
    Solicitation { source_lla: None, ..solicit(Station::new(mac, Ipv6Addr::UNSPECIFIED), target) }
}

/// "`target` is at `answerer`", from its own address, to the asker alone, as MetalLB flags it.
pub fn advertise(answerer: Station<Ipv6Addr>, target: Ipv6Addr, asker: Station<Ipv6Addr>) -> Advertisement {
    Advertisement {
        headers: headers(answerer, asker),
        target,
        flags: Flags::SPEAKER_REPLY,
        target_lla: Some(answerer.mac),
    }
}

/// "`target` is at `claimant`", unasked, to every host, as MetalLB flags it.
pub fn announce(claimant: Station<Ipv6Addr>, target: Ipv6Addr) -> Advertisement {
    let everybody = Station::new(multicast_mac(ALL_NODES), ALL_NODES);
    Advertisement {
        headers: headers(claimant, everybody),
        target,
        flags: Flags::SPEAKER_ANNOUNCEMENT,
        target_lla: Some(claimant.mac),
    }
}

impl Solicitation {
    /// The same with another hop limit; any but 255 makes it invalid.
    #[must_use]
    pub fn with_hop_limit(self, hop_limit: u8) -> Self {
        Self { headers: Headers { hop_limit, ..self.headers }, ..self }
    }

    /// The frame: 86 bytes with the option, 78 without.
    pub fn bytes(&self) -> Vec<u8> {
        self.headers.around_icmpv6(solicitation_message(self.target, self.source_lla))
    }
}

impl Advertisement {
    /// The same with another hop limit; any but 255 makes it invalid.
    #[must_use]
    pub fn with_hop_limit(self, hop_limit: u8) -> Self {
        Self { headers: Headers { hop_limit, ..self.headers }, ..self }
    }

    /// The frame: 86 bytes with the option, 78 without.
    pub fn bytes(&self) -> Vec<u8> {
        self.headers.around_icmpv6(advertisement_message(self.target, self.flags, self.target_lla))
    }
}

fn headers(from: Station<Ipv6Addr>, to: Station<Ipv6Addr>) -> Headers {
    Headers {
        ethernet: Addresses { destination: to.mac, source: from.mac },
        source: from.ip,
        destination: to.ip,
        hop_limit: NDP_HOP_LIMIT,
    }
}
