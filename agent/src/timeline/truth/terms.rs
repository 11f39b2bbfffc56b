//! What worlds, agents and tables call their nodes and times.

use jiff::Timestamp;

use crate::evidence::MacAddr;

pub(in crate::timeline) const SECOND: i64 = 1_000_000_000;
pub(in crate::timeline) const MS: i64 = 1_000_000;
/// 2026-01-01.
pub(in crate::timeline) const T0: i64 = 1_767_225_600 * SECOND;
/// The asker's number.
pub(in crate::timeline) const ASKER: u8 = 200;

pub(in crate::timeline) fn mac(number: u8) -> MacAddr {
    MacAddr([0, 0, 0x5e, 0, 0x53, number])
}

pub(in crate::timeline) fn name(number: u8) -> String {
    format!("n{number}")
}

/// A time in nanoseconds since the epoch.
pub(in crate::timeline) fn stamp(at: i64) -> Timestamp {
    Timestamp::from_nanosecond(at.into()).unwrap()
}
