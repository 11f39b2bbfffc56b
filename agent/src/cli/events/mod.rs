//! The events of all agents: asked for once, or followed.

mod follow;
mod gather;
mod lines;
mod query;
mod since;
mod stream;

pub(super) use follow::{Following, News};
pub(super) use gather::{Gathered, gather, merged};
pub(super) use query::{Kind, Place, Query};
pub(super) use since::{Since, duration};

#[cfg(test)]
mod tests;
