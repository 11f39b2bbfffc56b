//! Counting into the slot of one LB IP on one interface.

use core::mem::offset_of;

use aya_ebpf::programs::TcContext;
use l2witness_ebpf::{
    frame::{Delivery, Flags, Kind, Mac, Message, Protocol},
    layout::{Counter, Origin, RECENT, Slot, Stamp, UNANSWERED_NS, latency_bucket},
};

use super::{
    index::Blur,
    maps::{self, add, add32},
};

/// `PACKET_OTHERHOST` of `linux/if_packet.h`: the frame is to somebody else's MAC.
const PACKET_OTHERHOST: u32 = 3;

/// Bits that hold an index into [`Slot`]'s arrays; rounded up they still end inside the slot.
const COUNTS: u32 = 5;
const LAST: u32 = 3;
const PLACES: u32 = 2;
const BUCKETS: u32 = 4;
const _: () = assert!(offset_of!(Slot, counts) + (8 << COUNTS) <= size_of::<Slot>());
const _: () = assert!(offset_of!(Slot, last) + (8 << LAST) <= size_of::<Slot>());
const _: () = assert!(offset_of!(Slot, latency) + (4 << BUCKETS) <= size_of::<Slot>());
const _: () = assert!(RECENT == 1 << PLACES);

/// A slot and the means to index it.
struct Cells {
    slot: &'static mut Slot,
    blur: Blur,
}

impl Cells {
    #[inline(always)]
    fn of(ctx: &TcContext, index: u32) -> Option<Self> {
        Some(Self { slot: maps::slot(index)?, blur: Blur::new(ctx) })
    }

    /// By index even where the counter is fixed: the compiler joins the ends of paths that add to different
    /// fields, and then they differ on one instruction.
    #[inline(always)]
    fn count(&mut self, counter: Counter, by: u64) {
        // SAFETY: a counter is inside its array; the sizes are asserted above.
        add(unsafe { self.blur.element::<COUNTS, _, _>(&mut self.slot.counts, counter as usize) }, by);
    }

    #[inline(always)]
    fn stamp(&mut self, stamp: Stamp, now: u64) {
        // SAFETY: as above.
        *unsafe { self.blur.element::<LAST, _, _>(&mut self.slot.last, stamp as usize) } = now;
    }
}

/// Whether a frame that came in is to somebody else's MAC.
#[inline(always)]
pub(super) fn to_other_host(ctx: &TcContext) -> bool {
    // SAFETY: the context pointer is the kernel's.
    unsafe { (*ctx.skb.skb).pkt_type == PACKET_OTHERHOST }
}

/// A frame that came in. Returns the slot.
#[inline(always)]
pub(super) fn received(
    ctx: &TcContext,
    message: &Message,
    other_host: bool,
    index: u32,
    now: u64,
) -> Option<&'static Slot> {
    let mut cells = Cells::of(ctx, index)?;
    cells.count(Counter::received(message.kind, message.delivery, other_host), 1);
    let meaningful = !matches!(message.kind, Kind::Request) || answerable(message, other_host);
    if meaningful {
        cells.stamp(
            match message.kind {
                Kind::Request => Stamp::Request,
                Kind::Probe => Stamp::Probe,
                Kind::Reply => Stamp::ReplyReceived,
                Kind::AnnouncementRequest | Kind::AnnouncementReply => Stamp::AnnouncementReceived,
            },
            now,
        );
    }
    if matches!(message.kind, Kind::Request) {
        if message.flags.has(Flags::NO_LINK_LAYER) {
            cells.count(Counter::RequestNoLinkLayer, 1);
        }
        if meaningful {
            remember(&mut cells, message.source, now);
        }
    } else if message.flags.has(Flags::HARDWARE_MISMATCH) {
        cells.count(Counter::HardwareMismatch, 1);
    }
    Some(cells.slot)
}

/// Whether a request is one whose owner would answer. Not one to somebody else's MAC; and MetalLB answers no
/// solicitation by unicast and none without link-layer option (`internal/layer2/ndp.go`), so after those a
/// healthy owner is silent, too.
#[inline(always)]
fn answerable(message: &Message, other_host: bool) -> bool {
    let asks_all = matches!(message.delivery, Delivery::Group) && !message.flags.has(Flags::NO_LINK_LAYER);
    !other_host && (matches!(message.protocol, Protocol::Arp) || asks_all)
}

/// A frame that went out. Returns the slot.
#[inline(always)]
pub(super) fn sent(
    ctx: &TcContext,
    message: &Message,
    origin: Origin,
    index: u32,
    now: u64,
) -> Option<&'static Slot> {
    let mut cells = Cells::of(ctx, index)?;
    cells.count(Counter::sent(message.kind, origin), 1);
    match message.kind {
        Kind::Request | Kind::Probe => return None,
        Kind::Reply => {
            cells.slot.last[Stamp::ReplySent as usize] = now;
            if !matches!(origin, Origin::Forwarded) {
                answer(&mut cells, message.destination, now);
            }
        }
        Kind::AnnouncementRequest | Kind::AnnouncementReply => {
            cells.slot.last[Stamp::AnnouncementSent as usize] = now;
        }
    }
    if message.flags.has(Flags::HARDWARE_MISMATCH) {
        cells.count(Counter::HardwareMismatch, 1);
    }
    Some(cells.slot)
}

/// Four bytes that tell one asker from another.
#[inline(always)]
const fn asker(mac: Mac) -> u32 {
    (mac.0 >> 16) as u32
}

/// Keeps a request until it is answered, asked again late, or pushed out by four others.
#[inline(always)]
fn remember(cells: &mut Cells, source: Mac, now: u64) {
    let asker = asker(source);
    let Cells { slot, blur } = cells;
    let mut unanswered = 0;
    for at in 0..RECENT {
        if slot.waiting[at] == asker && slot.recent[at] + UNANSWERED_NS <= now {
            slot.waiting[at] = 0;
            unanswered += 1;
        }
    }
    // The counters say how many requests there were, and so whose place is the oldest.
    let requests =
        slot.counts[Counter::RequestGroup as usize] + slot.counts[Counter::RequestUnicast as usize];
    let place = requests as usize % RECENT;
    // SAFETY: the place is one of four, which two bits hold.
    let (waiting, recent) = unsafe {
        (
            blur.element::<PLACES, _, _>(&mut slot.waiting, place),
            blur.element::<PLACES, _, _>(&mut slot.recent, place),
        )
    };
    if *waiting != 0 && *recent + UNANSWERED_NS <= now {
        unanswered += 1;
    }
    *recent = now;
    *waiting = asker;
    if unanswered != 0 {
        cells.count(Counter::Unanswered, unanswered);
    }
}

/// Finds the oldest request that a reply may belong to and measures the time between them.
#[inline(always)]
fn answer(cells: &mut Cells, destination: Mac, now: u64) {
    let asker = asker(destination);
    let Cells { slot, blur } = cells;
    let mut place = RECENT;
    let mut oldest = u64::MAX;
    for at in 0..RECENT {
        if slot.waiting[at] == asker && slot.recent[at] < oldest {
            oldest = slot.recent[at];
            place = at;
        }
    }
    if place == RECENT {
        return;
    }
    // SAFETY: the place is one of four, which two bits hold.
    *unsafe { blur.element::<PLACES, _, _>(&mut slot.waiting, place) } = 0;
    let latency = now.saturating_sub(oldest);
    add(&mut slot.latency_sum, latency);
    // SAFETY: a bucket is inside its array; the size is asserted above.
    add32(unsafe { blur.element::<BUCKETS, _, _>(&mut slot.latency, latency_bucket(latency)) }, 1);
}
