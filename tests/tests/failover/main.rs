//! Handovers on real interfaces, and what `l2witness failover` tells of them, held against a router that asks every two
//! milliseconds and writes down each answer.
//!
//! One at a time: what is compared are times, on a machine with few cores.

mod captures;
mod clocks;
mod moves;
mod segment;
mod several;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by the test that is at work.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
