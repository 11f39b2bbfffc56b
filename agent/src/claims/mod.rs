//! Who is said to answer, and whether what is said can be true.

pub mod election;
pub mod speaker;
