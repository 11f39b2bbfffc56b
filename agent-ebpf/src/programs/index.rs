//! Indexing inside a map value, in a way the verifier lets programs without `CAP_PERFMON` do.
//!
//! Against speculation it wants every path through an instruction that adds to a map pointer to add the same
//! range (`REASON_PATHS` in kernel/bpf/verifier.c). It follows each path with the index as a known number, so
//! the ranges differ, and it refuses: "tried to add from different maps, paths or scalars". An index mixed with
//! a number it does not know has one range on all paths.

use aya_ebpf::programs::TcContext;

/// A number that is always 0 and that neither the compiler nor the verifier knows to be.
#[derive(Clone, Copy)]
pub(super) struct Blur(u32);

impl Blur {
    /// From the frame's length, which never reaches the bits that are used of it (2^27 bytes).
    #[inline(always)]
    pub(super) fn new(ctx: &TcContext) -> Self {
        Self(ctx.len())
    }

    /// The index, for the verifier any number below 2^`BITS`.
    #[inline(always)]
    const fn index<const BITS: u32>(self, index: usize) -> usize {
        const { assert!(BITS <= 5) };
        (index + (self.0 >> (u32::BITS - BITS)) as usize) & ((1 << BITS) - 1)
    }

    /// The element at `index` of `array`, a field of a map value.
    ///
    /// # Safety
    /// `index` must be inside the array, and 2^`BITS` elements inside the map value: the verifier counts on it.
    #[inline(always)]
    pub(super) unsafe fn element<const BITS: u32, T, const N: usize>(
        self,
        array: &mut [T; N],
        index: usize,
    ) -> &mut T {
        const { assert!(N <= 1 << BITS) };
        // SAFETY: the caller's, and the verifier's.
        unsafe { &mut *array.as_mut_ptr().add(self.index::<BITS>(index)) }
    }
}
