//! Who claims an LB IP, in bounded places.

use core::mem::offset_of;

use aya_ebpf::programs::TcContext;
use l2witness_ebpf::{
    frame::{Address, Kind, Message},
    layout::{
        Claims, Counter, HEARD, HEARD_STALE_NS, Heard, LOCAL, LOCAL_STALE_NS, Local, News, REPLACED_NS,
        RESUME_NS, Slot, Stamp,
    },
};

use super::{
    Told,
    index::Blur,
    maps::{self, add32, put},
    notify,
    origin::Sender,
    packet,
};

/// Bits that hold a place; for [`HEARD`] one more than there are, inside the claims all the same.
const PLACES: u32 = 2;
const _: () = assert!(LOCAL == 1 << PLACES);
const _: () = assert!(offset_of!(Claims, heard) + (size_of::<Heard>() << PLACES) <= size_of::<Claims>());

/// Whether `then` is longer ago than `time`. A sum, because a difference may be below zero: another CPU may have
/// noted a later frame meanwhile.
#[inline(always)]
const fn before(then: u64, time: u64, now: u64) -> bool {
    then + time < now
}

/// What is new about a frame of a claimant whose frame before came at `last`.
#[inline(always)]
const fn news(kind: Kind, last: u64, slot: &Slot, now: u64) -> News {
    let (heard, sent) = (Stamp::AnnouncementReceived as usize, Stamp::AnnouncementSent as usize);
    News::of(kind, last, slot.last[heard], slot.last[sent], now)
}

/// 0 if MAC, origin and interface are those of `known`. One number instead of two comparisons, because each
/// comparison more multiplies the paths the verifier has to walk.
#[inline(always)]
const fn unlike(known: &Local, mac_origin: u64, ifindex: u32) -> u64 {
    (known.mac_origin ^ mac_origin) | (known.ifindex ^ ifindex) as u64
}

/// The place of a known sender, [`LOCAL`] if it has none.
#[inline(always)]
fn held(claims: &Claims, mac_origin: u64, ifindex: u32, cookie: u64) -> usize {
    for at in 0..LOCAL {
        let known = &claims.local[at];
        if unlike(known, mac_origin, ifindex) | (known.cookie ^ cookie) == 0 {
            return at;
        }
    }
    LOCAL
}

/// A place for a newcomer: that of a former socket of the same program which is silent for so long that its last reply is
/// known; else one that nobody had; else that of a former socket which has just stopped, though when it replied last is
/// worth knowing; else of whoever was silent for long. [`LOCAL`] if there is none. The first that fits, for the
/// verifier's sake.
#[inline(always)]
fn vacancy(claims: &Claims, mac_origin: u64, ifindex: u32, now: u64) -> usize {
    let former =
        |known: &Local, time: u64| unlike(known, mac_origin, ifindex) == 0 && before(known.last, time, now);
    for at in 0..LOCAL {
        // Those that nobody had are the last ones.
        if claims.local[at].last == 0 || former(&claims.local[at], RESUME_NS) {
            return at;
        }
    }
    for at in 0..LOCAL {
        if former(&claims.local[at], REPLACED_NS) {
            return at;
        }
    }
    for at in 0..LOCAL {
        if before(claims.local[at].last, LOCAL_STALE_NS, now) {
            return at;
        }
    }
    LOCAL
}

