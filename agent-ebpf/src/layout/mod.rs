//! The entries of the maps, as the kernel programs write them and the agent reads them.
//!
//! Everything is `repr(C)`, eight-byte aligned and without padding (asserted below); the counters are
//! plain `u64` cells that the kernel adds to atomically. Bump [`VERSION`] whenever a size or a meaning changes.

mod claims;
mod counters;
mod event;
mod ignored;
#[cfg(feature = "user")]
mod pod;
mod prefilter;
mod slot;
mod traffic;

pub use claims::{Claims, HEARD, HEARD_STALE_NS, Heard, LOCAL, LOCAL_STALE_NS, Local, Origin, REPLACED_NS};
pub use counters::{Counter, LATENCY_BUCKETS, LATENCY_SHIFT, latency_bucket};
pub use event::{
    Cause, Direction, Event, News, RATE_BURST, RATE_INTERVAL_NS, REQUEST_BURST, REQUEST_INTERVAL_NS,
    RESUME_NS, TICK_SHIFT,
};
pub use ignored::Ignored;
pub use prefilter::{PREFILTER_WORDS, prefilter_bit};
pub use slot::{RECENT, Slot, Stamp, UNANSWERED_NS};
pub use traffic::Traffic;

/// Version of all the types in this module; part of the directory the maps are pinned under.
pub const VERSION: u32 = 2;

/// Bytes of one entry of the map of watched addresses: 48 of the kernel's, key 16, value 8.
const WATCHED_ENTRY: usize = 72;
/// Its bucket heads: the next power of two above 10,000, 16 bytes each.
const WATCHED_BUCKETS: usize = 16_384 * 16;

// The budget: 16 MiB for 10,000 LB IPs on 4 interfaces.
const _: () = assert!(
    10_000 * (4 * size_of::<Slot>() + size_of::<Claims>() + WATCHED_ENTRY) + WATCHED_BUCKETS
        <= 16 * 1024 * 1024
);
const _: () = assert!(size_of::<Slot>() == 304);
const _: () = assert!(size_of::<Local>() == 56);
const _: () = assert!(size_of::<Heard>() == 32);
const _: () = assert!(size_of::<Claims>() == 344);
const _: () = assert!(size_of::<Event>() == 72);
const _: () = assert!(size_of::<Traffic>() == 16);
