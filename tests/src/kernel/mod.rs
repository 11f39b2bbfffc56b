//! The kernel programs run on one frame at a time (`BPF_PROG_TEST_RUN`), and what they should do with it.
//!
//! [`Kernel`] loads the object that the agent embeds, with the agent's own code, and runs it; [`Outcome`]
//! is everything that a frame changed in the maps; [`model`] says from the user-space parser's reading
//! of the same frame what that should have been.

mod context;
pub mod model;
mod outcome;
mod read;

use std::net::IpAddr;

use anyhow::{Context as _, Result, ensure};
use aya::maps::{Array, MapData, RingBuf};
use aya::{TestRun as _, TestRunOptions};
use l2witness::wire::{Hook, HookChoice, PROGRAM_DATA, PROGRAM_IN, PROGRAM_OUT, Pins, Programs, Shared};
use l2witness_ebpf::layout::{Claims, Direction, Ignored, Slot, Traffic};

pub use context::Context;
pub use outcome::{Claim, Outcome, Told};

use crate::lab::{self, Host};
use crate::socket::Interface;

/// What every program returns for every frame: `TCX_NEXT`, which is `TC_ACT_UNSPEC`.
pub const NEXT: i32 = -1;

/// Whether `BPF_PROG_TEST_RUN` takes the frame: kernel 6.18 refuses what ends inside its Ethernet header or an
/// untagged IP header, what is longer than 3,700 bytes (a page with what stands around it), and what lies in
/// several pieces. Others must go over a wire.
pub fn takes(frame: &[u8]) -> bool {
    let shortest = match frame.get(12..14) {
        Some([0x08, 0x00]) => 34,
        Some([0x86, 0xdd]) => 54,
        _ => 14,
    };
    (shortest..=3_584).contains(&frame.len())
}

/// A copy of the kernel programs with its maps; attached to nothing at first.
pub struct Kernel {
    // Fields drop in this order: the maps before their pins.
    programs: Programs,
    shared: Shared,
    events: RingBuf<MapData>,
    learned: Array<MapData, u64>,
    watched: Vec<IpAddr>,
    interface: u32,
    ignored: [u64; Ignored::COUNT],
    _pins: Pins,
}

impl Kernel {
    /// Loads the programs with `watched` on the allow-list, to run as on that interface of the host.
    ///
    /// To be called inside [`enter`](crate::lab::Namespace::enter): `BPF_PROG_TEST_RUN` looks the interface
    /// up in the namespace of the calling thread.
    ///
    /// # Errors
    ///
    /// The kernel refuses the object.
    pub fn load(host: &Host, interface: &str, watched: &[IpAddr]) -> Result<Self> {
        Self::load_all(host, interface, watched, false)
    }

    /// The same with the program that counts traffic.
    ///
    /// # Errors
    ///
    /// As [`Kernel::load`].
    pub fn load_with_traffic(host: &Host, interface: &str, watched: &[IpAddr]) -> Result<Self> {
        Self::load_all(host, interface, watched, true)
    }

    fn load_all(host: &Host, interface: &str, watched: &[IpAddr], traffic: bool) -> Result<Self> {
        lab::ensure_mounted()?;
        // Beside the agent's, which may run on the same host.
        let mut directory = host.pin_directory().into_os_string();
        directory.push("-kernel");
        let pins = Pins::hold(directory.as_ref())?;
        let capacity = watched.len() as u32;
        let mut shared = Shared::create(&pins, capacity)?;
        for (ip, index) in watched.iter().zip(0..) {
            shared.insert(*ip, index)?;
        }
        let programs = Programs::load(&pins, capacity, traffic)?;
        let events = shared.events.take().context("the ring buffer is taken")?;
        let learned = Array::try_from(aya::maps::Map::Array(MapData::from_pin(pins.map("KERNEL_ND"))?))?;
        Ok(Self {
            programs,
            shared,
            events,
            learned,
            watched: watched.to_vec(),
            interface: Interface::named(interface)?.index,
            ignored: [0; Ignored::COUNT],
            _pins: pins,
        })
    }

