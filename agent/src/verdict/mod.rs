//! Judgement: evidence in, findings out. Pure: no I/O and no clock; "now" is an argument.
//!
//! [`views`] merges the reports of several nodes into one [`View`] per LB IP, [`judge()`] turns a view into
//! [`Finding`]s, and every finding names its entry in the [`catalogue`].

pub mod catalogue;
mod claims;
mod clock;
mod figures;
mod judge;
mod owners;
mod program;
#[cfg(test)]
pub(crate) mod sample;
mod seen;
mod state;
#[cfg(test)]
mod table;
mod text;
mod view;

pub use catalogue::{Severity, Verdict};
pub use claims::{Claim, HeardAt};
pub use clock::corrected;
pub use figures::Figures;
pub use judge::{Finding, judge, worst};
pub use state::{LocalState, State, TTL, local_states};
pub use text::{ago, few, span};
pub use view::{Answerer, Coverage, Failed, Scope, View, views};
