//! IPv6 up to the ICMPv6 header, over the extension headers of RFC 8200.

use super::{Address, Bytes, Header as _, Parsed, Skip, ethernet::Ethernet, ndp};
use crate::layout::Ignored;

const HEADER: usize = 40;
const ICMPV6: u8 = 58;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
/// Hops that a Neighbor Discovery message must still have (RFC 4861 §7.1): it was not forwarded.
const HOP_LIMIT: u8 = 255;
/// More are not seen in practice; each costs the verifier another round.
const MAX_EXTENSIONS: usize = 4;
/// Extension headers may not push the message further than this.
const MAX_OFFSET: usize = 512;

/// What Neighbor Discovery needs of the header below it.
pub(super) struct Ipv6 {
    pub(super) source: Address,
    pub(super) flow_label: bool,
    /// Offset of the ICMPv6 header in the frame.
    pub(super) payload: usize,
    /// Offset of the first byte after the packet.
    pub(super) end: usize,
}

/// Whether a packet with that next header can be ICMPv6, behind extension headers or at once.
#[inline(always)]
pub const fn may_carry_icmpv6(next: u8) -> bool {
    const BITS: u64 =
        1 << ICMPV6 | 1 << HOP_BY_HOP | 1 << DESTINATION | 1 << ROUTING | 1 << FRAGMENT | 1 << AUTHENTICATION;
    next < 64 && BITS >> next & 1 == 1
}

#[inline(always)]
pub(super) fn parse<B: Bytes>(bytes: &B, ethernet: &Ethernet) -> Parsed {
    let header = bytes.header(ethernet.payload, HEADER).ok_or(Ignored::Truncated)?;
    let mut next = header.byte(6);
    if !may_carry_icmpv6(next) {
        return Err(Skip::Unrelated);
    }
    let mut payload = ethernet.payload + HEADER;
    let end = payload + header.be16(4) as usize;
    let mut fragmented = false;
    for _ in 0..MAX_EXTENSIONS {
        if next == ICMPV6 {
            break;
        }
        let extension = bytes.header(payload, 8).ok_or(Ignored::Truncated)?;
        let length = match next {
            HOP_BY_HOP | ROUTING | DESTINATION => (extension.byte(1) as usize + 1) * 8,
            AUTHENTICATION => (extension.byte(1) as usize + 2) * 4,
            FRAGMENT => {
                fragmented = true;
                // A later fragment carries no header to look at.
                if extension.be16(2) & 0xfff8 != 0 {
                    return Err(Skip::Unrelated);
                }
                8
            }
            _ => return Err(Skip::Unrelated),
        };
        next = extension.byte(0);
        payload += length;
        if payload > MAX_OFFSET {
            return Err(Ignored::ExtensionHeaders.into());
        }
    }
    if next != ICMPV6 {
        return Err(Ignored::ExtensionHeaders.into());
    }
    let icmp = bytes.header(payload, 4).ok_or(Ignored::Truncated)?;
    let kind = icmp.byte(0);
    if kind != ndp::SOLICITATION && kind != ndp::ADVERTISEMENT {
        return Err(Skip::Unrelated);
    }
    if header.byte(7) != HOP_LIMIT {
        return Err(Ignored::HopLimit.into());
    }
    // RFC 6980 §5: fragmented Neighbor Discovery messages are to be ignored.
    if fragmented {
        return Err(Ignored::Fragment.into());
    }
    if icmp.byte(1) != 0 {
        return Err(Ignored::IcmpCode.into());
    }
    let ipv6 = Ipv6 {
        source: Address { words: [header.word(8), header.word(12), header.word(16), header.word(20)] },
        flow_label: header.word(0) & 0x000f_ffff_u32.to_be() != 0,
        payload,
        end,
    };
    ndp::parse(bytes, ethernet, &ipv6, kind)
}
