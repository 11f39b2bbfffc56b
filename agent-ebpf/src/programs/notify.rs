//! Changes and requests, through token buckets an IP into the ring buffer.

use l2witness_ebpf::layout::{
    Counter, Direction, Ignored, Origin, RATE_BURST, RATE_INTERVAL_NS, REQUEST_BURST, REQUEST_INTERVAL_NS,
    TICK_SHIFT,
};

use super::{
    Told,
    maps::{self, put},
    origin::Sender,
};

const NOBODY: Sender = Sender { origin: Origin::Socket, cookie: 0, cgroup: 0 };

/// A change seen at egress.
#[inline(always)]
pub(super) fn sent(told: &Told<'_>, ifindex: u32, sender: &Sender, due: &mut u32) {
    change(told, Direction::Sent, ifindex, sender, due);
}

/// A change seen at ingress.
#[inline(always)]
pub(super) fn received(told: &Told<'_>, ifindex: u32, due: &mut u32) {
    change(told, Direction::Received, ifindex, &NOBODY, due);
}

#[inline(always)]
fn change(told: &Told<'_>, direction: Direction, ifindex: u32, sender: &Sender, due: &mut u32) {
    if !admits(due, RATE_BURST, RATE_INTERVAL_NS, told.now) {
        return maps::ignored(Ignored::EventRate);
    }
    submit(told, direction, ifindex, told.message.hardware.0, sender);
}

/// A request. Of one that is held back nothing is counted: the counters have it, and so has the next one's `asked`.
#[inline(always)]
pub(super) fn asked(told: &Told<'_>, ifindex: u32, due: &mut u32) {
    if !admits(due, REQUEST_BURST, REQUEST_INTERVAL_NS, told.now) || maps::half_full() {
        return;
    }
    submit(told, Direction::Received, ifindex, told.message.source.0, &NOBODY);
}

/// The generic cell rate algorithm: `due` runs ahead of the clock by one interval an event, at most by the burst.
///
/// The clock of 32 bits comes round: what seems further ahead than can be is from the past.
#[inline(always)]
fn admits(due: &mut u32, burst: u64, interval_ns: u64, now: u64) -> bool {
    let interval = (interval_ns >> TICK_SHIFT) as u32;
    let most = burst as u32 * interval;
    let tick = (now >> TICK_SHIFT) as u32;
    let ahead = due.wrapping_sub(tick);
    // One comparison, because each one more multiplies the paths the verifier has to walk.
    if ahead.wrapping_sub(most + 1) < interval {
        return false;
    }
    let past = ((i64::from(most) - i64::from(ahead)) >> 63) as u32;
    *due = tick.wrapping_add((ahead & !past) + interval);
    true
}

#[inline(always)]
fn submit(told: &Told<'_>, direction: Direction, ifindex: u32, mac: u64, sender: &Sender) {
    let Some(mut room) = maps::event() else {
        return maps::ignored(Ignored::EventBuffer);
    };
    let message = told.message;
    // SAFETY: the reservation is as large as an event and aligned like one; every byte of it is written below.
    let event = unsafe { &mut *room.as_mut_ptr() };
    put(&mut event.time, told.now);
    for at in 0..told.address.words.len() {
        put(&mut event.address.words[at], told.address.words[at]);
    }
    put(&mut event.mac, mac);
    put(&mut event.ifindex, ifindex);
    put(&mut event.flags, message.flags.0);
    put(&mut event.vlan, told.vlan);
    put(&mut event.cookie, sender.cookie);
    put(&mut event.cgroup, sender.cgroup);
    put(&mut event.asked, told.slot.counts[Counter::RequestGroup as usize]);
    put(&mut event.kind, message.kind as u8);
    put(&mut event.news, told.news.0);
    put(&mut event.direction, direction as u8);
    put(&mut event.origin, sender.origin as u8);
    put(&mut event.protocol, message.protocol as u8);
    put(&mut event.delivery, message.delivery as u8);
    for at in 0..event.reserved.len() {
        put(&mut event.reserved[at], 0);
    }
    room.submit(0);
}
