//! What an agent tells of the frames that it sees.

use super::world::{ASKER, mac, name, stamp};
use crate::evidence::{Asked, Claimed, Event, Origin, What};

const RESUME_NS: i64 = 10_000_000_000;

#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) at: i64,
    pub(super) who: u8,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Asks,
    /// By unicast, to the asker.
    Replies,
    /// In the form of a request, else of a reply.
    Announces(bool),
}

/// Somebody who claims the address.
struct Claimant {
    who: u8,
    last: i64,
    replied: i64,
    asked: u64,
    lost: bool,
}

pub(super) struct Agent {
    pub(super) node: u8,
    /// It is on the asker's host.
    pub(super) asks: bool,
    seq: u64,
    asked: u64,
    announced: i64,
    claimants: Vec<Claimant>,
}

impl Agent {
    pub(super) fn new(node: u8, asks: bool) -> Self {
        Self { node, asks, seq: 0, asked: 0, announced: 0, claimants: Vec::new() }
    }

    pub(super) fn sees(&self, frame: &Frame) -> bool {
        frame.kind != Kind::Replies || frame.who == self.node || self.asks
    }

    pub(super) fn frame(&mut self, frame: Frame, events: &mut Vec<Event>) {
        let Frame { at, who, kind } = frame;
        if kind == Kind::Asks {
            self.asked += 1;
            let (interface, mac) = ("eth0".to_owned(), mac(ASKER));
            let asked = Asked { interface, mac, unicast: false, probe: false, count: self.asked };
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
                    self.lose(who, events);
                    let claimed = self.claimed(who, None, self.asked);
                    self.put(at, What::Reply(claimed), events);
                }
            }
            Kind::Announces(asks) => {
                self.announced = at;
                self.lose(who, events);
                let claimed = self.claimed(who, Some(if asks { "request" } else { "reply" }), self.asked);
                self.put(at, What::Announcement(claimed), events);
            }
            Kind::Asks => {}
        }
    }

    fn lose(&mut self, heir: u8, events: &mut Vec<Event>) {
        let mut told = Vec::new();
        for former in &mut self.claimants {
            if former.who != heir && former.replied != 0 && !former.lost {
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
