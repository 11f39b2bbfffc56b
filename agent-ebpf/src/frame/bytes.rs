//! Where a frame's bytes are: the one thing in which kernel and user space differ.

/// A frame that can be asked for headers.
///
/// There are two ways to ask, because without `CAP_PERFMON` the verifier lets no program add a number it does
/// not know to a packet pointer: what lies at a known place is read in place, the rest is copied out first.
pub trait Bytes {
    /// A header read in place.
    type Near: Header;
    /// A header copied out.
    type Far: Header;

    /// The `LENGTH` bytes at `AT`, or `None` where the frame is shorter.
    fn near<const AT: usize, const LENGTH: usize>(&self) -> Option<Self::Near>;

    /// The `LENGTH` bytes at `at`, or `None` where the frame is shorter.
    fn far<const LENGTH: usize>(&self, at: usize) -> Option<Self::Far>;
}

/// Fixed-offset reads inside a header whose bounds were checked by [`Bytes`].
///
/// Words keep network byte order in memory (`u32` as loaded, not swapped), so that storing them
/// again gives the bytes of the wire; [`Header::be16`] alone converts.
pub trait Header {
    /// The byte at `at`.
    fn byte(&self, at: usize) -> u8;
    /// The two bytes at `at`, as loaded.
    fn half(&self, at: usize) -> u16;
    /// The four bytes at `at`, as loaded.
    fn word(&self, at: usize) -> u32;

    /// The two bytes at `at` as a number in network byte order.
    #[inline(always)]
    fn be16(&self, at: usize) -> u16 {
        u16::from_be(self.half(at))
    }
}

/// A frame in a slice: user space, tests, captures.
#[derive(Clone, Copy, Debug)]
pub struct SliceBytes<'a>(pub &'a [u8]);

impl<'a> Bytes for SliceBytes<'a> {
    type Near = &'a [u8];
    type Far = &'a [u8];

    fn near<const AT: usize, const LENGTH: usize>(&self) -> Option<&'a [u8]> {
        self.far::<LENGTH>(AT)
    }

    fn far<const LENGTH: usize>(&self, at: usize) -> Option<&'a [u8]> {
        self.0.get(at..at.checked_add(LENGTH)?)
    }
}

impl Header for &[u8] {
    fn byte(&self, at: usize) -> u8 {
        self[at]
    }

    fn half(&self, at: usize) -> u16 {
        u16::from_ne_bytes([self[at], self[at + 1]])
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_ne_bytes([self[at], self[at + 1], self[at + 2], self[at + 3]])
    }
}
