//! An interface of the node, observed or not.

use std::time::Instant;

use super::{Hook, Link, Programs};

/// An interface with the programs on it.
pub(super) struct Observed {
    pub(super) programs: Programs,
    pub(super) hook: Hook,
    /// Another number each time.
    pub(super) attached: u64,
}

/// An interface of the node.
pub(super) struct Port {
    pub(super) link: Link,
    pub(super) state: Result<Observed, String>,
    /// Since when it is up, or known.
    pub(super) up_since: Instant,
}
