//! Spans of time in words.

/// `24 µs`, `123.6 ms`, `4.40 s`.
pub(super) fn span(nanoseconds: i64) -> String {
    let of = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    match of {
        0..1_000_000 => format!("{sign}{} µs", of.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{:.1} ms", of as f64 / 1e6),
        _ => format!("{sign}{:.2} s", of as f64 / 1e9),
    }
}
