//! A line of the table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use l2witness_ebpf::frame::{Flags, Kind, Mac};
use l2witness_ebpf::layout::{Cause, Counter, Direction, Ignored, Origin, Stamp};
use l2witness_tests::frames::{MacAddr, Station, documentation_mac};
use l2witness_tests::kernel::model::Sender;
use l2witness_tests::kernel::{Claim, Context, Outcome, Told};

/// The interface on which the programs run.
pub(crate) const OWN: MacAddr = documentation_mac(1);
/// Whoever asks.
pub(crate) const ROUTER: MacAddr = documentation_mac(0x11);
/// Another node, which has the watched IPs.
pub(crate) const NODE: MacAddr = documentation_mac(0x12);
/// A hardware address that is nobody's business in the frame it occurs in.
pub(crate) const STRANGER: MacAddr = documentation_mac(0x13);

pub(crate) const ROUTER4: Station<Ipv4Addr> = Station::new(ROUTER, Ipv4Addr::new(192, 0, 2, 1));
pub(crate) const ROUTER6: Station<Ipv6Addr> =
    Station::new(ROUTER, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
/// The watched IPs, as another node has them.
pub(crate) const LB4: Station<Ipv4Addr> = Station::new(NODE, Ipv4Addr::new(192, 0, 2, 200));
pub(crate) const LB6: Station<Ipv6Addr> =
    Station::new(NODE, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xc8));
/// The same, as this node has them.
pub(crate) const OWN4: Station<Ipv4Addr> = Station::new(OWN, LB4.ip);
pub(crate) const OWN6: Station<Ipv6Addr> = Station::new(OWN, LB6.ip);
/// One bit away from a watched IP each.
pub(crate) const OTHER4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 201);
pub(crate) const OTHER6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xc9);
/// The link-local addresses of the other node and of this one.
pub(crate) const NODE_LL: Station<Ipv6Addr> =
    Station::new(NODE, Ipv6Addr::new(0xfe80, 0, 0, 0, 0x0200, 0x5eff, 0xfe00, 0x5312));
pub(crate) const OWN_LL: Station<Ipv6Addr> =
    Station::new(OWN, Ipv6Addr::new(0xfe80, 0, 0, 0, 0x0200, 0x5eff, 0xfe00, 0x5301));

pub(crate) const WATCHED: [IpAddr; 2] = [IpAddr::V4(LB4.ip), IpAddr::V6(LB6.ip)];

/// One frame and all that it should do.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) frame: Vec<u8>,
    pub(crate) direction: Direction,
    pub(crate) sender: Sender,
    pub(crate) expected: Outcome,
}

impl Case {
    /// What is to be said of the frame besides its bytes.
    pub(crate) fn context(&self) -> Context {
        Context { ingress_ifindex: u32::from(self.sender == Sender::Elsewhere) }
    }
}

pub(crate) fn received(name: &str, frame: Vec<u8>, mut expected: Outcome) -> Case {
    for told in &mut expected.told {
        // By definition, and where every parser would look for it.
        told.unicast = frame[0] & 1 == 0;
        if told.cause == Cause::Request {
            told.mac = Mac::from_octets(frame[6..12].try_into().unwrap_or_default());
        }
    }
    Case { name: name.to_owned(), frame, direction: Direction::Received, sender: Sender::TestRun, expected }
}

pub(crate) fn sent(name: &str, frame: Vec<u8>, expected: Outcome) -> Case {
    Case { direction: Direction::Sent, ..received(name, frame, expected) }
}

pub(crate) fn nothing() -> Outcome {
    Outcome::default()
}

pub(crate) fn ignored(reason: Ignored) -> Outcome {
    Outcome { ignored: vec![(reason, 1)], ..nothing() }
}

