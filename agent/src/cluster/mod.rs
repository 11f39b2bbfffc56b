//! Which IPs are LB IPs.

mod fixed;

pub use fixed::{BadEntry, Fixed};
