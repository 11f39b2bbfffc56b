//! Map entries in the agent's own memory: reading thousands of them costs no syscall.
#![expect(unsafe_code, reason = "the only place that maps kernel memory")]
#![expect(clippy::cast_ptr_alignment, reason = "a mapping begins at a page")]

use std::{marker::PhantomData, mem::MaybeUninit, os::fd::AsFd};

use aya::{Pod, maps::MapData};
use memmap2::{MmapOptions, MmapRaw};

use super::Error;

/// An array map whose values the kernel programs go on changing.
#[derive(Debug)]
pub(super) struct Mapped<T> {
    memory: MmapRaw,
    entries: usize,
    value: PhantomData<T>,
}

impl<T: Pod> Mapped<T> {
    const WORDS: usize = size_of::<T>() / 8;

    /// Maps `entries` values of the array map `name`, which must have the flag `BPF_F_MMAPABLE`.
    pub(super) fn new(map: &MapData, entries: u32, name: &'static str) -> Result<Self, Error> {
        const { assert!(size_of::<T>().is_multiple_of(8) && align_of::<T>() <= 8) };
        let entries = entries as usize;
        let memory = MmapOptions::new()
            .len(entries * size_of::<T>())
            .map_raw_read_only(&map.fd().as_fd())
            .map_err(|error| Error::Mmap(error, name))?;
        Ok(Self { memory, entries, value: PhantomData })
    }

    /// A copy of one entry; each of its eight-byte words is read whole, the words not all at one instant.
    pub(super) fn read(&self, index: u32) -> Option<T> {
        let index = index as usize;
        if index >= self.entries {
            return None;
        }
        let mut value = MaybeUninit::<T>::uninit();
        let to = value.as_mut_ptr().cast::<u64>();
        // SAFETY: the entry lies inside the mapping, which is page-aligned and made of eight-byte words; volatile
        // because the kernel writes to it; T is Pod and its size a multiple of eight, so that all of it is written.
        unsafe {
            let from = self.memory.as_ptr().cast::<u64>().add(index * Self::WORDS);
            for word in 0..Self::WORDS {
                to.add(word).write(from.add(word).read_volatile());
            }
            Some(value.assume_init())
        }
    }
}
