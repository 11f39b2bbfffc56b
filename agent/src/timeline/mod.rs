//! What happened to an LB IP and when: from the events of all nodes to handovers on one clock.
//!
//! Pure: events in, [`Timeline`] out; no I/O and no clock of its own.

mod shape;

pub use shape::{Handover, Kind, NodeClock, Party, Step, StepKind, Timeline, Unanswered};
