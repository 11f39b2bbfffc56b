//! Changes and requests, through token buckets an IP into the ring buffer.

use l2witness_ebpf::layout::{
    Cause, Direction, Ignored, Origin, RATE_BURST, RATE_INTERVAL_NS, REQUEST_BURST, REQUEST_INTERVAL_NS,
    TICK_SHIFT,
};

use super::{
    News,
    maps::{self, put},
    origin::Sender,
};

const NOBODY: Sender = Sender { origin: Origin::Socket, cookie: 0, cgroup: 0 };

/// A change seen at egress.
#[inline(always)]
pub(super) fn sent(news: &News<'_>, cause: Cause, ifindex: u32, sender: &Sender, due: &mut u32) {
    change(news, cause, Direction::Sent, ifindex, sender, due);
}

/// A change seen at ingress.
#[inline(always)]
pub(super) fn received(news: &News<'_>, cause: Cause, ifindex: u32, due: &mut u32) {
    change(news, cause, Direction::Received, ifindex, &NOBODY, due);
}

#[inline(always)]
fn change(news: &News<'_>, cause: Cause, direction: Direction, ifindex: u32, sender: &Sender, due: &mut u32) {
    if !admits(due, RATE_BURST, RATE_INTERVAL_NS, news.now) {
        return maps::ignored(Ignored::EventRate);
    }
    submit(news, cause, direction, ifindex, news.message.hardware.0, sender);
}

/// A request. Of one that is held back nothing is counted: the counters have it, and so has the next one's `asked`.
#[inline(always)]
pub(super) fn asked(news: &News<'_>, ifindex: u32, due: &mut u32) {
    if maps::half_full() || !admits(due, REQUEST_BURST, REQUEST_INTERVAL_NS, news.now) {
        return;
    }
    submit(news, Cause::Request, Direction::Received, ifindex, news.message.source.0, &NOBODY);
}

/// The generic cell rate algorithm: `due` runs ahead of the clock by one interval an event, at most by the burst.
///
/// The clock of 32 bits comes round: what seems further ahead than can be is from the past.
#[inline(always)]
fn admits(due: &mut u32, burst: u64, interval_ns: u64, now: u64) -> bool {
    let interval = (interval_ns >> TICK_SHIFT) as u32;
    let most = burst as u32 * interval;
    let tick = (now >> TICK_SHIFT) as u32;
    let mut ahead = due.wrapping_sub(tick);
    if ahead > most + interval {
        ahead = 0;
    }
    if ahead > most {
        return false;
    }
    *due = tick.wrapping_add(ahead + interval);
    true
}

#[inline(always)]
fn submit(news: &News<'_>, cause: Cause, direction: Direction, ifindex: u32, mac: u64, sender: &Sender) {
    let Some(mut room) = maps::event() else {
        return maps::ignored(Ignored::EventBuffer);
    };
    let message = news.message;
    // SAFETY: the reservation is as large as an event and aligned like one; every byte of it is written below.
    let event = unsafe { &mut *room.as_mut_ptr() };
    put(&mut event.time, news.now);
    for at in 0..news.address.words.len() {
        put(&mut event.address.words[at], news.address.words[at]);
    }
    put(&mut event.mac, mac);
    put(&mut event.ifindex, ifindex);
    put(&mut event.flags, message.flags.0);
    put(&mut event.vlan, news.vlan);
    put(&mut event.cookie, sender.cookie);
    put(&mut event.cgroup, sender.cgroup);
    put(&mut event.asked, news.asked);
    put(&mut event.kind, message.kind as u8);
    put(&mut event.cause, cause as u8);
    put(&mut event.direction, direction as u8);
    put(&mut event.origin, sender.origin as u8);
    put(&mut event.protocol, message.protocol as u8);
    put(&mut event.delivery, message.delivery as u8);
    for at in 0..event.reserved.len() {
        put(&mut event.reserved[at], 0);
    }
    room.submit(0);
}
