//! What the kernel programs should do with one frame, told from the user-space parser's reading of it.
//!
//! This is the accounting of the programs written down a second time, without maps, sockets and time: for
//! one frame on empty maps. Where the two differ, one of them is wrong.

use std::net::IpAddr;

use l2witness_ebpf::frame::{
    self, Address, Delivery, ETH_IPV6, Flags, Kind, Mac, Message, Protocol, Skip, SliceBytes,
};
use l2witness_ebpf::layout::{Cause, Counter, Direction, Ignored, Origin, Stamp};

use super::{Claim, Outcome, Told};

/// Where a frame is seen.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The allow-list.
    pub watched: &'a [IpAddr],
    /// The hardware address of the interface.
    pub own: Mac,
    /// Whose frames go out there.
    pub sender: Sender,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// `BPF_PROG_TEST_RUN`, which gives each frame a socket of its own, without an interface. To an untagged
    /// IPv6 frame it gives one that is bound to the frame's source address (measured on kernel 6.18), to any
    /// other one that is bound to nothing. That makes ARP a program's, and Neighbor Discovery the kernel's
    /// where it comes from an unbound socket and has no flow label.
    TestRun,
    /// A packet socket: a program's, whatever it sends.
    PacketSocket,
    /// Somebody at another interface: it is not this host's.
    Elsewhere,
}

impl Place<'_> {
    fn watches(&self, address: Address) -> Option<IpAddr> {
        self.watched.iter().copied().find(|ip| Address::from(*ip) == address)
    }

    fn origin(&self, message: &Message, frame: &[u8]) -> Origin {
        let untagged = frame.get(12..14) == Some(&ETH_IPV6.to_be_bytes()[..]);
        let bound = untagged && frame.get(22..38) != Some(&[0; 16]);
        match (self.sender, message.protocol) {
            (Sender::Elsewhere, _) => Origin::Forwarded,
            (Sender::PacketSocket, _) | (Sender::TestRun, Protocol::Arp) => Origin::Socket,
            (Sender::TestRun, Protocol::Ndp) if bound || message.flags.has(Flags::FLOW_LABEL) => {
                Origin::Socket
            }
            (Sender::TestRun, Protocol::Ndp) => Origin::Kernel,
        }
    }
}

/// The outcome of one frame on empty maps.
pub fn outcome(place: &Place<'_>, direction: Direction, frame: &[u8]) -> Outcome {
    match frame::parse(&SliceBytes(frame)) {
        Err(Skip::Unrelated) => Outcome::default(),
        Err(Skip::Ignored(reason)) => ignored(reason),
        Ok(message) => match direction {
            Direction::Received => received(place, &message),
            Direction::Sent => sent(place, &message, frame),
        },
    }
}

fn ignored(reason: Ignored) -> Outcome {
    Outcome { ignored: vec![(reason, 1)], ..Outcome::default() }
}

fn received(place: &Place<'_>, message: &Message) -> Outcome {
    let subject = place.watches(message.subject);
    let asks = message.kind == Kind::Request;
    let sender = if asks { place.watches(message.sender) } else { None };
    if subject.is_none() && sender.is_none() {
        return ignored(Ignored::NotWatched);
    }
    let mut outcome = Outcome::default();
    if let Some(ip) = subject {
        let to_other = !message.destination.is_group() && message.destination != place.own;
        let counter = Counter::received(message.kind, message.delivery, to_other);
        outcome.counts.push((ip, counter, 1));
        let (stamp, claims) = match message.kind {
            Kind::Request => (Stamp::Request, false),
            Kind::Probe => (Stamp::Probe, false),
            Kind::Reply => (Stamp::ReplyReceived, true),
            Kind::AnnouncementRequest | Kind::AnnouncementReply => (Stamp::AnnouncementReceived, true),
        };
        let answerable = !asks || answerable(message, to_other);
        if answerable {
            outcome.stamps.push((ip, stamp));
        }
        if asks && message.flags.has(Flags::NO_LINK_LAYER) {
            outcome.counts.push((ip, Counter::RequestNoLinkLayer, 1));
        }
        // An asker whose last four bytes are all zero can't be told from an empty place.
        if let Some(asker) =
            Some((message.source.0 >> 16) as u32).filter(|asker| asks && answerable && *asker != 0)
        {
            outcome.waiting.push((ip, asker));
        }
        mismatch(&mut outcome, ip, message);
        if claims {
            heard(&mut outcome, ip, message);
        }
    }
    if let Some(ip) = sender {
        heard(&mut outcome, ip, message);
    }
    outcome
}

/// MetalLB answers no solicitation by unicast and none without link-layer option, and nobody answers what is to
/// another MAC: these say nothing of silence.
fn answerable(message: &Message, to_other: bool) -> bool {
    let asks_all = message.delivery == Delivery::Group && !message.flags.has(Flags::NO_LINK_LAYER);
    !to_other && (message.protocol == Protocol::Arp || asks_all)
}

fn sent(place: &Place<'_>, message: &Message, frame: &[u8]) -> Outcome {
    let Some(ip) = place.watches(message.subject) else { return ignored(Ignored::NotWatched) };
    let origin = place.origin(message, frame);
    let mut outcome = Outcome::default();
    outcome.counts.push((ip, Counter::sent(message.kind, origin), 1));
    let (replies, announcements, stamp) = match message.kind {
        Kind::Request | Kind::Probe => return outcome,
        Kind::Reply => (1, 0, Stamp::ReplySent),
        Kind::AnnouncementRequest | Kind::AnnouncementReply => (0, 1, Stamp::AnnouncementSent),
    };
    outcome.stamps.push((ip, stamp));
    mismatch(&mut outcome, ip, message);
    let Message { hardware: mac, flags, vlan, .. } = *message;
    outcome.claims.push((ip, Claim::Local { mac, origin, flags, vlan, replies, announcements }));
    outcome.told.push(Told { ip, mac, cause: Cause::NewClaimant });
    outcome
}

fn mismatch(outcome: &mut Outcome, ip: IpAddr, message: &Message) {
    if message.kind != Kind::Request && message.flags.has(Flags::HARDWARE_MISMATCH) {
        outcome.counts.push((ip, Counter::HardwareMismatch, 1));
    }
}

fn heard(outcome: &mut Outcome, ip: IpAddr, message: &Message) {
    let Message { hardware: mac, flags, .. } = *message;
    outcome.claims.push((ip, Claim::Heard { mac, flags, count: 1 }));
    outcome.told.push(Told { ip, mac, cause: Cause::NewClaimant });
}
