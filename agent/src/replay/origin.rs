//! Who on the host sent a frame, as far as a frame without its socket tells: by its length.

use l2witness_ebpf::{
    frame::{Flags, Message, Protocol},
    layout::Origin,
};

/// Bytes of an ARP packet for IPv4 over Ethernet: a frame of 42 bytes.
const ARP: u32 = 28;

/// Decides by what the sender's own capture has of the frame: what was handed to the device, before it is padded.
///
/// The kernel's ARP frames have 42 bytes. The speaker's library pads to Ethernet's least length of 60 itself
/// (`mdlayher/ethernet`); a program that does not, such as arping, passes for the kernel here. The kernel's
/// Neighbor Discovery has no flow label, and an advertisement for an own address comes from that address, one for
/// others has the router flag of a node that forwards; MetalLB's comes from the link-local address, without it.
pub(super) fn by_length(message: &Message, length: u32) -> Origin {
    let flags = message.flags;
    let kernel = match message.protocol {
        Protocol::Arp => length == ARP,
        Protocol::Ndp => {
            !flags.has(Flags::FLOW_LABEL) && flags.has(Flags::SOURCE_IS_TARGET.with(Flags::ROUTER))
        }
    };
    if kernel { Origin::Kernel } else { Origin::Socket }
}
