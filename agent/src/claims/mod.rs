//! Who is said to answer, and whether what is said can be true.

pub mod counters;
pub mod election;
pub mod speaker;
