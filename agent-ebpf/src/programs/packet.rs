//! Direct packet access, one bounds check a header.

use core::mem::MaybeUninit;

use aya_ebpf::{helpers::generated::bpf_skb_load_bytes, programs::TcContext};
use l2witness_ebpf::{
    frame::{
        self, Address, Bytes, ETH_ARP, ETH_IPV4, ETH_IPV6, ETH_QINQ, ETH_VLAN, Header, Message, Parsed, Skip,
    },
    layout::Ignored,
};

/// A header read in place, inside bounds that [`Packet::near`] has checked.
pub(super) struct InPlace(*const u8);

impl Header for InPlace {
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

/// A header copied to the stack. All headers of ours have their fields at even offsets; words are read in
/// halves, because the verifier wants stack reads aligned.
pub(super) struct Copied(MaybeUninit<[u64; COPIED / 8]>);

/// Room for the longest header, IPv6's.
const COPIED: usize = 40;

impl Copied {
    #[inline(always)]
    const fn bytes(&self) -> *const u8 {
        self.0.as_ptr().cast()
    }
}

impl Header for Copied {
    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        // SAFETY: `at` is inside the length that was copied; the verifier refuses the program otherwise.
        unsafe { *self.bytes().add(at) }
    }

    #[inline(always)]
    fn half(&self, at: usize) -> u16 {
        // SAFETY: as above; the buffer is aligned and `at` even.
        unsafe { *self.bytes().add(at).cast() }
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u32 {
        u32::from(self.half(at)) | u32::from(self.half(at + 2)) << 16
    }
}

#[inline(always)]
fn copy<const LENGTH: usize>(ctx: &TcContext, at: usize) -> Option<Copied> {
    const { assert!(LENGTH <= COPIED) };
    let mut copied = Copied(MaybeUninit::uninit());
    // SAFETY: the buffer is as long as asked for at least; the helper writes all of it or fails.
    let result = unsafe {
        bpf_skb_load_bytes(ctx.skb.skb.cast(), at as u32, copied.0.as_mut_ptr().cast(), LENGTH as u32)
    };
    if result < 0 { None } else { Some(copied) }
}

/// A frame whose headers lie in its linear part, as they do unless a sender keeps them in pages.
struct Packet<'a>(&'a TcContext);

impl Bytes for Packet<'_> {
    type Near = InPlace;
    type Far = Copied;

    #[inline(always)]
    fn near<const AT: usize, const LENGTH: usize>(&self) -> Option<InPlace> {
        let data = self.0.data();
        if data + AT + LENGTH > self.0.data_end() { None } else { Some(InPlace((data + AT) as *const u8)) }
    }

    #[inline(always)]
    fn far<const LENGTH: usize>(&self, at: usize) -> Option<Copied> {
        copy::<LENGTH>(self.0, at)
    }
}

/// Any frame, wherever its bytes are (`PACKET_TX_RING` leaves all but the Ethernet header in pages).
struct Scattered<'a>(&'a TcContext);

impl Bytes for Scattered<'_> {
    type Near = Copied;
    type Far = Copied;

    #[inline(always)]
    fn near<const AT: usize, const LENGTH: usize>(&self) -> Option<Copied> {
        copy::<LENGTH>(self.0, AT)
    }

    #[inline(always)]
    fn far<const LENGTH: usize>(&self, at: usize) -> Option<Copied> {
        copy::<LENGTH>(self.0, at)
    }
}

/// The `EtherType`s that are read further, as they stand in `skb->protocol`.
const IPV4: u32 = ETH_IPV4.to_be() as u32;
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

/// Where the destination address stands, in an untagged packet.
const IPV4_DESTINATION: usize = 30;
const IPV6_DESTINATION: usize = 38;
/// `PACKET_HOST` of `linux/if_packet.h`: the frame is to a MAC of this node, and not to all.
const PACKET_HOST: u32 = 0;

/// The destination address of an IP packet to this node. The kernel takes the outermost tag off before ingress; what
/// is tagged twice is not looked into.
#[inline(always)]
pub(super) fn destination(ctx: &TcContext) -> Option<Address> {
    // SAFETY: the context pointer is the kernel's.
    let (protocol, to) = unsafe { ((*ctx.skb.skb).protocol, (*ctx.skb.skb).pkt_type) };
    if to != PACKET_HOST {
        return None;
    }
    match protocol {
        IPV4 => ipv4(&Packet(ctx)).or_else(|| ipv4(&Scattered(ctx))),
        IPV6 => ipv6(&Packet(ctx)).or_else(|| ipv6(&Scattered(ctx))),
        _ => None,
    }
}

#[inline(always)]
fn ipv4<B: Bytes>(bytes: &B) -> Option<Address> {
    let address = bytes.near::<IPV4_DESTINATION, 4>()?;
    Some(Address::v4(address.word(0)))
}

#[inline(always)]
fn ipv6<B: Bytes>(bytes: &B) -> Option<Address> {
    let address = bytes.near::<IPV6_DESTINATION, 16>()?;
    Some(Address { words: [address.word(0), address.word(4), address.word(8), address.word(12)] })
}

/// Reads the frame: in place, or again by copies if it is longer than its linear part.
#[inline(always)]
pub(super) fn read(ctx: &TcContext) -> Parsed {
    let parsed = frame::parse(&Packet(ctx));
    if !matches!(parsed, Err(Skip::Ignored(Ignored::Truncated))) {
        return parsed;
    }
    frame::parse(&Scattered(ctx))
}

/// The VLAN of the outermost tag, wherever it is: the kernel takes it off before ingress, and a VLAN interface
/// leaves it to the device below to put it on.
#[inline(always)]
pub(super) fn vlan(ctx: &TcContext, message: &Message) -> u16 {
    // SAFETY: the context pointer is the kernel's.
    let (offloaded, tci) = unsafe { ((*ctx.skb.skb).vlan_present, (*ctx.skb.skb).vlan_tci) };
    if offloaded == 0 { message.vlan } else { tci as u16 & frame::VLAN_ID }
}
