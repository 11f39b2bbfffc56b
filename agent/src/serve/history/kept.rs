//! An event as it is kept: a fraction of what an [`Event`] takes, as there may be hundreds of thousands.

use std::{net::IpAddr, sync::Arc};

use jiff::Timestamp;

use crate::{
    cluster::Words,
    evidence::{Asked, Claimed, Event, MacAddr, Origin, What},
};

/// What gratuitous ARP may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Request,
    Reply,
}

impl Form {
    const ALL: [Self; 2] = [Self::Request, Self::Reply];

    const fn label(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Reply => "reply",
        }
    }
}

/// One event without what all events of the agent, or of the LB IP, have in common.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) seq: u64,
    /// Nanoseconds since 1970.
    pub(super) at: i64,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Request(Request),
    Claimed(Claimant),
    /// The rare ones.
    Other(Box<What>),
}

#[derive(Clone, Debug)]
struct Request {
    interface: Arc<str>,
    mac: MacAddr,
    unicast: bool,
    probe: bool,
    count: u64,
}

#[derive(Clone, Debug)]
struct Claimant {
    which: Which,
    interface: Arc<str>,
    mac: MacAddr,
    sent: bool,
    origin: Option<Origin>,
    sender: Option<Arc<str>>,
    form: Option<Form>,
    asked: Option<u64>,
}

/// What a claimant did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Reply,
    LastReply,
    ReplyAgain,
    Announcement,
}

