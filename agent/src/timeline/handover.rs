//! One turn, told whole.

use jiff::Timestamp;

use super::{
    clock::ROUND_NS,
    figures::{Around, End, Ends},
    rounds::{self, Round},
    scene::{Claims, Mark, Who},
    shape::{Handover, Kind, Party, Step, StepKind, Unanswered},
    told::Told,
    unanswered::Vain,
};
use crate::evidence::What;

/// Steps of one kind; of more than these the first and the last are told.
const STEPS: usize = 100;

/// From the scene's clock to the reference's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reference {
    /// The scene's time less the reference's.
    pub(super) by: i64,
    /// `None` if they can't be compared.
    pub(super) error: Option<i64>,
}

impl Reference {
    pub(super) fn time(self, at: i64) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(at) - i128::from(self.by)).unwrap_or_default()
    }

    fn error(self, error: Option<i64>) -> Option<u64> {
        Some(self.error?.saturating_add(error?).unsigned_abs())
    }
}

impl<'a> Around<'_, 'a> {
    pub(super) fn handover(&self, told: &[Told<'a>], reference: Reference, flap: bool) -> Handover {
        let turn = self.turn;
        let ends = self.ends();
        let mut missing = Vec::new();
        let gap = self.gap(&ends, &mut missing);
        let vain = self.asked_in_vain(&ends, gap, &mut missing);
        let single = self.kind(&ends, vain.as_ref(), told);
        let kind = match single {
            Kind::Planned | Kind::Crash | Kind::Unknown if flap => Kind::Flap,
            single => single,
        };
        let steps = Steps { around: self, reference, told: Vec::new() }.all(&ends, vain.as_ref());
        let to = if turn.back.is_some() { turn.from.unwrap_or(turn.to) } else { turn.to };
        let time = |step: Option<&Step>| step.map_or_else(|| reference.time(turn.at), |step| step.at);
        Handover {
            kind,
            from: turn.from.map(|from| self.party(from, false)),
            to: Some(self.party(to, true)),
            began: time(steps.first()),
            ended: time(steps.last()),
            gap_ns: gap.map(|(gap, _)| gap),
            error_ns: gap.map(|(_, error)| error.unsigned_abs()),
            unanswered: vain.map(|vain| unanswered(&vain, reference)),
            steps,
            missing,
        }
    }

    /// How long nobody answered, and how far off that may be.
    fn gap(&self, ends: &Ends<'a>, missing: &mut Vec<String>) -> Option<(i64, i64)> {
        let from = self.turn.from?;
        if self.turn.back.is_some() || self.turn.beside {
            missing.push(format!("{} did not stop answering: there is no gap", name(from)));
            return None;
        }
        let to = self.turn.to;
        let last = usable(ends.last, "last", from, missing);
        let first = usable(ends.first, "first", to, missing);
        let (last, first) = (last?.mark, first?.mark);
        let error = if last.row == first.row { 0 } else { last.error + first.error };
        Some((first.at - last.at, error))
    }

    fn asked_in_vain(
        &self,
        ends: &Ends<'a>,
        gap: Option<(i64, i64)>,
        missing: &mut Vec<String>,
    ) -> Option<Vain<'a>> {
        let (gap, error) = gap?;
        if gap + error < 0 {
            return Some(Vain::default());
        }
        let vain = self.vain(&ends.last?, &ends.first?);
        if vain.is_none() {
            missing.push(
                "how many requests went unanswered: the nodes' counts can't be tied together".to_owned(),
            );
        }
        vain
    }

    /// Who it is, by its own node's word if there is one.
    fn party(&self, who: Who<'a>, after: bool) -> Party {
        let at = self.turn.at;
        let best = |mark: &&Mark<'a>| {
            let then = if after { mark.at >= at } else { mark.at <= at };
            (mark.claimed.sent, then, mark.claimed.sender.is_some(), std::cmp::Reverse((mark.at - at).abs()))
        };
        let mark = self.scene.of(who).max_by_key(best);
        let (node, stranger) = match who {
            Who::Node(node) => (Some(node.to_owned()), None),
            Who::Stranger(mac) => (None, Some(mac)),
        };
        let sent = mark.filter(|mark| mark.claimed.sent).map(|mark| mark.claimed);
        Party {
            node,
            interface: sent.map(|claimed| claimed.interface.clone()),
            mac: mark.map(|mark| mark.claimed.mac).or(stranger).unwrap_or_default(),
            origin: sent.and_then(|claimed| claimed.origin),
            sender: sent.and_then(|claimed| claimed.sender.clone()),
        }
    }
}

fn unanswered(vain: &Vain<'_>, reference: Reference) -> Unanswered {
    let times = || vain.told.iter().map(|told| told.at);
    Unanswered {
        least: vain.least,
        most: vain.most,
        askers: vain.askers(),
        first: times().min().map(|at| reference.time(at)),
        last: times().max().map(|at| reference.time(at)),
    }
}

/// An end that a figure may rest on.
fn usable<'a>(end: Option<End<'a>>, which: &str, who: Who<'_>, missing: &mut Vec<String>) -> Option<End<'a>> {
    let who = name(who);
    match end {
        Some(end) if end.whole => return Some(end),
        Some(_) => missing.push(format!("the {which} answer of {who}: events around it are missing")),
        None => missing.push(format!("the {which} answer of {who}: nobody told it")),
    }
    None
}

/// How a claimant is called in texts.
pub(super) fn name(who: Who<'_>) -> String {
    match who {
        Who::Node(node) => node.to_owned(),
        Who::Stranger(mac) => mac.to_string(),
    }
}

