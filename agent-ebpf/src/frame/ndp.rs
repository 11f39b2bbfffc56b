//! Neighbor Solicitation and Advertisement (RFC 4861 §4.3, §4.4).

use super::{
    Address, Bytes, Flags, Header, Kind, Mac, Message, Parsed, Protocol, Skip,
    ethernet::Ethernet,
    ipv6::{self, Ipv6},
};
use crate::layout::Ignored;

const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;

/// Type, code and checksum.
const START: usize = 4;
/// Up to the options.
const LENGTH: usize = 24;
/// Hops that a message must still have (RFC 4861 §7.1): it was not forwarded.
const HOP_LIMIT: u8 = 255;

const OPTION: usize = 8;
const SOURCE_LINK_LAYER: u8 = 1;
const TARGET_LINK_LAYER: u8 = 2;
/// Options that are looked at for the link-layer address; it comes first in all that is known.
const MAX_OPTIONS: usize = 4;

/// The fixed part of a message.
struct Fixed {
    flags: u8,
    target: Address,
}

#[inline(always)]
pub(super) fn parse<B: Bytes>(bytes: &B, ethernet: &Ethernet, ipv6: &Ipv6) -> Parsed {
    let near = ipv6.payload == ipv6::NEAR;
    let (kind, code) = if near {
        start(&bytes.near::<{ ipv6::NEAR }, START>().ok_or(Ignored::Truncated)?)
    } else {
        start(&bytes.far::<START>(ipv6.payload).ok_or(Ignored::Truncated)?)
    };
    if kind != SOLICITATION && kind != ADVERTISEMENT {
        return Err(Skip::Unrelated);
    }
    if ipv6.hop_limit != HOP_LIMIT {
        return Err(Ignored::HopLimit.into());
    }
    // RFC 6980 §5: fragmented Neighbor Discovery messages are to be ignored.
    if ipv6.fragmented {
        return Err(Ignored::Fragment.into());
    }
    if code != 0 {
        return Err(Ignored::IcmpCode.into());
    }
    if ipv6.payload + LENGTH > ipv6.end {
        return Err(Ignored::Truncated.into());
    }
    let message = if near {
        fixed(&bytes.near::<{ ipv6::NEAR }, LENGTH>().ok_or(Ignored::Truncated)?)
    } else {
        fixed(&bytes.far::<LENGTH>(ipv6.payload).ok_or(Ignored::Truncated)?)
    };
    if message.target.is_multicast() || message.target.is_unspecified() {
        return Err(Ignored::Target.into());
    }
    let solicits = kind == SOLICITATION;
    let option = link_layer(bytes, ipv6, if solicits { SOURCE_LINK_LAYER } else { TARGET_LINK_LAYER })?;
    Ok(message_of(ethernet, ipv6, &message, solicits, option))
}

#[inline(always)]
fn start<H: Header>(icmp: &H) -> (u8, u8) {
    (icmp.byte(0), icmp.byte(1))
}

#[inline(always)]
fn fixed<H: Header>(message: &H) -> Fixed {
    Fixed {
        flags: message.byte(4),
        target: Address { words: [message.word(8), message.word(12), message.word(16), message.word(20)] },
    }
}

#[inline(always)]
fn message_of(
    ethernet: &Ethernet,
    ipv6: &Ipv6,
    message: &Fixed,
    solicits: bool,
    option: Option<Mac>,
) -> Message {
    let bit = |mask: u8| !solicits && message.flags & mask != 0;
    let hardware = match option {
        Some(mac) => mac,
        None => ethernet.source,
    };
    let flags = Flags::default()
        .when(Flags::FLOW_LABEL, ipv6.flow_label)
        .when(Flags::SOURCE_IS_TARGET, ipv6.source.same(&message.target))
        .when(Flags::NO_LINK_LAYER, option.is_none())
        .when(Flags::ROUTER, bit(0x80))
        .when(Flags::SOLICITED, bit(0x40))
        .when(Flags::OVERRIDE, bit(0x20))
        .when(Flags::HARDWARE_MISMATCH, hardware.0 != ethernet.source.0);
    let kind = match (solicits, ipv6.source.is_unspecified()) {
        (true, true) => Kind::Probe,
        (true, false) => Kind::Request,
        (false, _) if flags.has(Flags::SOLICITED) => Kind::Reply,
        (false, _) => Kind::AnnouncementReply,
    };
    let asks = matches!(kind, Kind::Request);
    Message {
        protocol: Protocol::Ndp,
        kind,
        delivery: ethernet.delivery(),
        flags,
        vlan: ethernet.vlan,
        subject: message.target,
        sender: if asks { ipv6.source } else { Address::default() },
        hardware,
        source: ethernet.source,
        destination: ethernet.destination,
    }
}

/// What one option says.
enum Seen {
    Wanted(Mac),
    Other { length: usize },
}

/// The link-layer address option of the wanted type, if the message has one (RFC 4861 §4.6.1).
#[inline(always)]
fn link_layer<B: Bytes>(bytes: &B, ipv6: &Ipv6, wanted: u8) -> Result<Option<Mac>, Skip> {
    let mut at = ipv6.payload + LENGTH;
    if at + OPTION > ipv6.end {
        return Ok(None);
    }
    let mut seen = if ipv6.payload == ipv6::NEAR {
        option(&bytes.near::<{ ipv6::NEAR + LENGTH }, OPTION>().ok_or(Ignored::Truncated)?, wanted)?
    } else {
        option(&bytes.far::<OPTION>(at).ok_or(Ignored::Truncated)?, wanted)?
    };
    for _ in 1..MAX_OPTIONS {
        match seen {
            Seen::Wanted(mac) => return Ok(Some(mac)),
            Seen::Other { length } => at += length,
        }
        if at + OPTION > ipv6.end {
            return Ok(None);
        }
        seen = option(&bytes.far::<OPTION>(at).ok_or(Ignored::Truncated)?, wanted)?;
    }
    match seen {
        Seen::Wanted(mac) => Ok(Some(mac)),
        Seen::Other { .. } => Ok(None),
    }
}

#[inline(always)]
fn option<H: Header>(option: &H, wanted: u8) -> Result<Seen, Skip> {
    let length = option.byte(1) as usize * 8;
    // RFC 4861 §4.6: a message with an option of length 0 is discarded.
    if length == 0 {
        return Err(Ignored::NeighborOption.into());
    }
    if option.byte(0) != wanted {
        return Ok(Seen::Other { length });
    }
    let first = u32::from(option.half(2)) | u32::from(option.half(4)) << 16;
    Ok(Seen::Wanted(Mac::from_loaded(first, option.half(6))))
}
