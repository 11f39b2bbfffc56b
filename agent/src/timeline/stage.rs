//! All scenes, and how their clocks hang together.

use std::cmp::Reverse;

use super::{
    Account,
    abandoned::abandoned,
    clock::{Heard, Offset, drift},
    figures::Around,
    handover::{Reference, told_step},
    kind::FLAP_NS,
    rounds,
    rows::Row,
    scene::{self, Names, Scene, Stands, Who, claim},
    shape::{Handover, NodeClock},
    told::{self, Told},
    turns::{Tenure, Turn},
};

/// What is told belongs to a handover that is no farther away.
const NEAR_NS: i64 = 60_000_000_000;

/// Everything, on as few clocks as possible.
pub(super) struct Stage<'s, 'a> {
    rows: &'s [Row<'a>],
    pub(super) scenes: Vec<Scene<'a>>,
    /// The row by whose clock all times are given.
    reference: usize,
}

impl<'s, 'a> Stage<'s, 'a> {
    pub(super) fn new(account: &'a Account, rows: &'s [Row<'a>]) -> Self {
        let names = Names::of(account);
        let spans = scene::spans(rows);
        let heard: Vec<Vec<Heard>> = spans.iter().map(|span| scene::heard(rows, *span)).collect();
        let reference = reference(rows, &heard);
        let starts = spans.iter().skip(1).map(|(first, _)| first - 15_000_000_000);
        let bounds: Vec<i64> = std::iter::once(i64::MIN).chain(starts).chain([i64::MAX]).collect();
        let mut scenes = Vec::new();
        for ((span, heard), bounds) in spans.iter().zip(&heard).zip(bounds.windows(2)) {
            scenes.push(Scene::new(*span, (bounds[0], bounds[1]), heard, root(heard, reference)));
        }
        fill(&mut scenes);
        for scene in &mut scenes {
            scene.mark(rows, &names);
        }
        Self { rows, scenes, reference }
    }

    pub(super) fn handovers(&self) -> Vec<Handover> {
        let mut tenure = Tenure::default();
        let mut handovers = Vec::new();
        for (number, scene) in self.scenes.iter().enumerate() {
            let turns = tenure.turns(&scene.marks);
            handovers.extend(self.play(&self.scenes[..=number], scene, &turns, tenure.owner()));
        }
        handovers
    }

    fn play(
        &self,
        until: &[Scene<'a>],
        scene: &Scene<'a>,
        turns: &[Turn<'a>],
        owner: Option<Who<'a>>,
    ) -> Vec<Handover> {
        let reference = self.reference_of(scene);
        let told = told::told(self.rows, scene);
        let mut handovers = Vec::new();
        for (place, turn) in turns.iter().enumerate() {
            let next = turns.get(place + 1).map_or(i64::MAX, |next| next.at);
            let frames = rounds::frames(scene, turn.to, turn.at, next);
            let around = Around { rows: self.rows, scene, turn, next, frames: &frames };
            handovers.push(around.handover(&told, reference, flaps(turns, place)));
        }
        handovers.extend(abandoned(owner, until, &told, reference));
        place(&mut handovers, &told, reference);
        handovers
    }

    fn reference_of(&self, scene: &Scene<'a>) -> Reference {
        match scene.clocks.offsets.get(self.reference).and_then(Option::as_ref) {
            Some(offset) => {
                let (by, error) = offset.at(scene.middle());
                Reference { by: -by, error: Some(error) }
            }
            None => Reference::default(),
        }
    }

    /// How the clocks relate, as of the last time that they could be compared.
    pub(super) fn clocks(&self) -> Vec<NodeClock> {
        let clock = |(number, row): (usize, &Row<'a>)| {
            let compared = self.scenes.iter().rev().find_map(|scene| {
                let of = |number: usize| scene.clocks.offsets.get(number)?.as_ref();
                let (own, to) = (of(number)?, of(self.reference)?);
                let frames = own.frames;
                let ((own, error), (to, of_reference)) = (own.at(scene.middle()), to.at(scene.middle()));
                let compared = frames > 0 || scene.clocks.root == number;
                compared.then_some((to - own, error + of_reference, frames))
            });
            let reference = number == self.reference;
            let (offset_ns, error, frames) = compared.unwrap_or((0, 0, 0));
            let known = compared.is_some() || reference;
            NodeClock {
                node: row.node.to_owned(),
                boot: row.boot.to_owned(),
                offset_ns: if reference { 0 } else { offset_ns },
                error_ns: known.then_some(if reference { 0 } else { error.unsigned_abs() }),
                frames,
                reference,
            }
        };
        self.rows.iter().enumerate().map(clock).collect()
    }
}

/// The row that hears most: in most scenes, of most claimants.
fn reference(rows: &[Row<'_>], heard: &[Vec<Heard>]) -> usize {
    let rank = |number: &usize| {
        let row = &rows[*number];
        let scenes = heard.iter().filter(|heard| !heard[*number].announcements.is_empty()).count();
        let replies = row.seen.iter().filter_map(|seen| claim(&seen.event.what));
        let macs: std::collections::BTreeSet<_> =
            replies.filter(|claimed| claimed.form.is_none()).map(|claimed| claimed.mac).collect();
        let frames: usize = heard
            .iter()
            .map(|heard| heard[*number].announcements.len() + heard[*number].requests.len())
            .sum();
        (scenes, macs.len(), frames, Reverse(*number))
    };
    (0..rows.len()).max_by_key(rank).unwrap_or(0)
}

/// The reference, or whoever has heard most of that scene.
fn root(heard: &[Heard], reference: usize) -> usize {
    let frames = |number: usize| heard[number].announcements.len() + heard[number].requests.len();
    if heard.get(reference).is_some_and(|heard| !heard.announcements.is_empty()) {
        return reference;
    }
    (0..heard.len())
        .max_by_key(|number| (heard[*number].announcements.len(), frames(*number), Reverse(*number)))
        .unwrap_or(reference)
}

/// A clock that can't be compared in one scene stands as it did in the nearest one, give or take what clocks drift.
fn fill(scenes: &mut [Scene<'_>]) {
    let known: Vec<Stands> = scenes.iter().map(Scene::stands).collect();
    for scene in scenes {
        let (middle, root) = (scene.middle(), scene.clocks.root);
        for (number, offset) in
            scene.clocks.offsets.iter_mut().enumerate().filter(|(_, offset)| offset.is_none())
        {
            let others = known.iter().filter_map(|(at, stands)| {
                let ((own, error), (of_root, more)) = (stands[number]?, stands[root]?);
                let apart = (at - middle).abs();
                Some((apart, error + more + drift(apart), own - of_root))
            });
            let nearest = others.min();
            *offset = nearest.map(|(_, error, by)| Offset { knots: vec![(middle, by)], error, frames: 0 });
        }
    }
}

/// Whether it is one of several turns back and forth. There and back alone is what a drill does, a drained node that is
/// taken back, or a speaker that is started again.
fn flaps(turns: &[Turn<'_>], place: usize) -> bool {
    const TURNS: usize = 3;
    let goes_back = |pair: &[Turn<'_>]| {
        let [one, other] = pair else { return false };
        !one.is_interruption()
            && Some(other.to) == one.from
            && other.from == Some(one.to)
            && other.at - one.at <= FLAP_NS
    };
    let before = turns[..=place].windows(2).rev().take_while(|pair| goes_back(pair)).count();
    let after = turns[place..].windows(2).take_while(|pair| goes_back(pair)).count();
    before + 1 + after >= TURNS
}

/// Puts what was told beside the nearest handover.
fn place(handovers: &mut [Handover], told: &[Told<'_>], reference: Reference) {
    for told in told {
        let step = told_step(told, reference);
        let distance = |handover: &Handover| {
            let before = step.at.duration_until(handover.began).as_nanos();
            let after = handover.ended.duration_until(step.at).as_nanos();
            before.max(after).max(0)
        };
        let Some(handover) = handovers.iter_mut().min_by_key(|handover| distance(handover)) else { continue };
        if distance(handover) <= i128::from(NEAR_NS) {
            let place = handover.steps.partition_point(|other| other.at <= step.at);
            handover.steps.insert(place, step);
        }
    }
    for handover in handovers {
        if let (Some(first), Some(last)) = (handover.steps.first(), handover.steps.last()) {
            (handover.began, handover.ended) = (first.at, last.at);
        }
    }
}
