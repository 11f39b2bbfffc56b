//! Counting into the slot of one LB IP on one interface (the kernel's side: `programs/record.rs`).

use l2witness_ebpf::{
    frame::{Delivery, Flags, Kind, Mac, Message, Protocol},
    layout::{Counter, Origin, RECENT, Slot, Stamp, UNANSWERED_NS, latency_bucket},
};

/// A frame that came in at `now` (nanoseconds, not 0); `other_host` if it was to somebody else's MAC.
pub fn received(slot: &mut Slot, message: &Message, other_host: bool, now: u64) {
    count(slot, Counter::received(message.kind, message.delivery, other_host), 1);
    let (stamp, meaningful) = match message.kind {
        Kind::Request => (Stamp::Request, answerable(message, other_host)),
        Kind::Probe => (Stamp::Probe, true),
        Kind::Reply => (Stamp::ReplyReceived, true),
        Kind::AnnouncementRequest | Kind::AnnouncementReply => (Stamp::AnnouncementReceived, true),
    };
    if meaningful {
        slot.last[stamp as usize] = now;
    }
    if message.kind == Kind::Request {
        if message.flags.has(Flags::NO_LINK_LAYER) {
            count(slot, Counter::RequestNoLinkLayer, 1);
        }
        if meaningful {
            remember(slot, message.source, now);
        }
    } else if message.flags.has(Flags::HARDWARE_MISMATCH) {
        count(slot, Counter::HardwareMismatch, 1);
    }
}

/// A frame that went out at `now`.
pub fn sent(slot: &mut Slot, message: &Message, origin: Origin, now: u64) {
    count(slot, Counter::sent(message.kind, origin), 1);
    match message.kind {
        Kind::Request | Kind::Probe => return,
        Kind::Reply => {
            slot.last[Stamp::ReplySent as usize] = now;
            if origin != Origin::Forwarded {
                answer(slot, message.destination, now);
            }
        }
        Kind::AnnouncementRequest | Kind::AnnouncementReply => {
            slot.last[Stamp::AnnouncementSent as usize] = now;
        }
    }
    if message.flags.has(Flags::HARDWARE_MISMATCH) {
        count(slot, Counter::HardwareMismatch, 1);
    }
}

fn count(slot: &mut Slot, counter: Counter, by: u64) {
    slot.counts[counter as usize] += by;
}

/// Whether the owner would answer: not what is to somebody else's MAC, and `MetalLB` answers no solicitation by
/// unicast and none without link-layer option (`internal/layer2/ndp.go`).
fn answerable(message: &Message, other_host: bool) -> bool {
    let asks_all = message.delivery == Delivery::Group && !message.flags.has(Flags::NO_LINK_LAYER);
    !other_host && (message.protocol == Protocol::Arp || asks_all)
}

/// Four bytes that tell one asker from another.
const fn asker(mac: Mac) -> u32 {
    (mac.0 >> 16) as u32
}

/// Whether what waits since `then` should have been answered by `now`.
const fn overdue(then: u64, now: u64) -> bool {
    then + UNANSWERED_NS <= now
}

/// Keeps a request until it is answered, asked again late, or pushed out by four others.
fn remember(slot: &mut Slot, source: Mac, now: u64) {
    let asker = asker(source);
    let mut unanswered = 0;
    for (waiting, recent) in slot.waiting.iter_mut().zip(slot.recent) {
        if *waiting == asker && overdue(recent, now) {
            *waiting = 0;
            unanswered += 1;
        }
    }
    let requests =
        slot.counts[Counter::RequestGroup as usize] + slot.counts[Counter::RequestUnicast as usize];
    let place = requests as usize % RECENT;
    if slot.waiting[place] != 0 && overdue(slot.recent[place], now) {
        unanswered += 1;
    }
    (slot.recent[place], slot.waiting[place]) = (now, asker);
    count(slot, Counter::Unanswered, unanswered);
}

/// Takes out the oldest request that a reply may belong to, and measures the time between them.
fn answer(slot: &mut Slot, destination: Mac, now: u64) {
    let asker = asker(destination);
    let of_asker = (0..RECENT).filter(|place| slot.waiting[*place] == asker);
    let Some(place) = of_asker.min_by_key(|place| slot.recent[*place]) else { return };
    slot.waiting[place] = 0;
    let latency = now.saturating_sub(slot.recent[place]);
    slot.latency_sum += latency;
    slot.latency[latency_bucket(latency)] += 1;
}
