//! From blocks to what is kept of them.

use std::collections::HashMap;

use l2witness_ebpf::{
    frame::{self, Kind, Mac, Skip, SliceBytes},
    layout::Ignored,
};

use super::{
    Candidates, Capture, Damage, NoCapture, Seen, Tap, Way,
    blocks::{Block, Description, Packet},
    clock::Clock,
    link::{self, Askers, Link},
};
use crate::replay::Watched;

/// Interfaces of one file. More are a sign of damage.
pub(super) const INTERFACES: usize = 4096;

/// A file while it is read.
pub(super) struct Reading<'a> {
    capture: Capture,
    /// The interfaces of the present section.
    declared: Vec<Option<Declared>>,
    /// There was one that can be read.
    readable: bool,
    by_name: HashMap<String, u32>,
    /// Those that a cooked capture tells apart by their index.
    by_index: HashMap<u32, u32>,
    askers: Askers,
    interface: &'a str,
    watched: &'a mut Watched,
    until: u64,
}

/// An interface as its section describes it.
#[derive(Clone, Copy)]
struct Declared {
    link: Link,
    clock: Clock,
    /// None for those that the frames themselves name.
    tap: Option<u32>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(interface: &'a str, watched: &'a mut Watched, until: u64) -> Self {
        Self {
            capture: Capture::default(),
            declared: Vec::new(),
            readable: false,
            by_name: HashMap::new(),
            by_index: HashMap::new(),
            askers: Askers::default(),
            interface,
            watched,
            until,
        }
    }

    /// What was read.
    pub(super) fn end(self, damage: Option<Damage>) -> Result<Capture, NoCapture> {
        let Self { mut capture, readable, .. } = self;
        capture.damage = damage;
        match capture.unread.first() {
            Some(link) if !readable => Err(NoCapture::Link(*link)),
            _ => Ok(capture),
        }
    }

    /// Takes in what stands next in the file; an error says what is wrong with it.
    pub(super) fn block(&mut self, block: Block<'_>) -> Result<(), String> {
        match block {
            Block::Section => self.declared.clear(),
            Block::Interface(description) => self.describe(description)?,
            Block::Packet(packet) => {
                let declared = self.declared.get(packet.interface as usize);
                let declared =
                    declared.ok_or_else(|| format!("no interface {} is described", packet.interface))?;
                self.capture.frames += 1;
                if let Some(declared) = *declared {
                    self.packet(declared, &packet)?;
                }
            }
            Block::Untimed => {
                self.capture.frames += 1;
                self.capture.untimed += 1;
            }
            Block::Other => {}
        }
        Ok(())
    }

    fn describe(&mut self, description: Description) -> Result<(), String> {
        let Description { link: number, name, mac, clock } = description;
        if self.declared.len() >= INTERFACES {
            return Err(too_many());
        }
        let Some(link) = Link::of(number) else {
            self.capture.unread.insert(number);
            self.declared.push(None);
            return Ok(());
        };
        self.readable = true;
        let name = name.unwrap_or_else(|| match self.declared.len() {
            0 => self.interface.to_owned(),
            further => format!("{}{further}", self.interface),
        });
        let tap = if link == Link::Cooked2 { None } else { Some(self.tap(name, mac)?) };
        self.declared.push(Some(Declared { link, clock, tap }));
        Ok(())
    }

    /// The interface of that name; each section of a file describes it anew.
    fn tap(&mut self, name: String, mac: Option<Mac>) -> Result<u32, String> {
        if let Some(known) = self.by_name.get(&name) {
            return Ok(*known);
        }
        if self.capture.taps.len() >= INTERFACES {
            return Err(too_many());
        }
        let number = self.capture.taps.len() as u32;
        self.by_name.insert(name.clone(), number);
        self.capture.taps.push(Tap {
            name,
            mac,
            own: Candidates::default(),
            by_address: false,
            ignored: [0; Ignored::COUNT],
        });
        Ok(number)
    }

    fn indexed(&mut self, index: u32) -> Result<u32, String> {
        if let Some(known) = self.by_index.get(&index) {
            return Ok(*known);
        }
        let number = self.tap(format!("if{index}"), None)?;
        self.by_index.insert(index, number);
        Ok(number)
    }

    fn packet(&mut self, declared: Declared, packet: &Packet<'_>) -> Result<(), String> {
        let Declared { link, clock, tap } = declared;
        let time = clock.nanoseconds(packet.ticks);
        let Some(frame) = link::frame(link, packet.data, &mut self.askers) else {
            self.extend(time);
            return Ok(());
        };
        let tap = match tap {
            Some(tap) => tap,
            None => self.indexed(frame.index)?,
        };
        let way = frame.way.or_else(|| flagged(packet.flags));
        let on = &mut self.capture.taps[tap as usize];
        if way.is_none() {
            on.by_address = true;
            on.own.add(&frame.bytes);
        }
        if time > self.until {
            return Ok(());
        }
        let parsed = frame::parse(&SliceBytes(&frame.bytes));
        match parsed {
            Ok(message) => {
                let subject = self.watched.of(&message.subject);
                let asks = message.kind == Kind::Request;
                let sender = if asks { self.watched.of(&message.sender) } else { None };
                if subject.is_none() && sender.is_none() {
                    on.ignored[Ignored::NotWatched as usize] += 1;
                } else {
                    let length = frame.content(packet.length);
                    self.capture.seen.push(Seen { time, tap, way, length, subject, sender, message });
                }
            }
            Err(Skip::Ignored(reason)) => on.ignored[reason as usize] += 1,
            Err(Skip::Unrelated) => {}
        }
        self.extend(time);
        Ok(())
    }

    /// A frame was there at that time.
    fn extend(&mut self, time: u64) {
        if time > self.until {
            return;
        }
        let (first, last) = &mut self.capture.span;
        *first = if *first == 0 { time } else { time.min(*first) };
        *last = time.max(*last);
    }
}

fn too_many() -> String {
    format!("more than {INTERFACES} interfaces")
}

/// The direction and kind of reception in `epb_flags`.
const fn flagged(flags: u32) -> Option<Way> {
    /// Received because the interface was promiscuous: it was to somebody else.
    const PROMISCUOUS: u32 = 4;
    match flags & 0b11 {
        1 if flags >> 2 & 0b111 == PROMISCUOUS => Some(Way::InForOther),
        1 => Some(Way::In),
        2 => Some(Way::Out),
        _ => None,
    }
}
