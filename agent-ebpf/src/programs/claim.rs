//! Who claims an LB IP, in bounded places.

use core::mem::offset_of;

use aya_ebpf::programs::TcContext;
use l2witness_ebpf::{
    frame::{Address, Kind, Message},
    layout::{Cause, Claims, HEARD, LOCAL, Local, RESUME_NS, STALE_NS},
};

use super::{
    News,
    index::Blur,
    maps::{self, add, add32, put},
    notify,
    origin::Sender,
};

/// Bits that hold a place; for [`LOCAL`] one more than there are, inside the claims all the same.
const PLACES: u32 = 2;
const _: () = assert!(offset_of!(Claims, local) + (size_of::<Local>() << PLACES) <= size_of::<Claims>());
const _: () = assert!(HEARD == 1 << PLACES);

/// Whether a sender is news, given when it was last seen before this frame.
#[inline(always)]
fn cause(kind: Kind, last: u64, now: u64) -> Option<Cause> {
    if last == 0 {
        Some(Cause::NewClaimant)
    } else if now - last > RESUME_NS {
        Some(Cause::Resumed)
    } else if matches!(kind, Kind::AnnouncementRequest | Kind::AnnouncementReply) {
        Some(Cause::Announcement)
    } else {
        None
    }
}

/// A sender on this node. Known by MAC, interface, origin and socket; a restarted program is a new one.
#[inline(always)]
pub(super) fn local(ctx: &TcContext, message: &Message, sender: &Sender, index: u32, now: u64) {
    let Some(claims) = maps::claims(index) else { return };
    // SAFETY: the context pointer is the kernel's.
    let ifindex = unsafe { (*ctx.skb.skb).ifindex };
    let mac_origin = message.hardware.0 | (sender.origin as u64) << 48;
    let mut place = LOCAL;
    let mut vacant = 0;
    let mut oldest = u64::MAX;
    for at in 0..LOCAL {
        let known = &claims.local[at];
        if known.mac_origin == mac_origin && known.cookie == sender.cookie && known.ifindex == ifindex {
            place = at;
        }
        if known.last < oldest {
            oldest = known.last;
            vacant = at;
        }
    }
    let fresh = place == LOCAL;
    if fresh {
        if oldest != 0 && now - oldest <= STALE_NS {
            return add32(&mut claims.local_overflow, 1);
        }
        place = vacant;
    }
    // SAFETY: the place is one of three; four lie inside the claims, asserted above.
    let known = unsafe { Blur::new(ctx).element::<PLACES, _, _>(&mut claims.local, place) };
    if fresh {
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
    let replies = u64::from(matches!(message.kind, Kind::Reply));
    add(&mut known.replies, replies);
    add(&mut known.announcements, 1 - replies);
    let before = known.last;
    known.flags = message.flags.0;
    known.vlan = message.vlan;
    known.last = now;
    if let Some(cause) = cause(message.kind, before, now) {
        let news = News { message, address: &message.subject, now };
        notify::sent(&news, cause, ifindex, sender, &mut claims.event_due);
    }
}

/// A sender heard on the wire; `address` is what it claims.
#[inline(always)]
pub(super) fn heard(ctx: &TcContext, message: &Message, address: &Address, index: u32, now: u64) {
    let Some(claims) = maps::claims(index) else { return };
    // SAFETY: the context pointer is the kernel's.
    let ifindex = unsafe { (*ctx.skb.skb).ifindex };
    let mac = message.hardware.0;
    let mut place = HEARD;
    let mut vacant = 0;
    let mut oldest = u64::MAX;
    for at in 0..HEARD {
        let known = &claims.heard[at];
        if known.mac_flags << 16 == mac << 16 && known.ifindex == ifindex && known.last != 0 {
            place = at;
        }
        if known.last < oldest {
            oldest = known.last;
            vacant = at;
        }
    }
    let fresh = place == HEARD;
    if fresh {
        if oldest != 0 && now - oldest <= STALE_NS {
            return add32(&mut claims.heard_overflow, 1);
        }
        place = vacant;
    }
    // SAFETY: the place is one of four, which two bits hold.
    let known = unsafe { Blur::new(ctx).element::<PLACES, _, _>(&mut claims.heard, place) };
    if fresh {
        known.ifindex = ifindex;
        known.first = now;
        put(&mut known.count, 0);
        put(&mut known.last, 0);
    }
    add32(&mut known.count, 1);
    let before = known.last;
    known.mac_flags = mac | u64::from(message.flags.0) << 48;
    known.last = now;
    if let Some(cause) = cause(message.kind, before, now) {
        let news = News { message, address, now };
        notify::received(&news, cause, ifindex, &mut claims.event_due);
    }
}
