//! One copy of the kernel programs an interface, and the maps they share.

use std::net::IpAddr;

use aya::{
    Ebpf, EbpfLoader,
    maps::{Array, HashMap, Map, MapData, RingBuf},
    programs::SchedClassifier,
};
use l2witness_ebpf::{
    frame::Address,
    layout::{Claims, Ignored, Slot, Traffic},
};

use super::{
    Error, Pins,
    attach::{self, Hook, HookChoice},
    mapped::Mapped,
    object::{OBJECT, PROGRAM_DATA, PROGRAM_IN, PROGRAM_OUT, classifier},
    prefilter::Prefilter,
};

/// Maps that all copies of the programs share, by pinning.
pub(super) const SHARED_MAPS: [&str; 5] = ["WATCHED", "PREFILTER", "CLAIMS", "KERNEL_ND", "EVENTS"];

fn load(pins: &Pins, slots: u32, capacity: u32, traffic: u32) -> Result<Ebpf, Error> {
    let mut loader = EbpfLoader::new();
    loader
        .map_max_entries("SLOTS", slots)
        .map_max_entries("TRAFFIC", traffic)
        .map_max_entries("WATCHED", capacity)
        .map_max_entries("CLAIMS", capacity);
    for name in SHARED_MAPS {
        loader.map_pin_path(name, pins.map(name));
    }
    Ok(loader.load(OBJECT)?)
}

fn take(ebpf: &mut Ebpf, name: &'static str) -> Result<Map, Error> {
    ebpf.take_map(name).ok_or(Error::Object(name))
}

fn typed<M: TryFrom<Map, Error = aya::maps::MapError>>(
    ebpf: &mut Ebpf,
    name: &'static str,
) -> Result<M, Error> {
    M::try_from(take(ebpf, name)?).map_err(|error| Error::Map(error, name))
}

/// The maps that all interfaces share.
pub struct Shared {
    watched: HashMap<MapData, Address, u32>,
    prefilter: Prefilter,
    claims: Array<MapData, Claims>,
    claims_memory: Mapped<Claims>,
    /// Changes; taken by whoever follows them.
    pub events: Option<RingBuf<MapData>>,
}

impl Shared {
    /// Makes the shared maps, with room for `capacity` LB IPs.
    ///
    /// # Errors
    /// [`Error::Load`] where the kernel refuses, with its reason.
    pub fn create(pins: &Pins, capacity: u32) -> Result<Self, Error> {
        // Only for its maps: the programs of this copy are never loaded, and its one-entry SLOTS goes with it.
        let mut ebpf = load(pins, 1, capacity, 1)?;
        let claims: Array<MapData, Claims> = typed(&mut ebpf, "CLAIMS")?;
        let pinned = MapData::from_pin(pins.map("CLAIMS")).map_err(|error| Error::Map(error, "CLAIMS"))?;
        Ok(Self {
            watched: typed(&mut ebpf, "WATCHED")?,
            prefilter: Prefilter::new(typed(&mut ebpf, "PREFILTER")?),
            claims,
            claims_memory: Mapped::new(&pinned, capacity, "CLAIMS")?,
            events: Some(typed(&mut ebpf, "EVENTS")?),
        })
    }

    /// Puts an LB IP on the allow-list, with nobody claiming it yet. Its slots must be empty.
    ///
    /// # Errors
    /// [`Error::Map`] with the kernel's reason.
    pub fn insert(&mut self, ip: IpAddr, index: u32) -> Result<(), Error> {
        self.claims.set(index, Claims::EMPTY, 0).map_err(|error| Error::Map(error, "CLAIMS"))?;
        self.watched.insert(Address::from(ip), index, 0).map_err(|error| Error::Map(error, "WATCHED"))?;
        self.prefilter.insert(&Address::from(ip))
    }

    /// Takes an LB IP off the allow-list.
    ///
    /// # Errors
    /// [`Error::Map`] with the kernel's reason.
    pub fn remove(&mut self, ip: IpAddr) -> Result<(), Error> {
        self.prefilter.remove(&Address::from(ip))?;
        self.watched.remove(&Address::from(ip)).map_err(|error| Error::Map(error, "WATCHED"))
    }

