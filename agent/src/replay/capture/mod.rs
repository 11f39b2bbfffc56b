//! One capture file, read once from its beginning to its end: what it holds about the watched addresses.

mod blocks;
mod clock;
mod link;
mod own;
mod reading;

use std::{
    collections::BTreeSet,
    io::{self, Read},
};

use jiff::Timestamp;
use l2witness_ebpf::{
    frame::{Mac, Message},
    layout::Ignored,
};

use reading::Reading;

pub(super) use link::Way;
pub(super) use own::Candidates;

use super::Watched;

/// Nothing in the file can be used.
#[derive(Debug, thiserror::Error)]
pub enum NoCapture {
    /// It can't be read.
    #[error("can't be read: {0}")]
    Unreadable(#[source] io::Error),
    /// It has no byte.
    #[error("is empty")]
    Empty,
    /// It is a compressed file.
    #[error("is compressed: unpack it first, or read it from stdin as `-`")]
    Compressed,
    /// It is something else.
    #[error("is neither pcap nor pcapng")]
    Unknown,
    /// It begins like a capture and ends, or becomes something else, in its header.
    #[error("is damaged at byte 0: its header is cut off or is none")]
    Header,
    /// It holds frames of another kind than Ethernet alone.
    #[error("has link type {0}: Ethernet (1) and Linux cooked (113, 276) can be read")]
    Link(i32),
}

/// Where a capture stops being one. What stands before can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("damaged at byte {offset}: {what}")]
pub struct Damage {
    /// Bytes from the file's beginning.
    pub offset: u64,
    /// What is wrong there.
    pub what: String,
}

/// What one file holds.
#[derive(Debug, Default)]
pub struct Capture {
    /// The interfaces that it was taken on.
    pub(super) taps: Vec<Tap>,
    /// The frames about watched addresses, in the order of the file.
    pub(super) seen: Vec<Seen>,
    /// Time of the first and the last frame, nanoseconds since the epoch; 0 if there is none.
    pub(super) span: (u64, u64),
    /// All frames, whatever they are.
    pub frames: u64,
    /// Frames that have no time, and so were not used (Simple Packet Blocks).
    pub untimed: u64,
    /// Link types of interfaces whose frames can't be read.
    pub unread: BTreeSet<i32>,
    /// Where reading ended early.
    pub damage: Option<Damage>,
}

/// One interface of a capture.
#[derive(Clone, Debug)]
pub(super) struct Tap {
    pub(super) name: String,
    /// The MAC that the capture itself names.
    pub(super) mac: Option<Mac>,
    /// What its frames say of its MAC.
    pub(super) own: Candidates,
    /// Some frame has no direction but that of its addresses.
    pub(super) by_address: bool,
    pub(super) ignored: [u64; Ignored::COUNT],
}

/// A frame about a watched address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Nanoseconds since the epoch, at least 1.
    pub(super) time: u64,
    /// Which of the interfaces.
    pub(super) tap: u32,
    /// As the capture says.
    pub(super) way: Option<Way>,
    /// Bytes of the ARP or IPv6 packet with the padding behind it.
    pub(super) length: u32,
    /// Number of the watched address that it is about.
    pub(super) subject: Option<u32>,
    /// Number of the watched address that its asker gives as its own.
    pub(super) sender: Option<u32>,
    pub(super) message: Message,
}

impl Capture {
    /// Reads a pcap or pcapng file. `interface` is the name of an interface that the file does not name; frames
    /// after `until` are left out.
    ///
    /// # Errors
    /// There is no capture in it. Damage further on is no error: see [`Capture::damage`].
    pub fn read(
        input: impl Read,
        interface: &str,
        watched: &mut Watched,
        until: Option<Timestamp>,
    ) -> Result<Self, NoCapture> {
        let until = until.map_or(u64::MAX, nanoseconds);
        let mut reading = Reading::new(interface, watched, until);
        let damage = blocks::read(input, |block| reading.block(block))?;
        reading.end(damage)
    }
}

/// Nanoseconds since the epoch.
pub(super) fn nanoseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_nanosecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
