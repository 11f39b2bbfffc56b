//! Judgement: evidence, claims and host facts in, findings out. Pure: no I/O and no clock; "now" is an argument.
//!
//! [`views`] merges the reports of several nodes into one [`View`] per LB IP, [`judge()`] turns a view into
//! [`Finding`]s by the rules of `rules/`, each with its cause where `causes/` knows it, and every finding names its
//! entry in the [`catalogue`]. An agent judges its own report by the same rules: [`node_verdicts`].

pub mod catalogue;
mod causes;
mod claims;
#[cfg(test)]
mod classes;
mod clock;
mod figures;
mod finding;
mod hint;
mod judge;
mod node;
mod owners;
mod program;
mod rules;
mod said;
#[cfg(test)]
pub(crate) mod sample;
mod seen;
mod state;
#[cfg(test)]
mod table;
mod text;
mod time;
mod unanswered;
mod view;

pub use catalogue::{Severity, Verdict};
pub use claims::{Claim, HeardAt};
pub use clock::corrected;
pub use figures::Figures;
pub use finding::{Finding, worst};
pub use hint::hint;
pub use judge::judge;
pub use node::{node_findings, node_verdicts};
pub use said::{Announcing, Counted, Sayings};
pub use state::{LocalState, State, TTL, local_states};
pub use text::{ago, few, span};
pub use view::{Answerer, Coverage, Failed, Scope, Successor, View, views};
