//! One clock from many: how far apart the nodes' clocks are follows from the broadcast frames that several heard.
//!
//! Announcements come in rounds a second apart and requests often as regularly, so frames that look the same are not
//! the same by that alone. [`vote`] lets every pair of equal frames vote for the offset that would make them one, and takes an offset only
//! where no other would explain what both heard as well; else the error covers all that would.

mod graph;
mod offset;
mod vote;

pub(super) use graph::{Clocks, clocks};
pub(super) use offset::{Offset, drift};

use super::rows::Row;
use crate::evidence::{MacAddr, What};

/// Frames are one and the same only within this: what a frame may take longer to one node than to another.
pub(super) const TOLERANCE_NS: i64 = 1_000_000;

/// Clocks that are farther apart are not compared.
pub(super) const RANGE_NS: i64 = 30_000_000_000;

/// Rounds of one burst follow one another within this (MetalLB: 1.1 s).
pub(super) const ROUND_NS: i64 = 1_700_000_000;

/// What makes two frames look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alike {
    form: Form,
    mac: MacAddr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// `request`, `reply`, or NDP's.
    Announcement(u8),
    Request,
    Probe,
}

/// What one row has heard or sent by broadcast, by kind of frame.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) announcements: Frames,
    pub(super) requests: Frames,
    /// Requests that had no event because there were too many.
    pub(super) untold: bool,
    /// Events that are missing where announcements may be among them.
    pub(super) missing: u64,
}

/// Frames, ordered by what they look like and by time.
pub(super) type Frames = Vec<(Alike, i64)>;

impl Heard {
    /// Of the events noted within these times.
    pub(super) fn of(row: &Row<'_>, from: i64, to: i64) -> Self {
        let mut heard = Self::default();
        let mut counts: Vec<(&str, u64)> = Vec::new();
        for (_, seen) in row.noted_within(from, to) {
            match &seen.event.what {
                What::Announcement(claimed) => {
                    let form = match claimed.form.as_deref() {
                        Some("request") => 1,
                        Some("reply") => 2,
                        _ => 0,
                    };
                    let alike = Alike { form: Form::Announcement(form), mac: claimed.mac };
                    heard.announcements.push((alike, seen.at));
                }
                What::Request(asked) if !asked.unicast => {
                    let form = if asked.probe { Form::Probe } else { Form::Request };
                    heard.requests.push((Alike { form, mac: asked.mac }, seen.at));
                    if asked.probe {
                        continue;
                    }
                    match counts.iter_mut().find(|(interface, _)| *interface == asked.interface) {
                        Some((_, count)) => {
                            heard.untold |= asked.count != *count + 1;
                            *count = asked.count;
                        }
                        None => counts.push((&asked.interface, asked.count)),
                    }
                }
                _ => {}
            }
        }
        let times = || heard.announcements.iter().map(|(_, at)| *at);
        if let (Some(first), Some(last)) = (times().min(), times().max()) {
            heard.missing = missing(row, first - ROUND_NS, last + ROUND_NS);
        }
        heard.announcements = single(heard.announcements);
        heard.requests = single(heard.requests);
        heard
    }
}

/// How many events are missing that may have been noted within these times.
fn missing(row: &Row<'_>, from: i64, to: i64) -> u64 {
    let befores = std::iter::once(i64::MIN).chain(row.seen.iter().map(|seen| seen.noted));
    let between = row.seen.iter().zip(befores).filter(|(seen, before)| *before < to && seen.noted > from);
    between.fold(0, |sum, (seen, _)| sum.saturating_add(seen.missing))
}

/// A frame that came in by several interfaces is one.
fn single(mut frames: Frames) -> Frames {
    frames.sort_unstable();
    frames.dedup_by(|later, kept| later.0 == kept.0 && later.1 - kept.1 <= TOLERANCE_NS / 2);
    frames
}
