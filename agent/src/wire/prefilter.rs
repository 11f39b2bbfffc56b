//! The agent's side of the prefilter: which bits are set, and for how many addresses each.

use std::collections::{HashMap, hash_map::Entry};

use aya::maps::{Array, MapData};
use l2witness_ebpf::{frame::Address, layout::prefilter_bit};

use super::Error;

/// The map and, because a bit may stand for several addresses, their number.
pub(super) struct Prefilter {
    map: Array<MapData, u64>,
    addresses: HashMap<(u32, u64), u32>,
}

impl Prefilter {
    pub(super) fn new(map: Array<MapData, u64>) -> Self {
        Self { map, addresses: HashMap::new() }
    }

    /// Sets the bit of an address; to be done after the address is on the allow-list.
    pub(super) fn insert(&mut self, address: &Address) -> Result<(), Error> {
        let (word, bit) = prefilter_bit(address);
        *self.addresses.entry((word, bit)).or_default() += 1;
        self.write(word)
    }

    /// Clears the bit of an address unless another one needs it.
    pub(super) fn remove(&mut self, address: &Address) -> Result<(), Error> {
        let (word, bit) = prefilter_bit(address);
        if let Entry::Occupied(mut count) = self.addresses.entry((word, bit)) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        self.write(word)
    }

    fn write(&mut self, word: u32) -> Result<(), Error> {
        let set = |bit: &u64| self.addresses.contains_key(&(word, *bit));
        let bits = (0..u64::BITS).map(|at| 1 << at).filter(set).fold(0, |bits, bit: u64| bits | bit);
        self.map.set(word, bits, 0).map_err(|error| Error::Map(error, "PREFILTER"))
    }
}
