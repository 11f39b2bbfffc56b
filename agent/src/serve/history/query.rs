//! What is asked of `/api/v1/events`.

use std::{collections::BTreeSet, net::IpAddr};

use jiff::Timestamp;

use super::kept::KINDS;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// No event that happened earlier, nanoseconds since 1970.
    since: Option<i64>,
    /// No event up to that number.
    after: u64,
    /// Whose numbers `after` means.
    boot: Option<String>,
    /// Of these only; empty means all.
    ips: BTreeSet<IpAddr>,
    /// Of these only; empty means all.
    kinds: BTreeSet<&'static str>,
    /// To go on with what happens from now on.
    pub(super) follow: bool,
}

/// Why that can't be answered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadQuery {
    #[error("since={0:?}: give a time such as 2026-11-28T14:03:00Z")]
    Since(String),
    #[error("after={0:?}: give the seq of the last event that is known")]
    After(String),
    #[error("ip={0:?} is no IP address")]
    Ip(String),
    #[error("kind={0:?}: there are {list}", list = KINDS.join(", "))]
    Kind(String),
    #[error("follow={0:?}: give true or false")]
    Follow(String),
    #[error("{0:?} is no parameter: there are after, boot, follow, ip, kind, since")]
    Unknown(String),
}

impl Query {
    /// Reads the part of an URL after the `?`.
    pub(super) fn parse(text: &str) -> Result<Self, BadQuery> {
        let mut query = Self::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let bad = || value.chars().take(64).collect::<String>();
            match &*name {
                "since" => {
                    // A plus sign that nobody escaped stands for a space.
                    let since: Timestamp =
                        value.replace(' ', "+").parse().map_err(|_| BadQuery::Since(bad()))?;
                    query.since = Some(i64::try_from(since.as_nanosecond()).unwrap_or(i64::MAX));
                }
                "after" => query.after = value.parse().map_err(|_| BadQuery::After(bad()))?,
                "boot" => query.boot = Some(value.into_owned()),
                "ip" => drop(query.ips.insert(value.parse().map_err(|_| BadQuery::Ip(bad()))?)),
                "kind" => {
                    for kind in value.split(',') {
                        let known = KINDS.into_iter().find(|known| *known == kind);
                        query.kinds.insert(known.ok_or_else(|| BadQuery::Kind(bad()))?);
                    }
                }
                "follow" => {
                    query.follow = match &*value {
                        "" | "true" | "1" => true,
                        "false" | "0" => false,
                        _ => return Err(BadQuery::Follow(bad())),
                    };
                }
                other => return Err(BadQuery::Unknown(other.chars().take(64).collect())),
            }
        }
        Ok(query)
    }

    /// After which number the answer begins: numbers of another life of the agent say nothing about this one's.
    pub(super) fn cursor(&self, boot: &str, last: u64) -> u64 {
        let same = self.boot.as_deref().is_none_or(|of| of == boot) && self.after <= last;
        if same { self.after } else { 0 }
    }

    /// The rows that may have something that is wanted; `None` for all.
    pub(super) fn ips(&self) -> Option<impl Iterator<Item = Option<IpAddr>>> {
        let some = self.ips.iter().map(|ip| Some(*ip));
        (!self.ips.is_empty()).then(|| some.chain([None]))
    }

    /// What concerns the node concerns every LB IP.
    pub(super) fn wants_ip(&self, ip: Option<IpAddr>) -> bool {
        self.ips.is_empty() || ip.is_none_or(|ip| self.ips.contains(&ip))
    }

    pub(super) fn wants(&self, kind: &str, at: i64) -> bool {
        self.since.is_none_or(|since| at >= since) && (self.kinds.is_empty() || self.kinds.contains(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn parameters_narrow_what_is_wanted() {
        let nanosecond = |millisecond| i64::try_from(sample::at(millisecond).as_nanosecond()).unwrap();
        let text = "since=2026-11-18T11%3A06%3A40.005Z&ip=192.0.2.200&ip=2001%3Adb8%3A%3A1&kind=claim,cause&kind=lost&follow";
        let query = Query::parse(text).unwrap();
        assert!(query.follow);
        assert!(query.wants_ip(None) && query.wants_ip(Some(sample::IP)));
        assert!(!query.wants_ip(Some(sample::OTHER)));
        for (kind, millisecond, wanted) in
            [("claim", 5, true), ("lost", 9, true), ("cause", 4, false), ("request", 9, false)]
        {
            assert_eq!(query.wants(kind, nanosecond(millisecond)), wanted, "{kind} at {millisecond}");
        }
        let all = Query::parse("").unwrap();
        assert!(!all.follow && all.wants("request", 0) && all.wants_ip(Some(sample::OTHER)));
    }

    #[test]
    fn a_time_may_have_an_offset_escaped_or_not() {
        let since = |text: &str| Query::parse(&format!("since={text}")).unwrap().since;
        assert_eq!(since("2026-11-28T15:03:00+01:00"), since("2026-11-28T14:03:00Z"));
        assert_eq!(since("2026-11-28T15:03:00%2B01:00"), since("2026-11-28T14:03:00Z"));
    }

    #[test]
    fn numbers_count_within_one_life_of_the_agent_only() {
        let table = [
            ("after=7", 7),
            ("after=7&boot=a", 7),
            ("after=7&boot=b", 0),
            ("after=11", 0),
            ("after=10", 10),
            ("", 0),
        ];
        for (text, cursor) in table {
            assert_eq!(Query::parse(text).unwrap().cursor("a", 10), cursor, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_said_in_one_line() {
        let long = format!("ip={}", "x".repeat(10_000));
        let table = [
            ("since=yesterday", "since=\"yesterday\": give a time such as 2026-11-28T14:03:00Z"),
            ("after=-1", "after=\"-1\": give the seq"),
            ("ip=192.0.2", "ip=\"192.0.2\" is no IP address"),
            ("kind=reply,nonsense", "kind=\"reply,nonsense\": there are request, reply, last_reply"),
            ("follow=maybe", "follow=\"maybe\": give true or false"),
            ("ips=192.0.2.1", "\"ips\" is no parameter"),
            ("ip=%0a%ff", "ip=\"\\n"),
            (&long, "ip=\"xxx"),
        ];
        for (text, wanted) in table {
            let error = Query::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(wanted), "{text}: {error}");
            assert!(error.lines().count() == 1 && error.len() < 200, "{error}");
        }
    }
}
