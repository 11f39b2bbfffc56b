//! The way of one frame: read it ([`packet`]), look its address up ([`maps`]), count it ([`record`]),
//! note who claims the address ([`claim`]) and say so if that is news ([`notify`]).

mod claim;
mod data;
mod index;
mod maps;
mod notify;
mod origin;
mod packet;
mod record;

use aya_ebpf::{bindings::__sk_buff, helpers::generated::bpf_ktime_get_ns, programs::TcContext};
pub(crate) use data::data_in;
use l2witness_ebpf::{
    frame::{Address, Kind, Message, Skip},
    layout::{Direction, Ignored, News, Slot},
};
pub(crate) use packet::may_concern;

/// A frame that came in, counted. Not inlined, so that the many frames that [`may_concern`] lets go pay
/// neither for its stack nor for the registers it saves.
#[unsafe(link_section = ".text.observe")]
#[inline(never)]
pub(crate) fn frame_in(skb: *mut __sk_buff) -> i32 {
    observe(&TcContext::new(skb), Direction::Received)
}

/// A frame that goes out, counted.
#[unsafe(link_section = ".text.observe")]
#[inline(never)]
pub(crate) fn frame_out(skb: *mut __sk_buff) -> i32 {
    observe(&TcContext::new(skb), Direction::Sent)
}

/// The number means nothing: BPF functions return one.
#[inline(always)]
fn observe(ctx: &TcContext, direction: Direction) -> i32 {
    match packet::read(ctx) {
        Ok(message) => {
            #[cfg(feature = "debug-log")]
            log(ctx, &message, direction);
            account(ctx, &message, direction);
        }
        Err(Skip::Ignored(reason)) => maps::ignored(reason),
        Err(Skip::Unrelated) => {}
    }
    0
}

/// One line a frame, for debugging alone: it costs instructions, and `CAP_PERFMON` to load.
#[cfg(feature = "debug-log")]
#[inline(always)]
fn log(ctx: &TcContext, message: &Message, direction: Direction) {
    let [a, b, c, d] = message.subject.words.map(u32::from_be);
    aya_log_ebpf::debug!(
        ctx,
        "direction {} kind {} subject {:x} {:x} {:x} {:x} hardware {:x} flags {:x}",
        direction as u8,
        message.kind as u8,
        a,
        b,
        c,
        d,
        message.hardware.0,
        message.flags.0
    );
}

#[inline(always)]
fn account(ctx: &TcContext, message: &Message, direction: Direction) {
    // A request may be evidence twice: it asks for one address and claims another as its own.
    let claims_sender = matches!(direction, Direction::Received) && matches!(message.kind, Kind::Request);
    let subject = maps::watched(&message.subject);
    let sender = if claims_sender { maps::watched(&message.sender) } else { None };
    if subject.is_none() && sender.is_none() {
        return maps::ignored(Ignored::NotWatched);
    }
    // SAFETY: the helper takes no argument and cannot fail.
    let now = unsafe { bpf_ktime_get_ns() };
    if let Some(index) = subject {
        match direction {
            Direction::Received => received(ctx, message, index, now),
            Direction::Sent => sent(ctx, message, index, now),
        }
    }
    if let Some(index) = sender {
        let Some(slot) = maps::slot(index) else { return };
        claim::heard(ctx, message, &message.sender, index, slot, now);
    }
}

#[inline(always)]
fn received(ctx: &TcContext, message: &Message, index: u32, now: u64) {
    let other_host = record::to_other_host(ctx);
    let Some(slot) = record::received(ctx, message, other_host, index, now) else { return };
    if !matches!(message.kind, Kind::Request | Kind::Probe) {
        claim::heard(ctx, message, &message.subject, index, slot, now);
    } else if !other_host {
        claim::asked(ctx, message, index, slot, now);
    }
}

#[inline(always)]
fn sent(ctx: &TcContext, message: &Message, index: u32, now: u64) {
    let sender = origin::of(ctx, message);
    if let Some(slot) = record::sent(ctx, message, sender.origin, index, now) {
        claim::local(ctx, message, &sender, index, slot, now);
    }
}

/// Bundles what an event needs; the address is the claimed one, which is not always the subject.
#[derive(Clone, Copy)]
struct Told<'a> {
    news: News,
    message: &'a Message,
    address: &'a Address,
    vlan: u16,
    slot: &'a Slot,
    now: u64,
}
