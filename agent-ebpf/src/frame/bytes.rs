//! Where a frame's bytes are: the one thing in which kernel and user space differ.

/// A frame that can be asked for headers.
pub trait Bytes {
    /// A header whose length was checked once, here.
    type Header: Header;

    /// The `length` bytes at `offset`, or `None` where the frame is shorter.
    fn header(&self, offset: usize, length: usize) -> Option<Self::Header>;
}

/// Fixed-offset reads inside a header whose bounds were checked by [`Bytes::header`].
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
    type Header = &'a [u8];

    fn header(&self, offset: usize, length: usize) -> Option<&'a [u8]> {
        self.0.get(offset..offset.checked_add(length)?)
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
