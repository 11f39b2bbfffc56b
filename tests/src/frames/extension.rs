//! IPv6 extension headers (RFC 8200 §4) put between the fixed header and what it carried.

use super::{ethernet, ipv6};

/// Bytes of every extension header built here.
pub const LEN: usize = 8;

/// Offset of the IPv6 payload in an untagged frame.
const PAYLOAD: usize = ethernet::HEADER_LEN + ipv6::HEADER_LEN;
/// Offset of the payload length, big-endian, in an untagged frame.
const PAYLOAD_LENGTH: usize = ethernet::HEADER_LEN + 4;
/// Offset of the next header in an untagged frame.
const NEXT_HEADER: usize = ethernet::HEADER_LEN + 6;

/// One extension header of 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// Options every router looks at (§4.3): one `PadN`.
    HopByHop,
    /// Options the destination looks at (§4.6): one `PadN`.
    Destination,
    /// A routing header (§4.4) of type 0 with no segment left: to be skipped (RFC 5095 §3).
    Routing,
    /// A fragment header (§4.5).
    Fragment {
        /// Offset of this piece in units of 8 bytes; 0 for the first.
        offset: u16,
        /// Whether another piece follows. Offset 0 and no more is an atomic fragment (RFC 6946).
        more: bool,
    },
}

impl Extension {
    /// The value of "next header" that names it.
    pub const fn protocol(self) -> u8 {
        match self {
            Self::HopByHop => 0,
            Self::Routing => 43,
            Self::Fragment { .. } => 44,
            Self::Destination => 60,
        }
    }

    fn bytes(self, next_header: u8) -> [u8; LEN] {
        match self {
            Self::HopByHop | Self::Destination => [next_header, 0, 1, 4, 0, 0, 0, 0],
            Self::Routing => [next_header, 0, 0, 0, 0, 0, 0, 0],
            Self::Fragment { offset, more } => {
                let [high, low] = (offset << 3 | u16::from(more)).to_be_bytes();
                [next_header, 0, high, low, 0x12, 0x34, 0x56, 0x78]
            }
        }
    }
}

/// `frame` (untagged Ethernet with IPv6 and no extension yet) with `extensions` in this order.
/// Upper-layer checksums stay valid: their pseudo-header does not cover extensions (§8.1).
pub fn extended(frame: &[u8], extensions: &[Extension]) -> Vec<u8> {
    let mut bytes = frame[..PAYLOAD].to_vec();
    let carried = bytes[NEXT_HEADER];
    let protocols: Vec<u8> = extensions.iter().map(|extension| extension.protocol()).collect();
    let next_headers = protocols.iter().skip(1).copied().chain([carried]);
    for (extension, next_header) in extensions.iter().zip(next_headers) {
        bytes.extend(extension.bytes(next_header));
    }
    bytes.extend(&frame[PAYLOAD..]);
    bytes[NEXT_HEADER] = protocols.first().copied().unwrap_or(carried);
    let length = ((bytes.len() - PAYLOAD) as u16).to_be_bytes();
    bytes[PAYLOAD_LENGTH..PAYLOAD_LENGTH + 2].copy_from_slice(&length);
    bytes
}
