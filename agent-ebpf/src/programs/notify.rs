//! Change events, through a token bucket an IP into the ring buffer.

use l2witness_ebpf::layout::{Cause, Direction, Ignored, Origin, RATE_BURST, RATE_INTERVAL_NS};

use super::{
    News,
    maps::{self, put},
    origin::Sender,
};

/// A change seen at egress.
#[inline(always)]
pub(super) fn sent(news: &News<'_>, cause: Cause, ifindex: u32, sender: &Sender, due: &mut u64) {
    submit(news, cause, Direction::Sent, ifindex, sender, due);
}

/// A change seen at ingress.
#[inline(always)]
pub(super) fn received(news: &News<'_>, cause: Cause, ifindex: u32, due: &mut u64) {
    let nobody = Sender { origin: Origin::Socket, cookie: 0, cgroup: 0 };
    submit(news, cause, Direction::Received, ifindex, &nobody, due);
}

/// The generic cell rate algorithm: `due` runs ahead of the clock by one interval an event, at most by the burst.
#[inline(always)]
fn submit(news: &News<'_>, cause: Cause, direction: Direction, ifindex: u32, sender: &Sender, due: &mut u64) {
    let next = if *due < news.now { news.now } else { *due };
    if next - news.now > RATE_BURST * RATE_INTERVAL_NS {
        return maps::ignored(Ignored::EventRate);
    }
    *due = next + RATE_INTERVAL_NS;
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
    put(&mut event.mac, message.hardware.0);
    put(&mut event.ifindex, ifindex);
    put(&mut event.flags, message.flags.0);
    put(&mut event.vlan, news.vlan);
    put(&mut event.cookie, sender.cookie);
    put(&mut event.cgroup, sender.cgroup);
    put(&mut event.kind, message.kind as u8);
    put(&mut event.cause, cause as u8);
    put(&mut event.direction, direction as u8);
    put(&mut event.origin, sender.origin as u8);
    put(&mut event.protocol, message.protocol as u8);
    for at in 0..3 {
        put(&mut event.reserved[at], 0);
    }
    room.submit(0);
}