    /// Puts the programs on the interface, where they see what really comes and goes.
    ///
    /// # Errors
    ///
    /// The kernel refuses.
    pub fn attach(&mut self, interface: &str, hook: HookChoice) -> Result<Hook> {
        Ok(self.programs.attach(interface, hook)?)
    }

    /// Runs one frame that the kernel [`takes`] through the program of its direction; returns the verdict.
    ///
    /// # Errors
    ///
    /// The kernel refuses the frame with `EINVAL`.
    pub fn run(&mut self, direction: Direction, frame: &[u8]) -> Result<i32> {
        self.run_as(direction, frame, Context::default())
    }

    /// The same with more said about the frame.
    ///
    /// # Errors
    ///
    /// As [`Kernel::run`].
    pub fn run_as(&mut self, direction: Direction, frame: &[u8], context: Context) -> Result<i32> {
        let name = match direction {
            Direction::Received => PROGRAM_IN,
            Direction::Sent => PROGRAM_OUT,
        };
        self.run_program(name, frame, context)
    }

    /// Runs a packet that came in through the program that counts traffic; returns the verdict.
    ///
    /// # Errors
    ///
    /// As [`Kernel::run`].
    pub fn run_data(&mut self, frame: &[u8]) -> Result<i32> {
        self.run_program(PROGRAM_DATA, frame, Context::default())
    }

    fn run_program(&mut self, name: &'static str, frame: &[u8], context: Context) -> Result<i32> {
        let context = context.bytes(self.interface);
        let mut after = vec![0; frame.len()];
        let options = TestRunOptions {
            data_in: Some(frame),
            data_out: Some(&mut after),
            ctx_in: Some(&context),
            ..TestRunOptions::new()
        };
        let result = self.programs.classifier(name)?.test_run(options)?;
        ensure!(after == frame, "{name} changed the frame");
        Ok(result.return_value.cast_signed())
    }

    /// Everything that changed since the last call or [`Kernel::clear`]; the maps are as before it then.
    ///
    /// # Errors
    ///
    /// A map can't be written, or an event is none.
    pub fn outcome(&mut self) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        for (index, ip) in (0..).zip(self.watched.clone()) {
            let slot = self.slot(index)?;
            read::slot(&mut outcome, ip, &slot);
            read::claims(&mut outcome, ip, &self.shared.claims(index), self.interface)?;
        }
        for reason in Ignored::ALL {
            let (now, before) = (self.programs.ignored(reason), self.ignored[reason as usize]);
            if now != before {
                outcome.ignored.push((reason, now - before));
            }
        }
        outcome.told = self.told()?;
        self.clear()?;
        Ok(outcome)
    }

    /// What the agent was told since the last call; the entries stay.
    ///
    /// # Errors
    ///
    /// An event is none.
    pub fn told(&mut self) -> Result<Vec<Told>> {
        let mut told = Vec::new();
        while let Some(event) = self.events.next() {
            told.push(read::event(&event)?);
        }
        Ok(told)
    }

    /// Forgets everything.
    ///
    /// # Errors
    ///
    /// A map can't be written.
    pub fn clear(&mut self) -> Result<()> {
        for (index, ip) in (0..).zip(self.watched.clone()) {
            self.programs.clear(index)?;
            self.shared.insert(ip, index)?;
        }
        self.learned.set(0, 0, 0)?;
        self.ignored = Ignored::ALL.map(|reason| self.programs.ignored(reason));
        while self.events.next().is_some() {}
        Ok(())
    }

    /// The evidence about the watched IP of this index.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn slot(&self, index: u32) -> Result<Slot> {
        self.programs.slot(index).context("no such slot")
    }

    /// The data packets to the watched IP of this index.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn traffic(&self, index: u32) -> Result<Traffic> {
        self.programs.traffic(index).context("no such entry")
    }

    /// Who claims the watched IP of this index.
    pub fn claims(&self, index: u32) -> Claims {
        self.shared.claims(index)
    }
}
