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

/// Reads the frame; the first compare lets everything but ARP, IPv6 and tagged frames go.
#[inline(always)]
pub(super) fn read(ctx: &TcContext) -> Parsed {
    // SAFETY: the context pointer is the kernel's.
    let protocol = u16::from_be(unsafe { (*ctx.skb.skb).protocol } as u16);
    if !matches!(protocol, ETH_ARP | ETH_IPV6 | ETH_VLAN | ETH_QINQ) {
        return Err(Skip::Unrelated);
    }
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
