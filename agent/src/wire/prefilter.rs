//! The agent's side of the prefilter: which bits are set, and for how many addresses each.

use std::collections::HashMap;

use aya::maps::{Array, MapData};
use l2witness_ebpf::{frame::Address, layout::prefilter_bit};

use super::Error;

/// The map and, because a bit may stand for several addresses, their number.
pub(super) struct Prefilter {
    map: Array<MapData, u64>,
    words: HashMap<u32, Word>,
}

/// Addresses per bit of one word.
#[derive(Debug, Default, PartialEq, Eq)]
struct Word(HashMap<u64, u32>);

impl Word {
    fn bits(&self) -> u64 {
        self.0.keys().fold(0, |bits, bit| bits | bit)
    }
}

impl Prefilter {
    pub(super) fn new(map: Array<MapData, u64>) -> Self {
        Self { map, words: HashMap::new() }
    }

    /// Sets the bit of an address; to be done after the address is on the allow-list.
    pub(super) fn insert(&mut self, address: &Address) -> Result<(), Error> {
        let (index, bit) = prefilter_bit(address);
        let word = self.words.entry(index).or_default();
        *word.0.entry(bit).or_default() += 1;
        let bits = word.bits();
        self.write(index, bits)
    }

    /// Clears the bit of an address unless another one needs it.
    pub(super) fn remove(&mut self, address: &Address) -> Result<(), Error> {
        let (index, bit) = prefilter_bit(address);
        let word = self.words.entry(index).or_default();
        if let Some(count) = word.0.get_mut(&bit) {
            *count -= 1;
            if *count == 0 {
                word.0.remove(&bit);
            }
        }
        let bits = word.bits();
        self.write(index, bits)
    }

    fn write(&mut self, index: u32, bits: u64) -> Result<(), Error> {
        self.map.set(index, bits, 0).map_err(|error| Error::Map(error, "PREFILTER"))
    }
}
