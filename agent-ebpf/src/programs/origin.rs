//! Who on this node sent a frame.
//!
//! Measured on kernel 6.18: the kernel's own ARP has no socket. Its own Neighbor Discovery *has* one, the
//! network namespace's ICMPv6 control socket: unbound, flow label 0, one cookie for all it sends. A speaker's
//! raw ICMPv6 socket is bound to the interface's link-local address.

use aya_ebpf::{
    helpers::generated::{bpf_get_socket_cookie, bpf_sk_fullsock, bpf_skb_cgroup_id},
    programs::TcContext,
};
use l2witness_ebpf::{
    frame::{Flags, Kind, Message, Protocol},
    layout::Origin,
};

use super::maps;

/// `AF_PACKET` of linux/socket.h.
const AF_PACKET: u32 = 17;

/// The sender of a frame at egress.
pub(super) struct Sender {
    pub(super) origin: Origin,
    pub(super) cookie: u64,
    pub(super) cgroup: u64,
}

/// Decides before it looks at the socket whether the frame came in by another interface: across veth and
/// bridge a frame keeps its first sender's socket.
#[inline(always)]
pub(super) fn of(ctx: &TcContext, message: &Message) -> Sender {
    let skb = ctx.skb.skb;
    // SAFETY: the context pointer is the kernel's.
    if unsafe { (*skb).ingress_ifindex } != 0 {
        return Sender { origin: Origin::Forwarded, cookie: 0, cgroup: 0 };
    }
    // SAFETY: as above; null is checked before use.
    let sk = unsafe { (*skb).__bindgen_anon_2.sk };
    if sk.is_null() {
        return Sender { origin: Origin::Kernel, cookie: 0, cgroup: 0 };
    }
    // SAFETY: both helpers take the context.
    let (cookie, cgroup) = unsafe { (bpf_get_socket_cookie(skb.cast()), bpf_skb_cgroup_id(skb)) };
    let origin = match message.protocol {
        Protocol::Arp => Origin::Socket,
        Protocol::Ndp => {
            // SAFETY: `sk` is not null; the helper gives null where it is no full socket.
            let full = unsafe { bpf_sk_fullsock(sk) };
            if full.is_null() {
                Origin::Kernel
            } else {
                // SAFETY: checked not null.
                let (family, bound) = unsafe {
                    let [a, b, c, d] = (*full).src_ip6;
                    ((*full).family, (*full).bound_dev_if | a | b | c | d)
                };
                neighbor_discovery(message, cookie, cgroup, family != AF_PACKET && bound == 0)
            }
        }
    };
    Sender { origin, cookie, cgroup }
}

/// The root cgroup, in which the kernel's own sockets are.
const ROOT_CGROUP: u64 = 1;

/// Tells the kernel's control socket from a program's raw socket.
///
/// The control socket's cookie is learned: for certain from an advertisement whose source is its own target,
/// and until then from a solicitation out of the root cgroup. Both must have the kernel's shape: an unbound
/// socket and no flow label. As long as nothing is learned, the shape alone has to do.
#[inline(always)]
fn neighbor_discovery(message: &Message, cookie: u64, cgroup: u64, unbound: bool) -> Origin {
    let kernel_shape = unbound && !message.flags.has(Flags::FLOW_LABEL);
    let Some(known) = maps::kernel_cookie() else { return Origin::Socket };
    if kernel_shape {
        let own = message.flags.has(Flags::SOURCE_IS_TARGET);
        let asks = matches!(message.kind, Kind::Request | Kind::Probe) && cgroup <= ROOT_CGROUP;
        if own || (asks && *known == 0) {
            *known = cookie;
        }
        if own || *known == 0 {
            return Origin::Kernel;
        }
    }
    if *known != 0 && *known == cookie { Origin::Kernel } else { Origin::Socket }
}
