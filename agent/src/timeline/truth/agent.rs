//! What an agent tells of the frames that it sees.

use super::terms::{mac, name, stamp};
use crate::evidence::{Asked, Claimed, Event, Origin, What};

const RESUME_NS: i64 = 10_000_000_000;

#[derive(Clone, Copy, Debug)]
pub(in crate::timeline) struct Frame {
    pub(in crate::timeline) at: i64,
    pub(in crate::timeline) who: u8,
    pub(in crate::timeline) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::timeline) enum Kind {
    Asks,
    /// By unicast, from that one alone.
    AsksOne(u8),
    /// By unicast, to the asker.
    Replies,
    /// In the form of a request, else of a reply.
    Announces(bool),
    /// By Neighbor Discovery.
    Advertises,
    /// Its program is a new one: its own agent alone sees that.
    Restarts,
}

/// Somebody who claims the address.
struct Claimant {
    who: u8,
    last: i64,
    replied: i64,
    asked: u64,
    lost: bool,
}

pub(in crate::timeline) struct Agent {
    pub(in crate::timeline) node: u8,
    /// It is on the asker's host.
    pub(in crate::timeline) asks: bool,
    seq: u64,
    asked: u64,
    announced: i64,
    claimants: Vec<Claimant>,
}

impl Agent {
    pub(in crate::timeline) fn new(node: u8, asks: bool) -> Self {
        Self { node, asks, seq: 0, asked: 0, announced: 0, claimants: Vec::new() }
    }

    pub(in crate::timeline) fn sees(&self, frame: &Frame) -> bool {
        match frame.kind {
            Kind::Replies => frame.who == self.node || self.asks,
            Kind::Restarts => frame.who == self.node,
            Kind::AsksOne(of) => of == self.node || self.asks,
            _ => true,
        }
    }

    pub(in crate::timeline) fn frame(&mut self, frame: Frame, events: &mut Vec<Event>) {
        let Frame { at, who, kind } = frame;
        if kind == Kind::Restarts {
            return self.lose(|of| of == who, events);
        }
        if let Kind::Asks | Kind::AsksOne(_) = kind {
            let unicast = kind != Kind::Asks;
            self.asked += u64::from(!unicast);
            let (interface, mac) = ("eth0".to_owned(), mac(who));
            let asked = Asked { interface, mac, unicast, probe: false, count: self.asked };
            return self.put(at, What::Request(asked), events);
        }
        let place = self.claimants.iter().position(|claimant| claimant.who == who).unwrap_or_else(|| {
            self.claimants.push(Claimant { who, last: i64::MIN / 2, replied: 0, asked: 0, lost: false });
            self.claimants.len() - 1
        });
        let before = std::mem::replace(&mut self.claimants[place].last, at);
        match kind {
            Kind::Replies => {
                let (announced, asked) = (self.announced, self.asked);
                let claimant = &mut self.claimants[place];
                let news = claimant.replied == 0
                    || before + RESUME_NS < at
                    || announced > claimant.replied
                    || claimant.lost;
                (claimant.replied, claimant.asked, claimant.lost) = (at, asked, false);
                if news {
                    self.lose(|of| of != who, events);
                    let claimed = self.claimed(who, None, self.asked);
                    self.put(at, What::Reply(claimed), events);
                }
            }
            Kind::Announces(_) | Kind::Advertises => {
                let form = match kind {
                    Kind::Announces(true) => Some("request"),
                    Kind::Announces(false) => Some("reply"),
                    _ => None,
                };
                self.announced = at;
                self.lose(|of| of != who, events);
                let claimed = self.claimed(who, form, self.asked);
                self.put(at, What::Announcement(claimed), events);
            }
            Kind::Asks | Kind::AsksOne(_) | Kind::Restarts => {}
        }
    }

    fn lose(&mut self, loses: impl Fn(u8) -> bool, events: &mut Vec<Event>) {
        let mut told = Vec::new();
        for former in &mut self.claimants {
            if loses(former.who) && former.replied != 0 && !former.lost {
                former.lost = true;
                told.push((former.replied, former.who, former.asked));
            }
        }
        for (at, who, asked) in told {
            let claimed = self.claimed(who, None, asked);
            self.put(at, What::LastReply(claimed), events);
        }
    }

    fn claimed(&self, who: u8, form: Option<&str>, asked: u64) -> Claimed {
        let sent = who == self.node;
        let (interface, form, asked) = ("eth0".to_owned(), form.map(str::to_owned), Some(asked));
        Claimed {
            interface,
            mac: mac(who),
            sent,
            origin: sent.then_some(Origin::Speaker),
            sender: None,
            form,
            asked,
        }
    }

    fn put(&mut self, at: i64, what: What, events: &mut Vec<Event>) {
        self.seq += 1;
        let (boot, ip) = ("b".to_owned(), Some([192, 0, 2, 1].into()));
        events.push(Event { node: name(self.node), boot, seq: self.seq, at: stamp(at), ip, what });
    }
}
