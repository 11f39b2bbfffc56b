//! The maps. The agent makes all entries; the programs only look up and add.

use core::intrinsics::{AtomicOrdering::Relaxed, atomic_xadd};

use aya_ebpf::{
    bindings::{BPF_F_MMAPABLE, BPF_RB_AVAIL_DATA},
    macros::map,
    maps::{Array, HashMap, RingBuf},
};
use l2witness_ebpf::{
    frame::Address,
    layout::{Claims, Event, Ignored, PREFILTER_WORDS, Slot, Traffic, prefilter_bit},
};

/// LB IP → its index in [`SLOTS`] and [`CLAIMS`]. Written by the agent; the allow-list that bounds everything.
/// Shared by all interfaces. Sized by `--max-ips` at load, as are the two arrays.
#[map]
static WATCHED: HashMap<Address, u32> = HashMap::with_max_entries(1, 0);

/// A bit that is clear for most addresses that are not in [`WATCHED`]. Written by the agent, shared by all interfaces.
#[map]
static PREFILTER: Array<u64> = Array::with_max_entries(PREFILTER_WORDS, 0);

/// Index → evidence on one interface. Every interface has its own, because each has its own copy of the
/// programs: the interface costs no lookup. Mapped into the agent's memory.
#[map]
static SLOTS: Array<Slot> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Index → who claims the IP. Shared by all interfaces. Mapped into the agent's memory.
#[map]
static CLAIMS: Array<Claims> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Index → data packets on one interface. One entry, unless the agent is to observe traffic. Mapped into the agent's
/// memory.
#[map]
static TRAFFIC: Array<Traffic> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// [`Ignored`] → frames, one map an interface. Mapped into the agent's memory.
#[map]
static IGNORED: Array<u64> = Array::with_max_entries(Ignored::COUNT as u32, BPF_F_MMAPABLE);

/// 0 → cookie of the network namespace's own ICMPv6 socket, once learned. Shared by all interfaces.
#[map]
static KERNEL_ND: Array<u64> = Array::with_max_entries(1, 0);

/// Changes and requests, to the agent. Shared by all interfaces: they hold 1,600.
#[map]
static EVENTS: RingBuf = RingBuf::with_byte_size(EVENT_BYTES, 0);
const EVENT_BYTES: u32 = 128 * 1024;

/// The index of a watched address.
#[inline(always)]
pub(super) fn watched(address: &Address) -> Option<u32> {
    let (word, bit) = prefilter_bit(address);
    if PREFILTER.get(word)? & bit == 0 {
        return None;
    }
    // SAFETY: a u32 reads whole; an entry that is removed meanwhile gives its old index or its successor's.
    unsafe { WATCHED.get(address) }.copied()
}

/// The evidence on this interface.
#[inline(always)]
pub(super) fn slot(index: u32) -> Option<&'static mut Slot> {
    // SAFETY: array entries live as long as the program; races are what the atomics are for.
    SLOTS.get_ptr_mut(index).map(|slot| unsafe { &mut *slot })
}

/// The claimants.
#[inline(always)]
pub(super) fn claims(index: u32) -> Option<&'static mut Claims> {
    // SAFETY: as above.
    CLAIMS.get_ptr_mut(index).map(|claims| unsafe { &mut *claims })
}

/// The data packets on this interface.
#[inline(always)]
pub(super) fn traffic(index: u32) -> Option<&'static mut Traffic> {
    // SAFETY: as above.
    TRAFFIC.get_ptr_mut(index).map(|traffic| unsafe { &mut *traffic })
}

/// Counts a frame that is no evidence.
#[inline(always)]
pub(super) fn ignored(reason: Ignored) {
    if let Some(count) = IGNORED.get_ptr_mut(reason as u32) {
        // SAFETY: as above.
        add(unsafe { &mut *count }, 1);
    }
}

/// The learned cookie of the kernel's own ICMPv6 socket, 0 if none was seen yet.
#[inline(always)]
pub(super) fn kernel_cookie() -> Option<&'static mut u64> {
    // SAFETY: as above.
    KERNEL_ND.get_ptr_mut(0).map(|cookie| unsafe { &mut *cookie })
}

/// Whether half of the events' room is taken: then only changes get in.
#[inline(always)]
pub(super) fn half_full() -> bool {
    EVENTS.query(BPF_RB_AVAIL_DATA.into()) > u64::from(EVENT_BYTES / 2)
}

/// Room for one event.
#[inline(always)]
pub(super) fn event() -> Option<aya_ebpf::maps::ring_buf::RingBufEntry<Event>> {
    EVENTS.reserve::<Event>(0)
}

/// Atomic add whose result nobody asks for: one instruction, on every kernel since 3.18.
/// (`core::sync::atomic` has no `fetch_add` for this target, which has no compare-and-swap before 5.12.)
#[inline(always)]
pub(super) fn add(counter: &mut u64, by: u64) {
    // SAFETY: a map value is aligned and lives as long as the program.
    let _: u64 = unsafe { atomic_xadd::<u64, u64, { Relaxed }>(counter, by) };
}

/// As [`add`], for the narrower cells.
#[inline(always)]
pub(super) fn add32(counter: &mut u32, by: u32) {
    // SAFETY: as above.
    let _: u32 = unsafe { atomic_xadd::<u32, u32, { Relaxed }>(counter, by) };
}

/// Volatile, so that neighbouring stores are not merged into a memcpy or memset, for which the verifier
/// wants `CAP_PERFMON`.
#[inline(always)]
pub(super) fn put<T: Copy>(place: &mut T, value: T) {
    // SAFETY: a reference is valid and aligned.
    unsafe { core::ptr::from_mut(place).write_volatile(value) }
}
