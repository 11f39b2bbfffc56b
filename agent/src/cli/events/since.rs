//! A point in time, or how long ago it was.

use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// `2026-01-31T14:03:00Z`, or `10m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Since {
    /// Then.
    At(Timestamp),
    /// So long ago.
    Ago(SignedDuration),
}

impl Since {
    /// The time meant, where it is now `now`; what lies before all time is its begin.
    pub(in crate::cli) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        duration(text)
            .map(Self::Ago)
            .map_err(|_| "neither a time such as 2026-01-31T14:03:00Z nor a length such as 10m")
    }
}

/// `90s`, `10m`, `2h`, `1d`: never negative.
pub(in crate::cli) fn duration(text: &str) -> Result<SignedDuration, &'static str> {
    let span: Option<Span> = text.parse().ok();
    let length = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    length.filter(|length| !length.is_negative()).ok_or("no length of time such as 90s, 10m or 2h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_or_a_length_is_understood() {
        let now: Timestamp = "2026-01-31T14:03:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-01-31T13:00:00Z", "2026-01-31T13:00:00Z"),
            ("2026-01-31T14:00:00+01:00", "2026-01-31T13:00:00Z"),
            ("10m", "2026-01-31T13:53:00Z"),
            ("1h 3m", "2026-01-31T13:00:00Z"),
            ("2d", "2026-01-29T14:03:00Z"),
            ("500ms", "2026-01-31T14:02:59.5Z"),
        ] {
            let since: Since = text.parse().unwrap();
            assert_eq!(since.before(now), expected.parse().unwrap(), "{text}");
        }
        for text in ["", "yesterday", "14:03", "-5m", "10", "1 fortnight", "99999999999999999999d"] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }
}
