//! The three counters of one LB IP, reading by reading.

use std::{net::IpAddr, time::Instant};

use jiff::{SignedDuration, Timestamp};

use super::{
    Interval,
    track::{Doubt, Step, Track},
    witnessed::{Context, Witnessed},
};
use crate::{
    claims::speaker::Counted,
    evidence::{Because, Compared, Counter},
};

/// One reading: the wire, the speaker, the wire.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Which LB IP.
    pub ip: IpAddr,
    /// When the speaker's metrics were read.
    pub at: Instant,
    /// When its process started, by its own word.
    pub started: Option<Timestamp>,
    /// Its counters.
    pub counted: Counted,
    /// Whether it announces the LB IP by layer 2.
    pub announced: bool,
    /// The wire before.
    pub before: Witnessed,
    /// The wire after.
    pub after: Witnessed,
}

/// See the module's text.
#[derive(Clone, Debug)]
pub struct Comparison {
    tracks: [Track; 3],
    last: Moment,
    /// As it was when all three last agreed.
    agreed: Context,
}

impl Comparison {
    /// The first reading, with which there is nothing to compare yet.
    pub fn new(first: Moment) -> Self {
        let track =
            |counter| Track::new(counter, first.counted.of(counter), interval(&first, counter), first.at);
        Self { tracks: Counter::ALL.map(track), agreed: first.after.context, last: first }
    }

    /// The next one.
    pub fn step(&mut self, moment: Moment) {
        let mut agree = true;
        for (track, counter) in self.tracks.iter_mut().zip(Counter::ALL) {
            let figure = moment.counted.of(counter);
            let step = track.step(
                figure,
                interval(&moment, counter),
                moment.at,
                doubt(&self.last, &moment, counter),
            );
            match step {
                Step::Agree | Step::Baseline => {}
                Step::Pending => agree = false,
                Step::Apart(by) => track.explain(because(counter, by, &self.agreed, &moment)),
            }
        }
        if agree {
            self.agreed = moment.after.context;
        }
        self.last = moment;
    }

    /// The counters for which there is anything to say. `wall` says what the clock on the wall shows at an instant.
    pub fn compared(&self, wall: &impl Fn(Instant) -> Timestamp) -> Vec<Compared> {
        self.tracks.iter().filter_map(|track| track.compared(wall)).collect()
    }
}

/// `None` if the wire changed its basis while the speaker was read.
fn interval(moment: &Moment, counter: Counter) -> Option<Interval> {
    let Moment { before, after, counted, .. } = moment;
    before
        .basis
        .serves(&after.basis, counter)
        .then(|| Interval::of(counted.of(counter), before.of(counter), after.of(counter)))
}

/// A process's start is told by the clock on the wall, to the second of the machine's start: as the clock is put right
/// it moves by one.
pub fn same_process(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.duration_since(other).abs() <= SignedDuration::from_secs(2),
        (one, other) => one == other,
    }
}

fn doubt(last: &Moment, now: &Moment, counter: Counter) -> Doubt {
    let comparable =
        same_process(last.started, now.started) && last.after.basis.serves(&now.before.basis, counter);
    let is_requests = counter == Counter::RequestsReceived;
    // Who does not own the IP counts no request for it.
    let owned = last.announced && now.announced;
    // It may have been handed over and back meanwhile: then it began to announce anew.
    let began = now.counted.of(Counter::GratuitousSent) > last.counted.of(Counter::GratuitousSent);
    Doubt {
        new_baseline: !comparable || (is_requests && !owned),
        fewer: is_requests && began,
        more: now.after.context.unobserved,
    }
}

fn because(counter: Counter, by: i64, agreed: &Context, now: &Moment) -> Because {
    let context = &now.after.context;
    match (counter, by < 0) {
        (Counter::RequestsReceived, true) => {
            if context.no_group {
                Because::GroupNotJoined
            } else if context.foreign.checked_sub(agreed.foreign) == Some(by.unsigned_abs()) {
                Because::ForeignAnnouncements
            } else if context.kernel > agreed.kernel {
                Because::KernelAnswered
            } else {
                Because::NotDelivered
            }
        }
        (_, true) => Because::OtherSender,
        (Counter::GratuitousSent, false) if context.no_carrier => Because::NoCarrier,
        (Counter::GratuitousSent, false) if now.ip.is_ipv6() => Because::SendFailed,
        (_, false) => Because::NotSeen,
    }
}

#[cfg(test)]
mod tests;
