//! Times in words, as findings and tables give them.

use jiff::{SignedDuration, Timestamp};

/// A span in its one largest unit: `3s`, `5m`, `2h`, `4d`. What lies in the future is `0s`.
pub fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// How long ago that was: `3s ago`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", span(now.duration_since(then)))
}

/// The first few of a list, and how many more there are.
pub fn few(items: impl IntoIterator<Item = String>) -> String {
    const SHOWN: usize = 4;
    let items: Vec<_> = items.into_iter().collect();
    let shown = items.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Names as a list.
pub(super) fn listed(names: &[&str]) -> String {
    few(names.iter().map(|name| (*name).to_owned()))
}

/// Interfaces and their verb: `lo holds`, `eth1, lo hold`.
pub(super) fn hold(interfaces: &[String]) -> String {
    let verb = if interfaces.len() == 1 { "holds" } else { "hold" };
    format!("{} {verb}", few(interfaces.iter().cloned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_largest_unit() {
        for (seconds, text) in
            [(-3, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172_800, "2d")]
        {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(few(["a", "b"].map(str::to_owned)), "a, b");
        assert_eq!(few(["a", "b", "c", "d", "e", "f"].map(str::to_owned)), "a, b, c, d and 2 more");
    }
}