/// Counts once for the IP; more is said by the methods of [`Expect`].
pub(crate) fn counts(ip: impl Into<IpAddr>, counter: Counter) -> Outcome {
    let ip = ip.into();
    let stamp = match counter {
        // Nobody here answers these, so they are not noted as asked.
        Counter::RequestUnicast if ip.is_ipv6() => None,
        Counter::RequestGroup | Counter::RequestUnicast => Some(Stamp::Request),
        Counter::Probe => Some(Stamp::Probe),
        Counter::ReplyReceived => Some(Stamp::ReplyReceived),
        Counter::AnnouncementRequestReceived | Counter::AnnouncementReplyReceived => {
            Some(Stamp::AnnouncementReceived)
        }
        Counter::ReplySentSocket | Counter::ReplySentKernel | Counter::ReplySentForwarded => {
            Some(Stamp::ReplySent)
        }
        Counter::RequestOtherHost | Counter::RequestSent => None,
        _ => Some(Stamp::AnnouncementSent),
    };
    let stamps = stamp.map(|stamp| (ip, stamp)).into_iter().collect();
    let outcome = Outcome { counts: vec![(ip, counter, 1)], stamps, ..nothing() };
    match counter {
        Counter::RequestGroup | Counter::RequestUnicast | Counter::Probe => {
            outcome.tells(ip, Mac::default(), Cause::Request)
        }
        _ => outcome,
    }
}

/// What a frame does that this counter counts first.
fn kind(counter: Option<Counter>) -> Kind {
    match counter {
        Some(Counter::Probe) => Kind::Probe,
        Some(
            Counter::ReplyReceived
            | Counter::ReplySentSocket
            | Counter::ReplySentKernel
            | Counter::ReplySentForwarded,
        ) => Kind::Reply,
        Some(
            Counter::AnnouncementRequestReceived
            | Counter::AnnouncementRequestSentSocket
            | Counter::AnnouncementRequestSentKernel,
        ) => Kind::AnnouncementRequest,
        Some(Counter::RequestGroup | Counter::RequestUnicast) | None => Kind::Request,
        Some(_) => Kind::AnnouncementReply,
    }
}

/// What follows `counts`.
pub(crate) trait Expect {
    /// And this counter, for the same IP.
    fn also(self, counter: Counter) -> Outcome;
    /// And the request of this hardware address waits for its answer.
    fn waits(self, asker: MacAddr) -> Outcome;
    /// And this one is heard to claim `ip`.
    fn heard(self, ip: impl Into<IpAddr>, mac: MacAddr, flags: Flags) -> Outcome;
    /// And the agent is told; `received` and `sent` add what the frame's first bytes say.
    fn tells(self, ip: impl Into<IpAddr>, mac: Mac, cause: Cause) -> Outcome;
    /// And this node is known to claim `ip`, by a reply or an announcement as the counter says.
    fn local(self, mac: MacAddr, origin: Origin, flags: Flags, vlan: u16) -> Outcome;
}

impl Expect for Outcome {
    fn also(mut self, counter: Counter) -> Outcome {
        if counter == Counter::RequestNoLinkLayer {
            // Nor does it answer this one.
            self.stamps.clear();
        }
        self.counts.push((self.counts[0].0, counter, 1));
        self
    }

    fn waits(mut self, asker: MacAddr) -> Outcome {
        self.waiting.push((self.counts[0].0, u32::from_le_bytes([asker.2, asker.3, asker.4, asker.5])));
        self
    }

    fn heard(mut self, ip: impl Into<IpAddr>, from: MacAddr, flags: Flags) -> Outcome {
        let (ip, mac) = (ip.into(), mac(from));
        self.claims.push((ip, Claim::Heard { mac, flags, count: 1 }));
        self.tells(ip, mac, Cause::NewClaimant)
    }

    fn tells(mut self, ip: impl Into<IpAddr>, mac: Mac, cause: Cause) -> Outcome {
        let counter = self.counts.first().map(|(_, counter, _)| *counter);
        let asked = u64::from(counter == Some(Counter::RequestGroup));
        self.told.push(Told { ip: ip.into(), mac, cause, kind: kind(counter), unicast: false, asked });
        self
    }

    fn local(mut self, from: MacAddr, origin: Origin, flags: Flags, vlan: u16) -> Outcome {
        let (ip, mac) = (self.counts[0].0, mac(from));
        let replies = u64::from(self.stamps.contains(&(ip, Stamp::ReplySent)));
        let announcements = 1 - replies;
        self.claims.push((ip, Claim::Local { mac, origin, flags, vlan, replies, announcements }));
        self.tells(ip, mac, Cause::NewClaimant)
    }
}

pub(crate) fn mac(mac: MacAddr) -> Mac {
    Mac::from_octets(mac.octets())
}

pub(crate) const NO_FLAGS: Flags = Flags(0);
