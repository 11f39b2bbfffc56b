//! Neighbor Solicitation and Advertisement (RFC 4861 §4.3, §4.4).

use super::{
    Address, Bytes, Flags, Header as _, Kind, Mac, Message, Parsed, Protocol, Skip, ethernet::Ethernet,
    ipv6::Ipv6,
};
use crate::layout::Ignored;

pub(super) const SOLICITATION: u8 = 135;
pub(super) const ADVERTISEMENT: u8 = 136;

const LENGTH: usize = 24;
const SOURCE_LINK_LAYER: u8 = 1;
const TARGET_LINK_LAYER: u8 = 2;
const OPTION: usize = 8;
/// Options that are looked at for the link-layer address; it comes first in all that is known.
const MAX_OPTIONS: usize = 4;

#[inline(always)]
pub(super) fn parse<B: Bytes>(bytes: &B, ethernet: &Ethernet, ipv6: &Ipv6, icmp_type: u8) -> Parsed {
    if ipv6.payload + LENGTH > ipv6.end {
        return Err(Ignored::Truncated.into());
    }
    let message = bytes.header(ipv6.payload, LENGTH).ok_or(Ignored::Truncated)?;
    let target = Address { words: [message.word(8), message.word(12), message.word(16), message.word(20)] };
    if target.is_multicast() || target.is_unspecified() {
        return Err(Ignored::Target.into());
    }
    let solicits = icmp_type == SOLICITATION;
    let wanted = if solicits { SOURCE_LINK_LAYER } else { TARGET_LINK_LAYER };
    let option = link_layer(bytes, ipv6, wanted)?;

    let bits = message.byte(4);
    let flags = Flags::default()
        .when(Flags::FLOW_LABEL, ipv6.flow_label)
        .when(Flags::SOURCE_IS_TARGET, ipv6.source.same(&target))
        .when(Flags::NO_LINK_LAYER, option.is_none())
        .when(Flags::ROUTER, !solicits && bits & 0x80 != 0)
        .when(Flags::SOLICITED, !solicits && bits & 0x40 != 0)
        .when(Flags::OVERRIDE, !solicits && bits & 0x20 != 0);
    let kind = match (solicits, ipv6.source.is_unspecified()) {
        (true, true) => Kind::Probe,
        (true, false) => Kind::Request,
        (false, _) if flags.has(Flags::SOLICITED) => Kind::Reply,
        (false, _) => Kind::AnnouncementReply,
    };
    let hardware = option.unwrap_or(ethernet.source);
    let asks = matches!(kind, Kind::Request);
    Ok(Message {
        protocol: Protocol::Ndp,
        kind,
        delivery: ethernet.delivery(),
        flags: flags.when(Flags::HARDWARE_MISMATCH, hardware.0 != ethernet.source.0),
        vlan: ethernet.vlan,
        subject: target,
        sender: if asks { ipv6.source } else { Address::default() },
        hardware,
        source: ethernet.source,
        destination: ethernet.destination,
    })
}

/// The link-layer address option of the wanted type, if the message has one (RFC 4861 §4.6.1).
#[inline(always)]
fn link_layer<B: Bytes>(bytes: &B, ipv6: &Ipv6, wanted: u8) -> Result<Option<Mac>, Skip> {
    let mut at = ipv6.payload + LENGTH;
    for _ in 0..MAX_OPTIONS {
        if at + OPTION > ipv6.end {
            return Ok(None);
        }
        let option = bytes.header(at, OPTION).ok_or(Ignored::Truncated)?;
        let length = option.byte(1) as usize * 8;
        // RFC 4861 §4.6: a message with an option of length 0 is discarded.
        if length == 0 {
            return Err(Ignored::NeighborOption.into());
        }
        if option.byte(0) == wanted {
            return Ok(Some(Mac::from_loaded(
                u32::from(option.half(2)) | u32::from(option.half(4)) << 16,
                option.half(6),
            )));
        }
        at += length;
    }
    Ok(None)
}
