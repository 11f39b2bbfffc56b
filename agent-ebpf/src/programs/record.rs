//! Counting into the slot of one LB IP on one interface.

use aya_ebpf::programs::TcContext;
use l2witness_ebpf::{
    frame::{Flags, Kind, Mac, Message},
    layout::{Counter, Origin, RECENT, Slot, Stamp, UNANSWERED_NS, latency_bucket},
};

use super::maps::{self, add, add32};

/// `PACKET_OTHERHOST` of `linux/if_packet.h`: the frame is to somebody else's MAC.
const PACKET_OTHERHOST: u32 = 3;

/// A frame that came in.
#[inline(always)]
pub(super) fn received(ctx: &TcContext, message: &Message, index: u32, now: u64) {
    let Some(slot) = maps::slot(index) else { return };
    // SAFETY: the context pointer is the kernel's.
    let other_host = unsafe { (*ctx.skb.skb).pkt_type } == PACKET_OTHERHOST;
    let counter = Counter::received(message.kind, message.delivery, other_host);
    add(&mut slot.counts[counter as usize], 1);
    let stamp = match message.kind {
        Kind::Request => Stamp::Request,
        Kind::Probe => Stamp::Probe,
        Kind::Reply => Stamp::ReplyReceived,
        Kind::AnnouncementRequest | Kind::AnnouncementReply => Stamp::AnnouncementReceived,
    };
    slot.last[stamp as usize] = now;
    if matches!(message.kind, Kind::Request) {
        if message.flags.has(Flags::NO_LINK_LAYER) {
            add(&mut slot.counts[Counter::RequestNoLinkLayer as usize], 1);
        }
        if !other_host {
            remember(slot, message.source, now);
        }
    } else if message.flags.has(Flags::HARDWARE_MISMATCH) {
        add(&mut slot.counts[Counter::HardwareMismatch as usize], 1);
    }
}

/// A frame that went out.
#[inline(always)]
pub(super) fn sent(message: &Message, origin: Origin, index: u32, now: u64) {
    let Some(slot) = maps::slot(index) else { return };
    let counter = Counter::sent(message.kind, origin);
    add(&mut slot.counts[counter as usize], 1);
    match message.kind {
        Kind::Request | Kind::Probe => return,
        Kind::Reply => {
            slot.last[Stamp::ReplySent as usize] = now;
            if !matches!(origin, Origin::Forwarded) {
                answer(slot, message.destination, now);
            }
        }
        Kind::AnnouncementRequest | Kind::AnnouncementReply => {
            slot.last[Stamp::AnnouncementSent as usize] = now;
        }
    }
    if message.flags.has(Flags::HARDWARE_MISMATCH) {
        add(&mut slot.counts[Counter::HardwareMismatch as usize], 1);
    }
}

/// Four bytes that tell one asker from another.
#[inline(always)]
const fn asker(mac: Mac) -> u32 {
    (mac.0 >> 16) as u32
}

/// Keeps a request until it is answered, asked again, or pushed out by three others.
#[inline(always)]
fn remember(slot: &mut Slot, source: Mac, now: u64) {
    let asker = asker(source);
    let requests =
        slot.counts[Counter::RequestGroup as usize] + slot.counts[Counter::RequestUnicast as usize];
    let mut place = requests as usize % RECENT;
    for at in 0..RECENT {
        if slot.waiting[at] == asker {
            place = at;
        }
    }
    // Never true; it shows the verifier that the index is in range after the loop was unrolled.
    if place >= RECENT {
        return;
    }
    if slot.waiting[place] != 0 && now - slot.recent[place] >= UNANSWERED_NS {
        add(&mut slot.counts[Counter::Unanswered as usize], 1);
    }
    slot.recent[place] = now;
    slot.waiting[place] = asker;
}

/// Finds the request a reply belongs to and measures the time between them.
#[inline(always)]
fn answer(slot: &mut Slot, destination: Mac, now: u64) {
    let asker = asker(destination);
    for at in 0..RECENT {
        if slot.waiting[at] == asker {
            slot.waiting[at] = 0;
            let latency = now - slot.recent[at];
            add(&mut slot.latency_sum, latency);
            let bucket = latency_bucket(latency);
            if let Some(count) = slot.latency.get_mut(bucket) {
                add32(count, 1);
            }
            return;
        }
    }
}
