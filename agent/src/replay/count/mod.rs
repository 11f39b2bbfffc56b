//! What the kernel programs do with a frame, done by user space: same rules, same entries.
//!
//! `agent-ebpf/src/programs` is the other half of this; there the same is written for the verifier, which is why
//! no code is shared beyond [`l2witness_ebpf`]'s own. `tests/tests/frames_kernel` runs both on the same frames and
//! compares the entries byte by byte.

mod claims;
mod slot;

pub use claims::{Sender, heard, local};
pub use slot::{received, sent};
