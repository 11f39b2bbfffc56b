//! Direct packet access, one bounds check a header.

use aya_ebpf::programs::TcContext;
use l2witness_ebpf::{
    frame::{self, Bytes, ETH_ARP, ETH_IPV6, ETH_QINQ, ETH_VLAN, Header, Parsed, Skip},
    layout::Ignored,
};

/// Headers of ours end well before this, IPv6 extension headers included (bytes).
const PULL: u32 = 640;

/// A header that [`Packet::header`] has checked to lie inside the packet.
pub(super) struct Checked(*const u8);

impl Header for Checked {
    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        // SAFETY: `at` is inside the length that was checked; the verifier refuses the program otherwise.
        unsafe { *self.0.add(at) }
    }

    #[inline(always)]
    fn half(&self, at: usize) -> u16 {
        // SAFETY: as above; packet loads may be unaligned on every architecture that runs Kubernetes nodes.
        unsafe { *self.0.add(at).cast() }
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u32 {
        // SAFETY: as above.
        unsafe { *self.0.add(at).cast() }
    }
}

/// The linear part of a frame.
struct Packet<'a>(&'a TcContext);

impl Bytes for Packet<'_> {
    type Header = Checked;

    #[inline(always)]
    fn header(&self, offset: usize, length: usize) -> Option<Checked> {
        let start = self.0.data() + offset;
        if start + length > self.0.data_end() { None } else { Some(Checked(start as *const u8)) }
    }
}

/// The `EtherType`s that are read further, as they stand in `skb->protocol`.
const ARP: u32 = ETH_ARP.to_be() as u32;
const IPV6: u32 = ETH_IPV6.to_be() as u32;
const VLAN: u32 = ETH_VLAN.to_be() as u32;
const QINQ: u32 = ETH_QINQ.to_be() as u32;

/// Ethernet and IPv6 header, untagged.
const IPV6_END: usize = 54;
const IPV6_NEXT: usize = 20;

/// Lets most frames go: one load and four compares for IPv4, and a look at the next header for IPv6.
#[inline(always)]
pub(crate) fn may_concern(ctx: &TcContext) -> bool {
    // SAFETY: the context pointer is the kernel's.
    let protocol = unsafe { (*ctx.skb.skb).protocol };
    match protocol {
        IPV6 => {
            let data = ctx.data();
            if data + IPV6_END > ctx.data_end() {
                return true;
            }
            // SAFETY: checked to lie inside the packet.
            frame::may_carry_icmpv6(unsafe { *((data + IPV6_NEXT) as *const u8) })
        }
        ARP | VLAN | QINQ => true,
        _ => false,
    }
}

/// Reads the frame.
#[inline(always)]
pub(super) fn read(ctx: &TcContext) -> Parsed {
    let parsed = frame::parse(&Packet(ctx));
    // A sender may keep all but the Ethernet header in pages (PACKET_TX_RING does): bring it together once.
    let linear = (ctx.data_end() - ctx.data()) as u32;
    if matches!(parsed, Err(Skip::Ignored(Ignored::Truncated))) && linear < ctx.len() && linear < PULL {
        let wanted = if ctx.len() < PULL { ctx.len() } else { PULL };
        if ctx.pull_data(wanted).is_ok() {
            return frame::parse(&Packet(ctx));
        }
    }
    parsed
}