    /// Who claims the LB IP at one index.
    pub fn claims(&self, index: u32) -> Claims {
        self.claims_memory.read(index).unwrap_or(Claims::EMPTY)
    }
}

/// The programs on one interface; dropping them detaches them.
pub struct Programs {
    ebpf: Ebpf,
    slots: Evidence<Slot>,
    /// Where traffic is observed.
    traffic: Option<Evidence<Traffic>>,
    ignored: Mapped<u64>,
}

/// An array of the kernel's that is read without asking it.
struct Evidence<T: aya::Pod> {
    array: Array<MapData, T>,
    memory: Mapped<T>,
}

impl<T: aya::Pod> Evidence<T> {
    fn take(ebpf: &mut Ebpf, name: &'static str, entries: u32) -> Result<Self, Error> {
        let Map::Array(data) = take(ebpf, name)? else { return Err(Error::Object(name)) };
        let memory = Mapped::new(&data, entries, name)?;
        let array = Array::try_from(Map::Array(data)).map_err(|error| Error::Map(error, name))?;
        Ok(Self { array, memory })
    }
}

impl Programs {
    /// Loads a copy of the programs that shares the maps under `pins`; with the one of data packets, if `traffic`.
    ///
    /// # Errors
    /// [`Error::Load`] or [`Error::Map`] with the kernel's reason.
    pub fn load(pins: &Pins, capacity: u32, traffic: bool) -> Result<Self, Error> {
        let mut ebpf = load(pins, capacity, capacity, if traffic { capacity } else { 1 })?;
        let slots = Evidence::take(&mut ebpf, "SLOTS", capacity)?;
        let packets = if traffic { Some(Evidence::take(&mut ebpf, "TRAFFIC", capacity)?) } else { None };
        let Map::Array(ignored) = take(&mut ebpf, "IGNORED")? else { return Err(Error::Object("IGNORED")) };
        let ignored = Mapped::new(&ignored, Ignored::COUNT as u32, "IGNORED")?;
        let names = [PROGRAM_IN, PROGRAM_OUT].into_iter().chain(traffic.then_some(PROGRAM_DATA));
        for name in names {
            classifier(&mut ebpf, name)?.load().map_err(|error| Error::Load(error.into()))?;
        }
        #[cfg(feature = "debug-log")]
        super::debug_log::forward(&mut ebpf);
        Ok(Self { ebpf, slots, traffic: packets, ignored })
    }

    /// Puts the programs on the interface and says which hook took them.
    ///
    /// # Errors
    /// [`Error::Attach`]; nothing stays attached then.
    pub fn attach(&mut self, interface: &str, choice: HookChoice) -> Result<Hook, Error> {
        attach::attach(&mut self.ebpf, interface, choice, self.traffic.is_some())
    }

    /// One of the programs, for `BPF_PROG_TEST_RUN`.
    ///
    /// # Errors
    /// [`Error::Object`] if there is no such program.
    pub fn classifier(&mut self, name: &'static str) -> Result<&mut SchedClassifier, Error> {
        classifier(&mut self.ebpf, name)
    }

    /// The evidence at one index.
    pub fn slot(&self, index: u32) -> Option<Slot> {
        self.slots.memory.read(index)
    }

    /// The data packets at one index, where traffic is observed.
    pub fn traffic(&self, index: u32) -> Option<Traffic> {
        self.traffic.as_ref()?.memory.read(index)
    }

    /// Frames ignored for that reason.
    pub fn ignored(&self, reason: Ignored) -> u64 {
        self.ignored.read(reason as u32).unwrap_or(0)
    }

    /// Empties the evidence at one index.
    ///
    /// # Errors
    /// [`Error::Map`] with the kernel's reason.
    pub fn clear(&mut self, index: u32) -> Result<(), Error> {
        self.slots.array.set(index, Slot::EMPTY, 0).map_err(|error| Error::Map(error, "SLOTS"))?;
        let Some(traffic) = &mut self.traffic else { return Ok(()) };
        traffic.array.set(index, Traffic::EMPTY, 0).map_err(|error| Error::Map(error, "TRAFFIC"))
    }
}