/// What decides how long an event is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role<'a> {
    /// A request by broadcast or multicast: interface, the count with it.
    Asked(&'a str, u64),
    /// Another request, or traffic.
    Routine,
    /// A reply on that interface: of which MAC, whether a sender on this node sent it.
    Replied(&'a str, MacAddr, bool),
    /// On that interface, whoever seemed to have lost the address replies again.
    Again(&'a str),
    /// The last reply of whoever lost the address: interface, whether this node sent it, the requests until then.
    Lost(&'a str, bool, Option<u64>),
    /// An announcement: interface, of which MAC unless this node sent it, the requests until then.
    Announced(&'a str, Option<MacAddr>, Option<u64>),
    /// A claim, a cause, or events that were lost.
    Said,
}

impl Kept {
    pub(super) fn new(seq: u64, at: Timestamp, what: What, names: &mut Words) -> Self {
        // As far as the year 2262.
        let at = i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX);
        let mut word = |text: &str| names.word(&Arc::from(text));
        let mut claimant = |which, claimed: &Claimed| {
            let form = match &claimed.form {
                None => None,
                Some(form) => Some(Form::ALL.into_iter().find(|known| known.label() == form)?),
            };
            Some(Body::Claimed(Claimant {
                which,
                interface: word(&claimed.interface),
                mac: claimed.mac,
                sent: claimed.sent,
                origin: claimed.origin,
                sender: claimed.sender.as_deref().map(&mut word),
                form,
                asked: claimed.asked,
            }))
        };
        let small = match &what {
            What::Reply(claimed) => claimant(Which::Reply, claimed),
            What::LastReply(claimed) => claimant(Which::LastReply, claimed),
            What::ReplyAgain(claimed) => claimant(Which::ReplyAgain, claimed),
            What::Announcement(claimed) => claimant(Which::Announcement, claimed),
            What::Request(Asked { interface, mac, unicast, probe, count }) => Some(Body::Request(Request {
                interface: word(interface),
                mac: *mac,
                unicast: *unicast,
                probe: *probe,
                count: *count,
            })),
            What::Claim(_) | What::Cause(_) | What::Traffic(_) | What::Lost(_) => None,
        };
        Self { seq, at, body: small.unwrap_or_else(|| Body::Other(Box::new(what))) }
    }

    pub(super) fn role(&self) -> Role<'_> {
        match &self.body {
            Body::Request(Request { unicast: false, probe: false, interface, count, .. }) => {
                Role::Asked(interface, *count)
            }
            Body::Request(_) => Role::Routine,
            Body::Claimed(Claimant { which, interface, mac, sent, origin, asked, .. }) => match which {
                Which::Reply => Role::Replied(interface, *mac, *sent && *origin != Some(Origin::Forwarded)),
                Which::LastReply => Role::Lost(interface, *sent, *asked),
                Which::ReplyAgain => Role::Again(interface),
                Which::Announcement => Role::Announced(interface, (!sent).then_some(*mac), *asked),
            },
            Body::Other(what) if matches!(**what, What::Traffic(_)) => Role::Routine,
            Body::Other(_) => Role::Said,
        }
    }

    /// Its `kind` in JSON.
    pub(super) fn kind(&self) -> &'static str {
        match &self.body {
            Body::Request(_) => "request",
            Body::Claimed(Claimant { which, .. }) => match which {
                Which::Reply => "reply",
                Which::LastReply => "last_reply",
                Which::ReplyAgain => "reply_again",
                Which::Announcement => "announcement",
            },
            Body::Other(what) => kind(what),
        }
    }

    pub(super) fn what(&self) -> What {
        match &self.body {
            Body::Request(Request { interface, mac, unicast, probe, count }) => What::Request(Asked {
                interface: interface.as_ref().to_owned(),
                mac: *mac,
                unicast: *unicast,
                probe: *probe,
                count: *count,
            }),
            Body::Claimed(claimant) => {
                let claimed = Claimed {
                    interface: claimant.interface.as_ref().to_owned(),
                    mac: claimant.mac,
                    sent: claimant.sent,
                    origin: claimant.origin,
                    sender: claimant.sender.as_deref().map(str::to_owned),
                    form: claimant.form.map(|form| form.label().to_owned()),
                    asked: claimant.asked,
                };
                match claimant.which {
                    Which::Reply => What::Reply(claimed),
                    Which::LastReply => What::LastReply(claimed),
                    Which::ReplyAgain => What::ReplyAgain(claimed),
                    Which::Announcement => What::Announcement(claimed),
                }
            }
            Body::Other(what) => (**what).clone(),
        }
    }

    pub(super) fn event(&self, node: &str, boot: &str, ip: Option<IpAddr>) -> Event {
        Event {
            node: node.to_owned(),
            boot: boot.to_owned(),
            seq: self.seq,
            at: time(self.at),
            ip,
            what: self.what(),
        }
    }
}

/// The time of that nanosecond.
pub(super) fn time(at: i64) -> Timestamp {
    Timestamp::from_nanosecond(at.into()).unwrap_or_default()
}

/// All values of an event's `kind`.
pub(super) const KINDS: [&str; 9] =
    ["request", "reply", "last_reply", "reply_again", "announcement", "claim", "cause", "traffic", "lost"];

/// An event's `kind`.
pub(super) const fn kind(what: &What) -> &'static str {
    match what {
        What::Request(_) => KINDS[0],
        What::Reply(_) => KINDS[1],
        What::LastReply(_) => KINDS[2],
        What::ReplyAgain(_) => KINDS[3],
        What::Announcement(_) => KINDS[4],
        What::Claim(_) => KINDS[5],
        What::Cause(_) => KINDS[6],
        What::Traffic(_) => KINDS[7],
        What::Lost(_) => KINDS[8],
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn what_is_kept_is_what_was_told() {
        let mut names = Words::default();
        for (seq, what) in (1..).zip(sample::one_of_each()) {
            let at = sample::at(5);
            let kept = Kept::new(seq, at, what.clone(), &mut names);
            let event = kept.event("n1", "b", Some(sample::IP));
            assert_eq!(
                event,
                Event {
                    node: "n1".into(),
                    boot: "b".into(),
                    seq,
                    at,
                    ip: Some(sample::IP),
                    what: what.clone()
                }
            );
            let json = serde_json::to_value(&event).unwrap();
            assert_eq!(json["kind"], kept.kind());
            assert_eq!(kept.kind(), kind(&what));
        }
    }

    #[test]
    fn an_event_takes_eighty_bytes() {
        assert!(size_of::<Kept>() <= 80, "{}", size_of::<Kept>());
    }
}
