//! Who is said to answer.

pub mod election;