/// The steps of a turn, being gathered.
struct Steps<'s, 'a> {
    around: &'s Around<'s, 'a>,
    reference: Reference,
    told: Vec<Step>,
}

impl<'a> Steps<'_, 'a> {
    fn all(mut self, ends: &Ends<'a>, vain: Option<&Vain<'a>>) -> Vec<Step> {
        let Around { scene, turn, next, frames, .. } = *self.around;
        if let (Some(last), Some(from)) = (ends.last, turn.from) {
            self.put(
                last.mark.at,
                last.mark.error,
                name(from),
                StepKind::LastAnswer,
                "answers for the last time".into(),
            );
        }
        if let Some(first) = ends.first {
            self.put(
                first.mark.at,
                first.mark.error,
                name(turn.to),
                StepKind::FirstAnswer,
                "answers for the first time".into(),
            );
        }
        self.rounds(turn.to, rounds::rounds(frames.to_vec()));
        if let Some(from) = turn.from {
            // A former owner that goes on with its announcements.
            let others = rounds::frames(scene, from, turn.at - ROUND_NS, next);
            self.rounds(
                from,
                rounds::rounds(others).into_iter().filter(|round| at(round) >= turn.at).collect(),
            );
            self.stale(from);
        }
        let shown = [ends.first, ends.last].map(|end| end.map(|end| end.mark.at));
        let first = ends.first.map_or(turn.at, |first| first.mark.at);
        let others: Vec<&Mark<'a>> = scene
            .marks
            .iter()
            .filter(|mark| {
                mark.claims == Claims::Answered && mark.who != turn.to && mark.at >= turn.at.min(first)
            })
            .filter(|mark| mark.at < next && !shown.contains(&Some(mark.at)))
            .collect();
        for mark in ends_of(&others) {
            self.put(mark.at, mark.error, name(mark.who), StepKind::OtherAnswer, "answers as well".into());
        }
        let again: Vec<_> = scene
            .marks
            .iter()
            .filter(|mark| mark.claims == Claims::AnsweredAgain && mark.at >= turn.at && mark.at < next)
            .collect();
        for mark in ends_of(&again) {
            let text = "answers again, if not sooner".to_owned();
            self.put(mark.at, mark.error, name(mark.who), StepKind::OtherAnswer, text);
        }
        let told: Vec<_> = vain.map(|vain| vain.told.iter().collect()).unwrap_or_default();
        for request in ends_of(&told) {
            let text = format!("{} asks, and nobody answers", request.asked.mac);
            self.put(request.at, request.error, request.node.to_owned(), StepKind::Request, text);
        }
        self.told.sort_by(|one, other| {
            (one.at, one.kind, &one.node, &one.text).cmp(&(other.at, other.kind, &other.node, &other.text))
        });
        self.told
    }

    fn put(&mut self, at: i64, error: i64, node: String, kind: StepKind, text: String) {
        let (at, error_ns) = (self.reference.time(at), self.reference.error(Some(error)));
        self.told.push(Step { at, error_ns, node, kind, text, own_time: None });
    }

    fn rounds(&mut self, who: Who<'a>, rounds: Vec<Round<'a>>) {
        for round in rounds {
            if let Some(first) = round.frames.first() {
                self.put(first.at, first.error, name(who), StepKind::Announcement, round.text());
            }
        }
    }

    /// Whoever still believes in the former owner.
    fn stale(&mut self, from: Who<'a>) {
        let Around { rows, scene, turn, next, .. } = *self.around;
        let since = self.around.frames.first().map_or(turn.at, |frame| frame.at);
        let (mut requests, mut traffic) = (Vec::new(), Vec::new());
        for (number, row) in rows.iter().enumerate().filter(|(_, row)| Who::Node(row.node) == from) {
            for (_, seen) in row.noted_within(scene.from, scene.to - 1) {
                let (of, at) = match &seen.event.what {
                    What::Request(asked) if asked.unicast && !asked.probe => {
                        (&mut requests, (seen.at, format!("{} still asks it by unicast", asked.mac)))
                    }
                    What::Traffic(of) => (
                        &mut traffic,
                        (
                            super::rows::nanoseconds(of.last),
                            format!("{} packets still come to it", of.packets),
                        ),
                    ),
                    _ => continue,
                };
                let Some((on_clock, error)) = scene.clocks.map(number, at.0) else { continue };
                if (since..next).contains(&on_clock) {
                    of.push((on_clock, error, at.1));
                }
            }
        }
        for (kind, of) in [(StepKind::StaleRequest, requests), (StepKind::StaleTraffic, traffic)] {
            for (at, error, text) in ends_of(&of) {
                self.put(*at, *error, name(from), kind, text.clone());
            }
        }
    }
}

fn at(round: &Round<'_>) -> i64 {
    round.frames.first().map_or(i64::MIN, |first| first.at)
}

/// All of them, or the first and the last where there are too many.
fn ends_of<T>(all: &[T]) -> impl Iterator<Item = &T> {
    let half = STEPS / 2;
    let cut = all.len() > STEPS;
    all.iter()
        .enumerate()
        .filter(move |(place, _)| !cut || *place < half || *place >= all.len() - half)
        .map(|(_, one)| one)
}

/// A step of what was told.
pub(super) fn told_step(told: &Told<'_>, reference: Reference) -> Step {
    Step {
        at: reference.time(told.at),
        error_ns: reference.error(told.error),
        node: told.node.to_owned(),
        kind: told.kind(),
        text: told.text(),
        own_time: told.own_time(),
    }
}
