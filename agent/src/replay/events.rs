//! Which frames are told as [`Event`]s, and how.
//!
//! Every request and every announcement is. Of the replies of one sender: the first, the first after ten seconds
//! of silence, and the first after anybody announced the address, or after it seemed lost. Whenever that or an
//! announcement shows that an address came to another MAC, the last reply of whoever had it is told, too.

use std::{collections::HashMap, net::IpAddr};

use jiff::Timestamp;
use l2witness_ebpf::{
    frame::{Delivery, Kind, Message, Protocol},
    layout::RESUME_NS,
};

use crate::evidence::{Asked, Claimed, Event, MacAddr, Origin, What};

/// Claimants of one address that are told apart; a stranger may make up any number.
const CLAIMANTS: usize = 64;

/// The clock of whatever took the capture.
const BOOT: &str = "capture";

/// The events of one node.
#[derive(Debug)]
pub(super) struct Events {
    node: String,
    of: HashMap<IpAddr, OfIp>,
}

/// What is known of one address.
#[derive(Debug, Default)]
struct OfIp {
    /// Events so far: each address has a row of its own.
    seq: u64,
    /// When somebody announced it last, 0 if never.
    announced: u64,
    claimants: Vec<Claimant>,
    /// Requests by broadcast or multicast, an interface.
    asked: HashMap<u32, u64>,
}

/// Somebody who replied or announced.
#[derive(Debug)]
struct Claimant {
    tap: u32,
    mac: MacAddr,
    /// Of a sender on this node.
    origin: Option<Origin>,
    /// Last frame of either kind.
    last: u64,
    /// Last reply, 0 if it never replied.
    replied: u64,
    /// What had been asked on its interface until then.
    asked: u64,
    /// Its last reply was told as such: the next one is news.
    lost: bool,
}

/// One frame, as it is told.
pub(super) struct Frame<'a> {
    pub(super) ip: IpAddr,
    pub(super) time: u64,
    pub(super) tap: u32,
    pub(super) interface: &'a str,
    pub(super) message: &'a Message,
    /// Of a frame that this node sent.
    pub(super) origin: Option<Origin>,
}

impl Events {
    pub(super) fn new(node: &str) -> Self {
        Self { node: node.to_owned(), of: HashMap::new() }
    }

    /// Tells of a frame whatever is to be told.
    pub(super) fn frame(&mut self, frame: &Frame<'_>, names: &[String], tell: &mut dyn FnMut(Event)) {
        let Self { node, of } = self;
        let of_ip = of.entry(frame.ip).or_default();
        let mut seq = of_ip.seq;
        let mut put = |time: u64, what: What| {
            seq += 1;
            let at = Timestamp::from_nanosecond(time.into()).unwrap_or_default();
            tell(Event { node: node.clone(), boot: BOOT.to_owned(), seq, at, ip: Some(frame.ip), what });
        };
        match frame.message.kind {
            Kind::Request | Kind::Probe => put(frame.time, What::Request(of_ip.asked(frame))),
            Kind::Reply => {
                let (known, news) = of_ip.replied(frame);
                if news {
                    of_ip.lose(known, names, &mut put);
                    put(frame.time, What::Reply(claimed(frame, of_ip.asked_on(frame.tap))));
                }
            }
            Kind::AnnouncementRequest | Kind::AnnouncementReply => {
                let known = of_ip.announced(frame);
                of_ip.lose(known, names, &mut put);
                put(frame.time, What::Announcement(claimed(frame, of_ip.asked_on(frame.tap))));
            }
        }
        of_ip.seq = seq;
    }
}

impl OfIp {
    fn asked(&mut self, frame: &Frame<'_>) -> Asked {
        let message = frame.message;
        let unicast = message.delivery == Delivery::Unicast;
        let probe = message.kind == Kind::Probe;
        let count = self.asked.entry(frame.tap).or_default();
        *count += u64::from(!unicast && !probe);
        Asked {
            interface: frame.interface.to_owned(),
            mac: message.source.into(),
            unicast,
            probe,
            count: *count,
        }
    }

    /// Requests by broadcast or multicast on that interface so far.
    fn asked_on(&self, tap: u32) -> u64 {
        self.asked.get(&tap).copied().unwrap_or_default()
    }

    /// Its place among the claimants, and when it was last seen before. Where there is no room, whoever was
    /// silent for longest has to go.
    fn claimant(&mut self, frame: &Frame<'_>) -> (usize, u64) {
        let mac = frame.message.hardware.into();
        let Frame { tap, origin, time, .. } = *frame;
        let known = self.claimants.iter().position(|c| (c.tap, c.mac, c.origin) == (tap, mac, origin));
        let place = known.unwrap_or_else(|| {
            if self.claimants.len() >= CLAIMANTS {
                let oldest = (0..CLAIMANTS).min_by_key(|place| self.claimants[*place].last);
                self.claimants.swap_remove(oldest.unwrap_or_default());
            }
            self.claimants.push(Claimant { tap, mac, origin, last: 0, replied: 0, asked: 0, lost: false });
            self.claimants.len() - 1
        });
        let before = std::mem::replace(&mut self.claimants[place].last, time);
        (place, before)
    }

    /// Notes a reply; says whether it is news.
    fn replied(&mut self, frame: &Frame<'_>) -> (usize, bool) {
        let (place, last) = self.claimant(frame);
        let announced = self.announced;
        let asked = self.asked_on(frame.tap);
        let claimant = &mut self.claimants[place];
        let silent = last + RESUME_NS < frame.time;
        let news = claimant.replied == 0 || silent || announced > claimant.replied || claimant.lost;
        (claimant.replied, claimant.asked, claimant.lost) = (frame.time, asked, false);
        (place, news)
    }

    fn announced(&mut self, frame: &Frame<'_>) -> usize {
        self.announced = frame.time;
        self.claimant(frame).0
    }

    /// Whoever had the address with another MAC has lost it to this one. A node's own senders, each with its
    /// interface's MAC, don't lose it to one another.
    fn lose(&mut self, heir: usize, names: &[String], put: &mut impl FnMut(u64, What)) {
        let Claimant { mac, origin: of_heir, .. } = self.claimants[heir];
        let loses = |other: &&mut Claimant| {
            let apart = other.mac != mac && !(other.origin.is_some() && of_heir.is_some());
            apart && other.replied != 0 && !other.lost
        };
        for former in self.claimants.iter_mut().filter(loses) {
            former.lost = true;
            let Claimant { tap, mac, origin, replied, asked, .. } = *former;
            let interface = names.get(tap as usize).cloned().unwrap_or_default();
            let sent = origin.is_some();
            put(
                replied,
                What::LastReply(Claimed {
                    interface,
                    mac,
                    sent,
                    origin,
                    sender: None,
                    form: None,
                    asked: Some(asked),
                }),
            );
        }
    }
}

fn claimed(frame: &Frame<'_>, asked: u64) -> Claimed {
    let message = frame.message;
    let form = match (message.protocol, message.kind) {
        (Protocol::Arp, Kind::AnnouncementRequest) => Some("request"),
        (Protocol::Arp, Kind::AnnouncementReply) => Some("reply"),
        _ => None,
    };
    Claimed {
        interface: frame.interface.to_owned(),
        mac: message.hardware.into(),
        sent: frame.origin.is_some(),
        origin: frame.origin,
        sender: None,
        form: form.map(str::to_owned),
        asked: Some(asked),
    }
}

#[cfg(test)]
mod tests;
