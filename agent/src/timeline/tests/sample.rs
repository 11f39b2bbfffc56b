//! Frames on a segment with three nodes, as short as they can be written.

use crate::{
    evidence::{ClaimChange, ControlChange, Event, What},
    timeline::{
        Account, Handover, Numbered, Timeline, Witness, timeline,
        truth::{
            agent::{Agent, Frame, Kind},
            terms::{ASKER, MS, T0, mac, name, stamp},
        },
    },
};

pub(super) const NODES: u8 = 3;

/// A segment while something happens there. Times are milliseconds.
#[derive(Clone, Default)]
pub(super) struct Segment {
    frames: Vec<Frame>,
    /// Who neither hears nor is heard, from when to when.
    cut: Vec<(u8, i64, i64)>,
    /// The third node is the asker's.
    router: bool,
    skews: [i64; NODES as usize],
    said: Vec<(u8, i64, What)>,
    /// Milliseconds from one request to the next.
    every: i64,
}

impl Segment {
    pub(super) fn new() -> Self {
        Self { every: 100, ..Self::default() }
    }

    pub(super) const fn every(mut self, milliseconds: i64) -> Self {
        self.every = milliseconds;
        self
    }

    /// Owns the address: announces it by five rounds, and answers.
    pub(super) fn owns(self, who: u8, from: i64, to: i64) -> Self {
        self.announces(who, from, to).answers(who, from, to)
    }

    pub(super) fn announces(mut self, who: u8, from: i64, to: i64) -> Self {
        for at in (0..5).map(|round| from + round * 1_100).filter(|at| *at < to) {
            self.frames.push(Frame { at: T0 + at * MS, who, kind: Kind::Announces(true) });
            self.frames.push(Frame { at: T0 + at * MS + 20_000, who, kind: Kind::Announces(false) });
        }
        self
    }

    /// A program is started again, and owns the address from then on.
    pub(super) fn starts_again(mut self, who: u8, from: i64, to: i64) -> Self {
        self.frames.push(Frame { at: T0 + from * MS - 1, who, kind: Kind::Restarts });
        self.owns(who, from, to)
    }

    pub(super) fn advertises(mut self, who: u8, from: i64) -> Self {
        let rounds = (0..5).map(|round| T0 + (from + round * 1_100) * MS);
        self.frames.extend(rounds.map(|at| Frame { at, who, kind: Kind::Advertises }));
        self
    }

    /// Answers every request, asked half a millisecond before.
    pub(super) fn answers(mut self, who: u8, from: i64, to: i64) -> Self {
        for at in
            (0..).map(|number| number * self.every + 50).skip_while(|at| *at < from).take_while(|at| *at < to)
        {
            self.frames.push(Frame { at: T0 + at * MS + 500_000, who, kind: Kind::Replies });
        }
        self
    }

    pub(super) fn asked_until(self, to: i64) -> Self {
        self.asked(0, to)
    }

    pub(super) fn asked(mut self, from: i64, to: i64) -> Self {
        for at in (from / self.every..).map(|number| number * self.every + 50).take_while(|at| *at < to) {
            self.frames.push(Frame { at: T0 + at * MS, who: ASKER, kind: Kind::Asks });
        }
        self
    }

    pub(super) fn believes(mut self, in_node: u8, at: i64) -> Self {
        self.frames.push(Frame { at: T0 + at * MS, who: ASKER, kind: Kind::AsksOne(in_node) });
        self
    }

    pub(super) fn cut(mut self, who: u8, from: i64, to: i64) -> Self {
        self.cut.push((who, from, to));
        self
    }

    pub(super) const fn router(mut self) -> Self {
        self.router = true;
        self
    }

    pub(super) const fn skewed(mut self, skews: [i64; NODES as usize]) -> Self {
        self.skews = skews;
        self
    }

    /// A node is told, or says, something.
    pub(super) fn said(mut self, by: u8, at: i64, what: What) -> Self {
        self.said.push((by, at, what));
        self
    }

    pub(super) fn account(mut self) -> Account {
        self.frames.sort_by_key(|frame| frame.at);
        let mut events = Vec::new();
        for node in 0..NODES {
            let mut agent = Agent::new(node, self.router && node == 2);
            let skew = self.skews[node as usize] * MS;
            for frame in &self.frames {
                let cut = |who: u8| {
                    self.cut.iter().any(|(of, from, to)| {
                        *of == who && (T0 + from * MS..T0 + to * MS).contains(&frame.at)
                    })
                };
                let apart = frame.who != node && (cut(node) || cut(frame.who));
                if agent.sees(frame) && !apart {
                    let at = frame.at + skew + if frame.who == node { 0 } else { 30_000 };
                    agent.frame(Frame { at, ..*frame }, &mut events);
                }
            }
        }
        let last = events.iter().map(|event| event.seq).max().unwrap_or(0);
        for ((by, at, what), seq) in self.said.into_iter().zip(last + 1..) {
            let at = stamp(T0 + (at + self.skews[by as usize]) * MS);
            events.push(Event { node: name(by), boot: "said".to_owned(), seq, at, ip: None, what });
        }
        let witnesses =
            (0..NODES).map(|node| Witness { node: name(node), macs: vec![mac(node)], since: None });
        Account {
            ip: [192, 0, 2, 1].into(),
            events,
            witnesses: witnesses.collect(),
            absent: Vec::new(),
            numbered: Numbered::ByAddress,
        }
    }

    pub(super) fn told(self) -> Timeline {
        timeline(&self.account())
    }
}

/// `planned n0>n1 100ms 0`: kind, parties, gap, unanswered requests; `-` for what is not known.
pub(super) fn line(handover: &Handover) -> String {
    let kind = format!("{:?}", handover.kind).to_lowercase();
    let party = |party: &Option<crate::timeline::Party>| match party {
        Some(party) => party.node.clone().unwrap_or_else(|| party.mac.to_string()),
        None => "-".to_owned(),
    };
    let gap = handover.gap_ns.map_or_else(|| "-".to_owned(), |gap| format!("{:.0}ms", gap as f64 / 1e6));
    let unanswered = handover.unanswered.as_ref().map_or_else(
        || "-".to_owned(),
        |of| {
            if of.least == of.most { of.most.to_string() } else { format!("{}..{}", of.least, of.most) }
        },
    );
    format!("{kind} {}>{} {gap} {unanswered}", party(&handover.from), party(&handover.to))
}

pub(super) fn lines(told: &Timeline) -> Vec<String> {
    told.handovers.iter().map(line).collect()
}

pub(super) fn claim(on: u8, began: bool) -> What {
    let (by, service) = ("speaker".to_owned(), "default/web".to_owned());
    What::Claim(ClaimChange { by, service, on: name(on), began, own_time: None })
}

pub(super) fn cause(object: &str, change: &str, own: Option<i64>) -> What {
    let (object, change) = (object.to_owned(), change.to_owned());
    What::Cause(ControlChange { object, change, own_time: own.map(|own| stamp(T0 + own * MS)) })
}
