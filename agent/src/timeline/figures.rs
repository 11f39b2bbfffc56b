//! From the last answer of the former owner to the first of the new one: how long that was.
//!
//! A figure rests on rows of which nothing is missing where it matters. One row that saw both ends is best: its clock
//! needs no comparison. Else each end is taken from the node whose end it is.

use super::{
    rounds::Frame,
    rows::{Row, Seen},
    scene::{Claims, Mark, Scene, Who},
    turns::Turn,
};

/// One end of the gap, as one row has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct End<'a> {
    pub(super) mark: Mark<'a>,
    /// Nothing is missing that could make another event the end.
    pub(super) whole: bool,
}

/// Both ends.
#[derive(Debug)]
pub(super) struct Ends<'a> {
    pub(super) last: Option<End<'a>>,
    pub(super) first: Option<End<'a>>,
}

/// A turn with what is around it.
pub(super) struct Around<'s, 'a> {
    pub(super) rows: &'s [Row<'a>],
    pub(super) scene: &'s Scene<'a>,
    pub(super) turn: &'s Turn<'a>,
    /// When the address came to the next one.
    pub(super) next: i64,
    /// The new owner's announcements.
    pub(super) frames: &'s [Frame<'a>],
}

impl<'a> Around<'_, 'a> {
    pub(super) fn ends(&self) -> Ends<'a> {
        let lasts = self.turn.from.map(|from| self.lasts(from)).unwrap_or_default();
        let firsts = self.firsts(lasts.iter().map(|end| end.mark.at - end.mark.error).min());
        let by_row = |ends: &[End<'a>], row: usize| ends.iter().find(|end| end.mark.row == row).copied();
        let both = lasts.iter().filter(|end| end.whole).filter_map(|last| {
            let first = by_row(&firsts, last.mark.row).filter(|first| first.whole)?;
            Some((*last, first))
        });
        if let Some((last, first)) = both.min_by_key(|(last, _)| (last.mark.error, last.mark.row)) {
            return Ends { last: Some(last), first: Some(first) };
        }
        let best = |ends: Vec<End<'a>>| {
            ends.into_iter()
                .min_by_key(|end| (!end.whole, !end.mark.claimed.sent, end.mark.error, end.mark.row))
        };
        Ends { last: best(lasts), first: best(firsts) }
    }

    /// The last answer of the former owner, by each row that tells one.
    fn lasts(&self, from: Who<'a>) -> Vec<End<'a>> {
        let own = || self.scene.of(from).filter(|mark| mark.claims == Claims::Last);
        // It may be noted late: when the program is started again, or does not answer for seconds.
        let late = own().filter(|mark| {
            !self.turn.is_interruption()
                && self.is_noted_after_turn(mark)
                && mark.at < self.next
                && !self.is_again(mark)
        });
        let late = late.map(|mark| End { mark: *mark, whole: self.ended(from, mark) });
        // These come last, as they count before all others: what it answers again when the heir has the address is no
        // part of the gap.
        let stopped = own().filter(|mark| self.stopped(mark));
        let stopped = stopped.map(|mark| End { mark: *mark, whole: self.paused(mark) });
        let mut lasts: Vec<End<'a>> = Vec::new();
        for end in late.chain(stopped) {
            lasts.retain(|other| other.mark.row != end.mark.row);
            lasts.push(end);
        }
        lasts
    }

    fn is_noted_after_turn(&self, mark: &Mark<'a>) -> bool {
        self.noted(mark.row, mark.place).is_some_and(|noted| noted >= self.turn.at - mark.error)
    }

    /// Whether its sender was seen to have stopped before the address came to the next one, or to itself again, and did
    /// not go on until then.
    fn stopped(&self, mark: &Mark<'a>) -> bool {
        let goes_on = |other: &Mark<'a>| {
            let between = mark.at < other.at && other.at < self.turn.at;
            other.row == mark.row && other.claims.answers() && between
        };
        mark.at < self.turn.at
            && (self.turn.is_interruption() || !self.is_noted_after_turn(mark))
            && !self.scene.of(mark.who).any(goes_on)
    }

    /// Whether its sender had stopped before the turn, and began again after it.
    fn is_again(&self, mark: &Mark<'a>) -> bool {
        let again = |other: &Mark<'a>| other.claims == Claims::AnsweredAgain && other.row == mark.row;
        let range = self.turn.at..=mark.at;
        self.scene.of(mark.who).any(|other| again(other) && range.contains(&other.at))
    }

    /// Whether nothing is missing from the last answer until the owner came back.
    fn paused(&self, mark: &Mark<'a>) -> bool {
        let row = &self.rows[mark.row];
        let back = row
            .seen
            .iter()
            .enumerate()
            .skip(mark.place + 1)
            .find(|(_, seen)| self.on_clock(mark.row, seen.at).is_some_and(|at| at >= self.turn.at));
        back.is_some_and(|(back, _)| row.whole(mark.place, back))
    }

    /// Whether the row goes on beyond the new owner's announcements without the former owner's answering again.
    fn ended(&self, from: Who<'a>, mark: &Mark<'a>) -> bool {
        let row = &self.rows[mark.row];
        let before_next =
            |seen: &Seen<'_>| self.on_clock(mark.row, seen.noted).is_some_and(|at| at < self.next);
        let Some(end) = row.seen.iter().rposition(before_next) else { return false };
        let end = end.max(mark.place);
        let heard_all = self.frames.last().is_none_or(|last| {
            last.by(mark.row).is_some()
                || self.noted(mark.row, end).is_some_and(|noted| noted >= last.at - last.error - mark.error)
        });
        let again = self.scene.of(from).any(|other| {
            other.row == mark.row
                && other.claims == Claims::Answered
                && (mark.place..=end).contains(&other.place)
        });
        // A turn in between may have been missed, too.
        let turn = self.by_row(mark.row, self.turn.at - mark.error).unwrap_or(i64::MIN);
        let turned = row.seen[..mark.place].iter().position(|seen| seen.noted >= turn);
        heard_all && !again && row.whole(turned.unwrap_or(mark.place), end)
    }

    /// The first answer of the new owner, by each row that tells one.
    fn firsts(&self, since: Option<i64>) -> Vec<End<'a>> {
        let in_time = |mark: &&Mark<'a>| mark.at >= self.turn.at - mark.error && mark.at < self.next;
        let its = || self.scene.of(self.turn.to).filter(in_time);
        // Whoever was noted late to answer again did so for the first time before that, and who hears it heard it later:
        // nobody knows when, unless its own node told an answer sooner.
        let told = its().find(|mark| mark.claimed.sent && mark.claims != Claims::Announced);
        if told.is_some_and(|mark| mark.claims == Claims::AnsweredAgain) {
            return Vec::new();
        }
        let mut firsts: Vec<End<'a>> = Vec::new();
        for mark in its().filter(|mark| mark.claims == Claims::Answered) {
            if firsts.iter().all(|end| end.mark.row != mark.row) {
                firsts.push(End { mark: *mark, whole: self.began(mark, since) });
            }
        }
        firsts
    }

    /// Whether the row tells all from the new owner's first claim on, or from the former one's last answer.
    fn began(&self, mark: &Mark<'a>, since: Option<i64>) -> bool {
        let row = &self.rows[mark.row];
        let Some(seen) = row.seen.get(mark.place) else { return false };
        let claim = match self.frames.first() {
            Some(frame) if frame.at <= mark.at => frame.by(mark.row).map(|own| own.place),
            // Where nobody announced, an event from before shows that the row had begun.
            _ => row.seen[..mark.place].iter().rposition(|before| before.noted < seen.noted),
        };
        let Some(claim) = claim else { return false };
        let since = since.and_then(|since| self.by_row(mark.row, since));
        let answered = since.and_then(|since| row.seen.iter().position(|seen| seen.noted > since));
        row.whole(answered.map_or(claim, |answered| answered.min(claim)), mark.place)
    }

    /// The row's own time at a time of the scene, within what is the scene's.
    pub(super) fn by_row(&self, row: usize, at: i64) -> Option<i64> {
        let offset = self.scene.clocks.offsets.get(row)?.as_ref()?;
        Some(at.saturating_add(offset.at(at).0).clamp(self.scene.from, self.scene.to))
    }

    pub(super) fn on_clock(&self, row: usize, at: i64) -> Option<i64> {
        self.scene.clocks.map(row, at).map(|(at, _)| at)
    }

    /// The times in which requests can have been asked in vain, or by believers in the former owner.
    pub(super) fn range(&self) -> std::ops::Range<i64> {
        let last = self.turn.from.into_iter().flat_map(|from| self.scene.of(from));
        let since = last.filter(|mark| mark.at <= self.turn.at).map(|mark| mark.at).max();
        since.unwrap_or(self.turn.at)..self.next
    }

    fn noted(&self, row: usize, place: usize) -> Option<i64> {
        self.on_clock(row, self.rows.get(row)?.seen.get(place)?.noted)
    }
}
