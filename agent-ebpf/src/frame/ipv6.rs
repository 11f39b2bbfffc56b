//! IPv6 up to the ICMPv6 header, over the extension headers of RFC 8200.

use super::{
    Address, Bytes, Header, Skip,
    ethernet::{self, Ethernet},
};
use crate::layout::Ignored;

const HEADER: usize = 40;
/// Where ICMPv6 starts in an untagged frame without extension headers.
pub(super) const NEAR: usize = ethernet::HEADER + HEADER;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const ICMPV6: u8 = 58;
const DESTINATION: u8 = 60;

/// More are not seen in practice; each costs the verifier another round.
const MAX_EXTENSIONS: usize = 4;
/// Extension headers may not push the message further than this.
const MAX_OFFSET: usize = 512;

/// What Neighbor Discovery needs of the headers below it.
pub(super) struct Ipv6 {
    pub(super) source: Address,
    pub(super) flow_label: bool,
    pub(super) hop_limit: u8,
    pub(super) fragmented: bool,
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
pub(super) fn parse<B: Bytes>(bytes: &B, ethernet: &Ethernet) -> Result<Ipv6, Skip> {
    let (mut ipv6, next) = if ethernet.payload == ethernet::HEADER {
        header(&bytes.near::<{ ethernet::HEADER }, HEADER>().ok_or(Ignored::Truncated)?, ethernet)
    } else {
        header(&bytes.far::<HEADER>(ethernet.payload).ok_or(Ignored::Truncated)?, ethernet)
    };
    if !may_carry_icmpv6(next) {
        return Err(Skip::Unrelated);
    }
    if next != ICMPV6 {
        follow(bytes, &mut ipv6, next)?;
    }
    Ok(ipv6)
}

#[inline(always)]
fn header<H: Header>(header: &H, ethernet: &Ethernet) -> (Ipv6, u8) {
    let payload = ethernet.payload + HEADER;
    let ipv6 = Ipv6 {
        source: Address { words: [header.word(8), header.word(12), header.word(16), header.word(20)] },
        flow_label: header.word(0) & 0x000f_ffff_u32.to_be() != 0,
        hop_limit: header.byte(7),
        fragmented: false,
        payload,
        end: payload + header.be16(4) as usize,
    };
    (ipv6, header.byte(6))
}

/// Goes over the extension headers to the ICMPv6 header.
#[inline(always)]
fn follow<B: Bytes>(bytes: &B, ipv6: &mut Ipv6, first: u8) -> Result<(), Skip> {
    let mut next = first;
    for _ in 0..MAX_EXTENSIONS {
        let extension = bytes.far::<8>(ipv6.payload).ok_or(Ignored::Truncated)?;
        let length = match next {
            HOP_BY_HOP | ROUTING | DESTINATION => (extension.byte(1) as usize + 1) * 8,
            AUTHENTICATION => (extension.byte(1) as usize + 2) * 4,
            FRAGMENT => {
                ipv6.fragmented = true;
                // A later fragment carries no header to look at.
                if extension.be16(2) & 0xfff8 != 0 {
                    return Err(Skip::Unrelated);
                }
                8
            }
            _ => return Err(Skip::Unrelated),
        };
        next = extension.byte(0);
        ipv6.payload += length;
        if ipv6.payload > MAX_OFFSET {
            return Err(Ignored::ExtensionHeaders.into());
        }
        if next == ICMPV6 {
            return Ok(());
        }
    }
    Err(Ignored::ExtensionHeaders.into())
}
