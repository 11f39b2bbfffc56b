//! One parser for ARP (RFC 826, 5227) and Neighbor Discovery (RFC 4861) frames.
//!
//! It is generic over where the bytes are ([`Bytes`]): direct packet access in the kernel, a slice in
//! user space. It allocates nothing, has no loop without a constant bound, and checks bounds once a header.

mod arp;
mod bytes;
mod ethernet;
mod ipv6;
mod message;
mod ndp;

pub use bytes::{Bytes, Header, SliceBytes};
pub use ethernet::{ETH_ARP, ETH_IPV4, ETH_IPV6, ETH_QINQ, ETH_VLAN, VLAN_ID};
pub use ipv6::may_carry_icmpv6;
pub use message::{Address, Delivery, Flags, Kind, Mac, Message, Protocol};

use crate::layout::Ignored;

/// What a frame is to this project.
pub type Parsed = Result<Message, Skip>;

/// Why a frame is not evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Neither ARP nor Neighbor Solicitation or Advertisement: the common case, not even counted.
    Unrelated,
    /// It looks like one of ours but can't be used; the reason is counted.
    Ignored(Ignored),
}

impl From<Ignored> for Skip {
    #[inline(always)]
    fn from(reason: Ignored) -> Self {
        Self::Ignored(reason)
    }
}

/// Reads one Ethernet frame, tags included, from its destination address on.
///
/// # Errors
/// [`Skip::Unrelated`] for other traffic, [`Skip::Ignored`] with the reason for malformed frames.
#[inline(always)]
pub fn parse<B: Bytes>(bytes: &B) -> Parsed {
    let ethernet = ethernet::parse(bytes)?;
    match ethernet.ethertype {
        ETH_ARP => arp::parse(bytes, &ethernet),
        ETH_IPV6 => ndp::parse(bytes, &ethernet, &ipv6::parse(bytes, &ethernet)?),
        _ => Err(Skip::Unrelated),
    }
}
