//! What the kernel programs should do with a frame, told from the user-space parser's reading of it.
//!
//! The counting is that of `l2witness replay` ([`l2witness::replay::count`]), which is the accounting of the
//! programs written down a second time. Where the two differ, one of them is wrong.

use std::net::IpAddr;

use l2witness::replay::count;
use l2witness_ebpf::frame::{
    self, Address, Delivery, ETH_IPV6, Flags, Kind, Mac, Message, Protocol, Skip, SliceBytes,
};
use l2witness_ebpf::layout::{Cause, Claims, Counter, Direction, Ignored, Origin, Slot};

use super::{Outcome, Told, read};

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
    fn watches(&self, address: Address) -> Option<usize> {
        self.watched.iter().position(|ip| Address::from(*ip) == address)
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
///
/// # Panics
///
/// The counting made entries that can't be.
pub fn outcome(place: &Place<'_>, direction: Direction, frame: &[u8]) -> Outcome {
    let mut books = Books::new(place.watched.len(), INTERFACE);
    let mut outcome = Outcome::default();
    match books.frame(place, direction, frame, Moment { now: 1, cookie: 0 }) {
        Ok(told) => outcome.told = told,
        Err(reason) => outcome.ignored.extend(reason.map(|reason| (reason, 1))),
    }
    for (ip, (slot, claims)) in place.watched.iter().zip(books.slots.iter().zip(&books.claims)) {
        read::slot(&mut outcome, *ip, slot);
        let read = read::claims(&mut outcome, *ip, claims, INTERFACE);
        assert!(read.is_ok(), "{read:?}");
    }
    outcome
}

/// Any.
const INTERFACE: u32 = 7;

/// The entries of an interface, as user space keeps them.
#[derive(Clone, Debug)]
pub struct Books {
    /// One an address.
    pub slots: Vec<Slot>,
    /// One an address.
    pub claims: Vec<Claims>,
    interface: u32,
}

/// What comes with a frame besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When, nanoseconds, not 0.
    pub now: u64,
    /// The socket that sent it.
    pub cookie: u64,
}

impl Books {
    /// Empty entries for that many addresses.
    pub fn new(addresses: usize, interface: u32) -> Self {
        Self { slots: vec![Slot::EMPTY; addresses], claims: vec![Claims::EMPTY; addresses], interface }
    }

    /// Counts a frame; returns what is news, at a rate that nothing is held back by.
    ///
    /// # Errors
    ///
    /// It is not counted; why, unless it has nothing to do with all this.
    pub fn frame(
        &mut self,
        place: &Place<'_>,
        direction: Direction,
        frame: &[u8],
        moment: Moment,
    ) -> Result<Vec<Told>, Option<Ignored>> {
        let message = frame::parse(&SliceBytes(frame)).map_err(|skip| match skip {
            Skip::Unrelated => None,
            Skip::Ignored(reason) => Some(reason),
        })?;
        let (subject, asks) = (place.watches(message.subject), message.kind == Kind::Request);
        let received = direction == Direction::Received;
        let sender = if received && asks { place.watches(message.sender) } else { None };
        if subject.is_none() && sender.is_none() {
            return Err(Some(Ignored::NotWatched));
        }
        let Moment { now, cookie } = moment;
        let mut told = Vec::new();
        let mut tell = |at: usize, cause: Option<Cause>, slot: &Slot| {
            let of = |cause| Told {
                ip: place.watched[at],
                mac: if cause == Cause::Request { message.source } else { message.hardware },
                cause,
                kind: message.kind,
                unicast: message.delivery == Delivery::Unicast,
                asked: slot.counts[Counter::RequestGroup as usize],
            };
            told.extend(cause.map(of));
        };
        let claims = !matches!(message.kind, Kind::Request | Kind::Probe);
        match (subject, direction) {
            (Some(at), Direction::Received) => {
                let to_other = !message.destination.is_group() && message.destination != place.own;
                count::received(&mut self.slots[at], &message, to_other, now);
                if claims {
                    let port = (self.interface, &self.slots[at]);
                    let cause = count::heard(&mut self.claims[at], &message, port, now);
                    tell(at, cause, &self.slots[at]);
                } else if !to_other {
                    tell(at, Some(Cause::Request), &self.slots[at]);
                }
            }
            (Some(at), Direction::Sent) => {
                let origin = place.origin(&message, frame);
                count::sent(&mut self.slots[at], &message, origin, now);
                if claims {
                    // What is forwarded is not looked at for its socket.
                    let cookie = if origin == Origin::Forwarded { 0 } else { cookie };
                    let sender = count::Sender { origin, cookie, cgroup: 0 };
                    let slot = &self.slots[at];
                    let port = (self.interface, slot);
                    let vlan = message.vlan;
                    let cause = count::local(&mut self.claims[at], &message, vlan, port, sender, now);
                    tell(at, cause, slot);
                }
            }
            (None, _) => {}
        }
        if let Some(at) = sender {
            let port = (self.interface, &self.slots[at]);
            let cause = count::heard(&mut self.claims[at], &message, port, now);
            tell(at, cause, &self.slots[at]);
        }
        Ok(told)
    }
}
