//! Data packets to LB IPs, for those who ask for it: a program of its own, so that all others pay nothing.

use aya_ebpf::{helpers::generated::bpf_ktime_get_ns, programs::TcContext};

use super::{
    maps::{self, add},
    packet,
};

/// A packet that came in, counted if it is to an LB IP and to this node.
#[inline(always)]
pub(crate) fn data_in(ctx: &TcContext) {
    let Some(destination) = packet::destination(ctx) else { return };
    let Some(index) = maps::watched(&destination) else { return };
    let Some(traffic) = maps::traffic(index) else { return };
    // SAFETY: the context pointer is the kernel's.
    let joined = unsafe { (*ctx.skb.skb).gso_segs };
    add(&mut traffic.packets, if joined == 0 { 1 } else { joined.into() });
    // SAFETY: the helper takes no argument and cannot fail.
    traffic.last = unsafe { bpf_ktime_get_ns() };
}
