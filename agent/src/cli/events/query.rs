//! Which events are wanted.

use std::{collections::BTreeSet, net::IpAddr};

use jiff::Timestamp;
use reqwest::Url;

use crate::evidence::{Event, What};

/// Which events.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Query {
    /// None means all.
    pub(in crate::cli) ips: BTreeSet<IpAddr>,
    /// None means all.
    pub(in crate::cli) kinds: BTreeSet<Kind>,
    pub(in crate::cli) since: Option<Timestamp>,
}

/// Kinds of events, by their names in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub(in crate::cli) enum Kind {
    /// Somebody asked
    Request,
    /// Somebody replied, after a silence or an announcement
    Reply,
    /// The last reply of whoever lost the address
    LastReply,
    /// Whoever seemed to have lost it replies again
    ReplyAgain,
    /// Gratuitous ARP or an unsolicited advertisement
    Announcement,
    /// A claim began or ended
    Claim,
    /// The control plane changed something that moves addresses
    Cause,
    /// Data packets to the LB IP reached the node
    Traffic,
    /// Events were lost
    Lost,
}

impl Kind {
    pub(in crate::cli) const fn of(what: &What) -> Self {
        match what {
            What::Request(_) => Self::Request,
            What::Reply(_) => Self::Reply,
            What::LastReply(_) => Self::LastReply,
            What::ReplyAgain(_) => Self::ReplyAgain,
            What::Announcement(_) => Self::Announcement,
            What::Claim(_) => Self::Claim,
            What::Cause(_) => Self::Cause,
            What::Traffic(_) => Self::Traffic,
            What::Lost(_) => Self::Lost,
        }
    }

    /// As it is written in JSON.
    pub(in crate::cli) const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Reply => "reply",
            Self::LastReply => "last_reply",
            Self::ReplyAgain => "reply_again",
            Self::Announcement => "announcement",
            Self::Claim => "claim",
            Self::Cause => "cause",
            Self::Traffic => "traffic",
            Self::Lost => "lost",
        }
    }
}

/// Where an agent's events are to go on: after this one of this life of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Place {
    pub(in crate::cli) boot: String,
    pub(in crate::cli) seq: u64,
}

impl Query {
    /// Whether this one is wanted. What concerns the node as a whole is wanted with any IP.
    pub(in crate::cli) fn wants(&self, event: &Event) -> bool {
        let Self { ips, kinds, since } = self;
        (ips.is_empty() || event.ip.is_none_or(|ip| ips.contains(&ip)))
            && (kinds.is_empty() || kinds.contains(&Kind::of(&event.what)))
            && since.is_none_or(|since| event.at >= since)
    }

    /// The path with its query, without the first slash.
    pub(super) fn path(&self, follow: bool, after: Option<&Place>) -> String {
        const PATH: &str = "api/v1/events";
        let Self { ips, kinds, since } = self;
        // Only the query of it is used.
        let Ok(mut url) = Url::parse("http://agent") else { return PATH.to_owned() };
        {
            let mut query = url.query_pairs_mut();
            for ip in ips {
                query.append_pair("ip", &ip.to_string());
            }
            for kind in kinds {
                query.append_pair("kind", kind.name());
            }
            if let Some(since) = since {
                query.append_pair("since", &since.to_string());
            }
            if let Some(Place { boot, seq }) = after {
                query.append_pair("after", &seq.to_string());
                query.append_pair("boot", boot);
            }
            if follow {
                query.append_pair("follow", "true");
            }
        }
        match url.query() {
            Some(query) if !query.is_empty() => format!("{PATH}?{query}"),
            _ => PATH.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;
    use crate::evidence::Lost;

    fn event(ip: Option<&str>) -> Event {
        let what = What::Lost(Lost { count: 1, reason: "history".to_owned() });
        let at = "2026-01-31T14:03:00Z".parse().unwrap();
        Event {
            node: "n1".to_owned(),
            boot: String::new(),
            seq: 1,
            at,
            ip: ip.map(|ip| ip.parse().unwrap()),
            what,
        }
    }

    #[test]
    fn the_question_is_what_is_wanted() {
        let one = Query { ips: ["2001:db8::1".parse().unwrap()].into(), ..Query::default() };
        let two = Query {
            ips: ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse().unwrap()).into(),
            ..Query::default()
        };
        let since = Query {
            since: "2026-01-31T14:03:00Z".parse().ok(),
            kinds: [Kind::LastReply].into(),
            ..one.clone()
        };
        let place = Place { boot: "a&b".to_owned(), seq: 7 };
        for (query, follow, after, path) in [
            (&Query::default(), false, None, "api/v1/events"),
            (&one, false, None, "api/v1/events?ip=2001%3Adb8%3A%3A1"),
            (&two, true, None, "api/v1/events?ip=192.0.2.1&ip=192.0.2.2&follow=true"),
            (&Query::default(), true, Some(&place), "api/v1/events?after=7&boot=a%26b&follow=true"),
            (
                &since,
                false,
                None,
                "api/v1/events?ip=2001%3Adb8%3A%3A1&kind=last_reply&since=2026-01-31T14%3A03%3A00Z",
            ),
        ] {
            assert_eq!(query.path(follow, after), path);
        }
    }

    #[test]
    fn what_is_wanted_is_looked_at_once_more() {
        let query = Query { ips: ["192.0.2.1".parse().unwrap()].into(), ..Query::default() };
        assert!(query.wants(&event(Some("192.0.2.1"))));
        assert!(query.wants(&event(None)), "it concerns the node as a whole");
        assert!(!query.wants(&event(Some("192.0.2.2"))));
        let query = Query { kinds: [Kind::Request].into(), ..Query::default() };
        assert!(!query.wants(&event(None)));
        let query = Query { since: "2026-01-31T14:03:01Z".parse().ok(), ..Query::default() };
        assert!(!query.wants(&event(None)));
    }

    #[test]
    fn kinds_have_the_names_that_they_have_in_json() {
        for kind in Kind::value_variants() {
            assert_eq!(kind.to_possible_value().unwrap().get_name(), kind.name());
        }
        let json = serde_json::to_value(event(None)).unwrap();
        assert_eq!(json["kind"], Kind::of(&event(None).what).name());
    }
}
