//! Who is said to answer, and whether what is said can be true.

pub mod controller;
pub mod counters;
pub mod election;
mod sample;
pub mod speaker;
