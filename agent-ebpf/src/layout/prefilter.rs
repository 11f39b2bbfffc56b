//! One bit for many addresses: says "not watched" for next to nothing.
//!
//! A frame about an address that is not watched is the rule on a busy segment, and a request is looked up
//! twice (for its target and for its sender). A clear bit spares the hash lookup.

use crate::frame::Address;

/// Words of 64 bits: 65,536 bits, 8 KiB.
pub const PREFILTER_WORDS: u32 = 1024;

/// The word and the bit of an address. Addresses of one pool differ in their last four bytes, so those decide;
/// the multiplication (Fibonacci hashing) spreads neighbours.
#[inline(always)]
pub const fn prefilter_bit(address: &Address) -> (u32, u64) {
    let hash = address.words[3].wrapping_mul(0x9e37_79b1) >> 16;
    (hash >> 6, 1 << (hash & 63))
}
