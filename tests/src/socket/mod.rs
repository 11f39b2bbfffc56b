//! The two kinds of socket through which MetalLB's speaker talks, opened the way it opens them:
//! so that a kernel program which looks at the sender's socket sees here what it sees there.

mod address;
mod icmpv6;
mod interface;
mod packet;
mod pages;

pub use icmpv6::Icmpv6Socket;
pub use interface::Interface;
pub use packet::{Burst, PacketSocket};

/// `ETH_P_ARP`: every ARP frame the interface receives, none that it sends.
pub const ARP: u16 = 0x0806;
/// `ETH_P_IPV6`: every IPv6 frame the interface receives, none that it sends.
pub const IPV6: u16 = 0x86dd;
/// `ETH_P_ALL`: every frame in both directions.
pub const ALL: u16 = 0x0003;
