//! The kernel programs: tc classifiers that count and never decide.
//!
//! All return `TCX_NEXT` (= `TC_ACT_UNSPEC`) on every path, so the rest of the chain runs as if they were
//! not there. Minimum kernel 5.8 (ring buffer, `CAP_BPF`); TCX needs 6.6.

#![no_std]
#![no_main]
#![expect(clippy::needless_pass_by_value, reason = "the classifier macro hands the context over")]
#![expect(
    clippy::inline_always,
    reason = "the verifier sees no bounds check across a call, and a call costs a frame"
)]
#![feature(core_intrinsics)]
#![expect(internal_features, reason = "the target's only way to an atomic add")]
#![expect(unsafe_code, reason = "map values and packet bytes are raw pointers that the verifier checks")]

mod programs;

use aya_ebpf::{bindings::tcx_action_base::TCX_NEXT, macros::classifier, programs::TcContext};

/// Frames that come in.
#[classifier]
fn l2witness_in(ctx: TcContext) -> i32 {
    if programs::may_concern(&ctx) {
        programs::frame_in(ctx.skb.skb);
    }
    TCX_NEXT
}

/// Frames that are handed to the device.
#[classifier]
fn l2witness_out(ctx: TcContext) -> i32 {
    if programs::may_concern(&ctx) {
        programs::frame_out(ctx.skb.skb);
    }
    TCX_NEXT
}

/// Packets that come in, where the agent was told to observe traffic.
#[classifier]
fn l2witness_data(ctx: TcContext) -> i32 {
    programs::data_in(&ctx);
    TCX_NEXT
}

/// Does nothing: the yardstick of `cargo xtask bench`. The agent never loads it.
#[classifier]
fn l2witness_empty(_: TcContext) -> i32 {
    TCX_NEXT
}

#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The helpers that the programs call are for GPL-compatible programs alone.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
