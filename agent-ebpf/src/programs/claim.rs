//! Who claims an LB IP, in bounded places.

use aya_ebpf::programs::TcContext;
use l2witness_ebpf::{
    frame::{Address, Kind, Message},
    layout::{Cause, HEARD, LOCAL, RESUME_NS, STALE_NS},
};

use super::{
    News,
    maps::{self, add, add32, put},
    notify,
    origin::Sender,
};

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
    let mut oldest = u64::MAX;
    let mut vacant = LOCAL;
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
    if place == LOCAL && (oldest == 0 || now - oldest > STALE_NS) {
        place = vacant;
        if let Some(free) = claims.local.get_mut(place) {
            free.mac_origin = mac_origin;
            free.ifindex = ifindex;
            free.cookie = sender.cookie;
            free.cgroup = sender.cgroup;
            free.first = now;
            put(&mut free.last, 0);
            put(&mut free.replies, 0);
            put(&mut free.announcements, 0);
        }
    }
    let Some(known) = claims.local.get_mut(place) else {
        add32(&mut claims.local_overflow, 1);
        return;
    };
    if matches!(message.kind, Kind::Reply) {
        add(&mut known.replies, 1);
    } else {
        add(&mut known.announcements, 1);
    }
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
    let mut oldest = u64::MAX;
    let mut vacant = HEARD;
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
    if place == HEARD && (oldest == 0 || now - oldest > STALE_NS) {
        place = vacant;
        if let Some(free) = claims.heard.get_mut(place) {
            free.ifindex = ifindex;
            free.first = now;
            put(&mut free.count, 0);
            put(&mut free.last, 0);
        }
    }
    let Some(known) = claims.heard.get_mut(place) else {
        add32(&mut claims.heard_overflow, 1);
        return;
    };
    add32(&mut known.count, 1);
    let before = known.last;
    known.mac_flags = mac | u64::from(message.flags.0) << 48;
    known.last = now;
    if let Some(cause) = cause(message.kind, before, now) {
        let news = News { message, address, now };
        notify::received(&news, cause, ifindex, &mut claims.event_due);
    }
}