/// A sender on this node. Known by MAC, interface, origin and socket; a restarted program has another socket.
#[inline(always)]
pub(super) fn local(ctx: &TcContext, message: &Message, sender: &Sender, index: u32, slot: &Slot, now: u64) {
    let Some(claims) = maps::claims(index) else { return };
    // SAFETY: the context pointer is the kernel's.
    let ifindex = unsafe { (*ctx.skb.skb).ifindex };
    let mac_origin = message.hardware.0 | (sender.origin as u64) << 48;
    let mut place = held(claims, mac_origin, ifindex, sender.cookie);
    if place == LOCAL {
        place = vacancy(claims, mac_origin, ifindex, now);
    }
    if place == LOCAL {
        return add32(&mut claims.local_overflow, 1);
    }
    let replies = 1 - message.kind.announces_bit();
    // Kept, unless it is a reply: by a mask, because a branch is one path more to walk.
    let kept = replies.wrapping_sub(1);
    let asked = slot.counts[Counter::RequestGroup as usize];
    let last_asked = (claims.replied & kept) | (Claims::replied(ifindex, asked) & !kept);
    put(&mut claims.replied, last_asked);
    // SAFETY: the place is one of four, which two bits hold.
    let known = unsafe { Blur::new(ctx).element::<PLACES, _, _>(&mut claims.local, place) };
    // Compared again rather than remembered: a memory of how the place was found is one more path to walk.
    if unlike(known, mac_origin, ifindex) | (known.cookie ^ sender.cookie) != 0 {
        known.mac_origin = mac_origin;
        known.ifindex = ifindex;
        known.cookie = sender.cookie;
        known.cgroup = sender.cgroup;
        known.first = now;
        put(&mut known.last, 0);
        put(&mut known.replies, 0);
        put(&mut known.announcements, 0);
    }
    // Both are added to, one of them nothing: a choice between two fields would be arithmetic on the pointer
    // that differs by path (see `index`).
    add32(&mut known.replies, replies as u32);
    add32(&mut known.announcements, 1 - replies as u32);
    let before = known.last;
    let vlan = packet::vlan(ctx, message);
    known.flags = message.flags.0;
    known.vlan = vlan;
    known.last = now;
    let news = news(message.kind, before, slot, now);
    if !news.is_none() {
        let told = Told { news, message, address: &message.subject, vlan, slot, now };
        notify::sent(&told, ifindex, sender, &mut claims.event_due);
    }
}

/// 0 if MAC and interface are those of `known`; the flags above the MAC do not count.
#[inline(always)]
const fn unlike_heard(known: &Heard, mac: u64, ifindex: u32) -> u64 {
    (known.mac_flags ^ mac) << 16 | (known.ifindex ^ ifindex) as u64
}

/// The place of a sender heard before, [`HEARD`] if it has none.
#[inline(always)]
fn heard_before(claims: &Claims, mac: u64, ifindex: u32) -> usize {
    for at in 0..HEARD {
        let known = &claims.heard[at];
        if unlike_heard(known, mac, ifindex) == 0 {
            return at;
        }
    }
    HEARD
}

/// The first place that is free, [`HEARD`] if there is none.
#[inline(always)]
fn heard_vacancy(claims: &Claims, now: u64) -> usize {
    for at in 0..HEARD {
        let last = claims.heard[at].last;
        if last == 0 || before(last, HEARD_STALE_NS, now) {
            return at;
        }
    }
    HEARD
}

/// A sender heard on the wire; `address` is what it claims.
#[inline(always)]
pub(super) fn heard(
    ctx: &TcContext,
    message: &Message,
    address: &Address,
    index: u32,
    slot: &Slot,
    now: u64,
) {
    let Some(claims) = maps::claims(index) else { return };
    // SAFETY: the context pointer is the kernel's.
    let ifindex = unsafe { (*ctx.skb.skb).ifindex };
    let mac = message.hardware.0;
    let mut place = heard_before(claims, mac, ifindex);
    if place == HEARD {
        place = heard_vacancy(claims, now);
    }
    if place == HEARD {
        return add32(&mut claims.heard_overflow, 1);
    }
    // SAFETY: the place is one of three; four lie inside the claims, asserted above.
    let known = unsafe { Blur::new(ctx).element::<PLACES, _, _>(&mut claims.heard, place) };
    if unlike_heard(known, mac, ifindex) != 0 {
        known.ifindex = ifindex;
        known.first = now;
        put(&mut known.count, 0);
        put(&mut known.last, 0);
    }
    add32(&mut known.count, 1);
    let before = known.last;
    known.mac_flags = mac | u64::from(message.flags.0) << 48;
    known.last = now;
    let news = news(message.kind, before, slot, now);
    if !news.is_none() {
        let told = Told { news, message, address, vlan: packet::vlan(ctx, message), slot, now };
        notify::received(&told, ifindex, &mut claims.event_due);
    }
}

/// Somebody asks for the IP: told, as far as the rate allows.
#[inline(always)]
pub(super) fn asked(ctx: &TcContext, message: &Message, index: u32, slot: &Slot, now: u64) {
    let Some(claims) = maps::claims(index) else { return };
    // SAFETY: the context pointer is the kernel's.
    let ifindex = unsafe { (*ctx.skb.skb).ifindex };
    let vlan = packet::vlan(ctx, message);
    let told = Told { news: News::REQUEST, message, address: &message.subject, vlan, slot, now };
    notify::asked(&told, ifindex, &mut claims.request_due);
}
