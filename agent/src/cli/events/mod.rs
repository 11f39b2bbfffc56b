//! The events of all agents: asked for once, or followed.

mod follow;
mod gather;
mod lines;
mod query;
mod stream;

pub(super) use follow::{Following, News};
pub(super) use gather::{Gathered, gather, merged};
pub(super) use query::{Kind, Place, Query};

#[cfg(test)]
mod tests;
