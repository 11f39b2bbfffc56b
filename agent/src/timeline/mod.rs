//! What happened to an LB IP and when: from the events of all nodes to handovers on one clock.
//!
//! Pure: an [`Account`] in, a [`Timeline`] out; no I/O and no clock of its own. The way: events by the clock that
//! timed them (`rows`), stretches of time in which something changed (`scene`), their clocks as one (`clock`), who
//! took the address from whom (`turns`), and of each turn the figures and the steps (`figures`, `unanswered`, `kind`, `handover`).

mod abandoned;
mod account;
mod clock;
mod figures;
mod handover;
mod incomplete;
mod kind;
mod rounds;
mod rows;
mod scene;
mod shape;
mod stage;
mod text;
mod told;
mod turns;
mod unanswered;

pub use account::{Account, Numbered, Witness};
pub use shape::{Handover, Kind, NodeClock, Party, Step, StepKind, Timeline, Unanswered};

use stage::Stage;

/// What happened to the LB IP, by all that was told of it.
///
/// The order of the events does not matter, nor that some are given twice. What rests on events that are missing is
/// left out, and said to be.
pub fn timeline(account: &Account) -> Timeline {
    let rows = rows::rows(account);
    let stage = Stage::new(account, &rows);
    let incomplete = incomplete::incomplete(account, &rows, &stage);
    Timeline { ip: account.ip, clocks: stage.clocks(), handovers: stage.handovers(), incomplete }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod truth;
