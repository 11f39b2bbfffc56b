//! What kind of handover it was.

use super::{
    figures::{Around, Ends},
    scene::{Claims, Who},
    shape::Kind,
    told::Told,
    turns::OVERLAP_NS,
    unanswered::Vain,
};

/// Speakers need longer than this to notice that another one has died; one that lets go is succeeded sooner.
const NOTICED_NS: i64 = 1_000_000_000;

/// Back within this is back and forth.
pub(super) const FLAP_NS: i64 = 60_000_000_000;

impl<'a> Around<'_, 'a> {
    /// The kind of a turn that is none of several.
    pub(super) fn kind(&self, ends: &Ends<'a>, vain: Option<&Vain<'a>>, told: &[Told<'a>]) -> Kind {
        let turn = self.turn;
        let Some(from) = turn.from else { return Kind::First };
        if turn.is_interruption() {
            return Kind::Interrupted;
        }
        if turn.back.is_some() {
            return Kind::SplitHealed;
        }
        match self.split(from) {
            Some(true) => return Kind::SplitHealed,
            Some(false) => return Kind::Split,
            None => {}
        }
        let first_sign = self.frames.first().map_or(turn.at, |frame| frame.at.min(turn.at));
        let node = if let Who::Node(node) = from { Some(node) } else { None };
        let has_failed = node.is_some_and(|node| {
            let since = first_sign - FLAP_NS;
            told.iter()
                .any(|told| told.not_ready(node, since, self.next) || told.cut_off(node, since, first_sign))
        });
        let withdrew = node.is_some_and(|node| {
            told.iter().any(|told| told.ended_on(node, first_sign - FLAP_NS, first_sign))
        });
        let last = ends.last.filter(|last| last.whole).map(|last| last.mark.at);
        if last.is_some_and(|last| first_sign - last <= NOTICED_NS) {
            return Kind::Planned;
        }
        if has_failed {
            return Kind::Crash;
        }
        if withdrew {
            return Kind::Planned;
        }
        let in_vain = vain.is_some_and(|vain| vain.told.iter().any(|told| told.at < first_sign - NOTICED_NS));
        if in_vain || node.is_some_and(|node| self.cut_off(node)) {
            return Kind::Crash;
        }
        Kind::Unknown
    }

    /// Whether the former owner went on answering (`None`: no), and whether it stopped at last.
    fn split(&self, from: Who<'a>) -> Option<bool> {
        let turn = self.turn;
        if turn.beside {
            let gone = self.scene.of(turn.to).filter(|mark| mark.at < self.next).last();
            return Some(gone.is_some_and(|mark| mark.claims == Claims::Last));
        }
        let after = turn.at + OVERLAP_NS;
        let own = self.scene.of(from).filter(|mark| mark.claims != Claims::Announced);
        let last = own.filter(|mark| (after..self.next).contains(&mark.at)).last()?;
        Some(last.claims == Claims::Last)
    }

    /// Whether the former owner's node, which tells everything, did not hear what others heard of the new one.
    fn cut_off(&self, node: &str) -> bool {
        let rows = self.rows.iter().enumerate().filter(|(_, row)| row.node == node && !row.seen.is_empty());
        let mut told = false;
        for (number, row) in rows {
            let heard = self.frames.iter().any(|frame| frame.by(number).is_some());
            let missing = row
                .seen
                .iter()
                .any(|seen| (self.scene.from..self.scene.to).contains(&seen.noted) && seen.missing > 0);
            if heard || missing || self.on_clock(number, 0).is_none() {
                return false;
            }
            told = true;
        }
        let others =
            self.frames.iter().filter(|frame| frame.marks.iter().any(|mark| !mark.claimed.sent)).count();
        told && others >= 2
    }
}
