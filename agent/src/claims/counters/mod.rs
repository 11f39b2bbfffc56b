//! Counters against counters: each of the speaker's `metallb_layer2_*` beside the wire's count of the same thing.
//!
//! The two are never read at one instant. So the wire is read before and after the speaker's metrics, and all that
//! is known at one reading is an [`Interval`] in which *speaker less wire* lies. As long as both count alike, all
//! intervals since a baseline have a point in common. Where two readings in a row lie beyond what they have in common,
//! the counters drifted apart, by the gap between the intervals before and after, and by no more.
//!
//! The speaker counts a moment later than the programs on the interface do; the reading *before* has to be that much
//! earlier (`serve/claims.rs` waits). What can't be compared makes a new baseline instead: a restart of either side,
//! other interfaces, another sender on the node, and for requests every reading at which the speaker did not announce
//! the IP, as it then counts none.
//!
//! [`witnessed()`] says what the wire counts by the speaker's rules (`internal/layer2/{arp,ndp,stats}.go`), a
//! [`Comparison`] keeps the three counters of one LB IP.

mod comparison;
mod interval;
#[cfg(test)]
mod simulated;
mod track;
mod witnessed;

pub use comparison::{Comparison, Moment, same_process};
pub use interval::Interval;
pub use witnessed::{Basis, Context, Scope, Witnessed, witnessed};
