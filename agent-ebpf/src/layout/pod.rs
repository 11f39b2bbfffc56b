//! Says to aya that these types are plain bytes.
#![expect(unsafe_code, reason = "aya::Pod is an unsafe trait")]

use super::{Claims, Slot, Traffic};
use crate::frame::Address;

// SAFETY: repr(C), integers only, no padding (sizes asserted in the parent), any bytes are a value.
unsafe impl aya::Pod for Slot {}
// SAFETY: as above.
unsafe impl aya::Pod for Claims {}
// SAFETY: as above.
unsafe impl aya::Pod for Traffic {}
// SAFETY: as above.
unsafe impl aya::Pod for Address {}
