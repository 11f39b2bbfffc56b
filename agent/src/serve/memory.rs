//! Memory after a large answer.

/// Gives freed memory back to the system.
///
/// A scrape of thousands of LB IPs needs some MiB for a few milliseconds. glibc would keep them for the next one,
/// and the node would pay for them the other fifteen seconds.
#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "there is no safe wrapper of malloc_trim")]
pub(super) fn give_back() {
    // SAFETY: it takes a number and touches only memory that nobody holds.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators see to it themselves.
#[cfg(not(target_env = "gnu"))]
pub(super) const fn give_back() {}
