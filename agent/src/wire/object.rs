//! The kernel object, and the names of its programs.

use aya::{Ebpf, programs::SchedClassifier};

use super::Error;

/// The kernel programs, as built by `cargo xtask ebpf`.
pub static OBJECT: &[u8] = aya::include_bytes_aligned!(env!("L2WITNESS_EBPF_OBJECT_PATH"));

/// Name of the classifier of incoming frames.
pub const PROGRAM_IN: &str = "l2witness_in";
/// Name of the classifier of outgoing frames.
pub const PROGRAM_OUT: &str = "l2witness_out";
/// Name of the classifier of data packets that come in.
pub const PROGRAM_DATA: &str = "l2witness_data";

/// Name of the classifier that does nothing, for measuring the others against.
pub const PROGRAM_EMPTY: &str = "l2witness_empty";

/// One of its programs.
pub(super) fn classifier<'a>(
    ebpf: &'a mut Ebpf,
    name: &'static str,
) -> Result<&'a mut SchedClassifier, Error> {
    let program = ebpf.program_mut(name).ok_or(Error::Object(name))?;
    program.try_into().map_err(|_| Error::Object(name))
}
