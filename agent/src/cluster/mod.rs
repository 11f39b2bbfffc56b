//! Which IPs are LB IPs, and what the cluster says about them.

mod address;
mod fixed;
mod index;
mod kind;
pub mod kubernetes;
mod objects;

pub(crate) use address::unusable;
pub use fixed::{BadEntry, Fixed};
pub(crate) use index::Words;
pub use index::{Condition, Facts, Index, Revision, Scope, SpeakerPod};
pub use kind::Kind;
pub use objects::{Item, Object, Pod, Port, Setup, read};
