//! An interface of the node, observed or not.

use super::{Hook, Link, Programs};

/// An interface with the programs on it.
pub(super) struct Observed {
    pub(super) programs: Programs,
    pub(super) hook: Hook,
}

/// An interface of the node.
pub(super) struct Port {
    pub(super) link: Link,
    pub(super) state: Result<Observed, String>,
}
