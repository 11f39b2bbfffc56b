//! Announcements, told by everybody who heard them, as the rounds that were sent.

use super::{
    clock::{ROUND_NS, TOLERANCE_NS},
    scene::{Claims, Mark, Scene, Who},
};

/// A clock that is known no better than this can't say which round is which.
const TOO_VAGUE_NS: i64 = 100_000_000;

/// The frames of one round come within this.
const ONE_ROUND_NS: i64 = 300_000_000;

/// One frame.
#[derive(Clone, Debug)]
pub(super) struct Frame<'a> {
    /// As the root saw it, else who knows its time best.
    pub(super) at: i64,
    pub(super) error: i64,
    /// Who heard or sent it.
    pub(super) marks: Vec<Mark<'a>>,
}

impl<'a> Frame<'a> {
    /// As that row saw it.
    pub(super) fn by(&self, row: usize) -> Option<&Mark<'a>> {
        self.marks.iter().find(|mark| mark.row == row)
    }

    /// Whose time is known best; but its sender's rather than that of whoever heard it late.
    fn best(&self) -> Option<&Mark<'a>> {
        let best =
            self.marks.iter().min_by_key(|mark| (mark.error, !mark.claimed.sent, mark.row, mark.place))?;
        let late = |sent: &&Mark<'a>| best.at - sent.at > TOLERANCE_NS + best.error + sent.error;
        self.marks.iter().filter(|mark| mark.claimed.sent).find(late).or(Some(best))
    }

    /// The sender's interface, where its node told.
    pub(super) fn interface(&self) -> Option<&'a str> {
        self.marks.iter().find(|mark| mark.claimed.sent).map(|mark| mark.claimed.interface.as_str())
    }

    fn form(&self) -> Option<&'a str> {
        self.marks.first()?.claimed.form.as_deref()
    }
}

/// The frames that one sent within these times, in their order.
pub(super) fn frames<'a>(scene: &Scene<'a>, who: Who<'a>, from: i64, to: i64) -> Vec<Frame<'a>> {
    let within =
        |mark: &&Mark<'a>| mark.claims == Claims::Announced && (from - mark.error..to).contains(&mark.at);
    let mut marks: Vec<&Mark<'a>> = scene.of(who).filter(within).collect();
    if marks.iter().any(|mark| mark.error <= TOO_VAGUE_NS) {
        marks.retain(|mark| mark.error <= TOO_VAGUE_NS);
    }
    let mut frames: Vec<Frame<'a>> = Vec::new();
    for mark in marks {
        let one = Frame { at: mark.at, error: mark.error, marks: vec![*mark] };
        join(&mut frames, one, |frame, one| 2 * TOLERANCE_NS + frame.error + one.error);
    }
    // A machine that stood still noted late what it heard: what is left is the same frame, heard by others. After the
    // rest, or it would be taken for one that its node missed.
    let mut whole: Vec<Frame<'a>> = Vec::new();
    for frame in frames {
        join(&mut whole, frame, |_, _| ONE_ROUND_NS);
    }
    let mut frames = whole;
    frames.retain(|frame| frame.at >= from - frame.error);
    frames.sort_by_key(|frame| frame.at);
    frames
}

/// Adds the marks of one to the nearest frame that it may be, else it is a frame of its own.
fn join<'a>(frames: &mut Vec<Frame<'a>>, one: Frame<'a>, apart: impl Fn(&Frame<'a>, &Frame<'a>) -> i64) {
    let from = |frame: &Frame<'a>| frame.marks.first().map(|mark| mark.claimed.mac);
    let distance = |frame: &Frame<'a>| (one.at - frame.at).abs();
    let same = |frame: &&mut Frame<'a>| {
        from(frame) == from(&one)
            && frame.form() == one.form()
            && one.marks.iter().all(|mark| frame.by(mark.row).is_none())
            && distance(frame) <= apart(frame, &one)
    };
    match frames.iter_mut().rev().take(8).filter(same).min_by_key(|frame| distance(frame)) {
        Some(frame) => {
            frame.marks.extend(one.marks);
            if let Some((at, error)) = frame.best().map(|best| (best.at, best.error)) {
                (frame.at, frame.error) = (at, error);
            }
        }
        None => frames.push(one),
    }
}

/// The frames of one interface that go together.
#[derive(Debug)]
pub(super) struct Round<'a> {
    pub(super) frames: Vec<Frame<'a>>,
    pub(super) number: usize,
    /// Of how many.
    pub(super) of: usize,
}

impl Round<'_> {
    pub(super) fn text(&self) -> String {
        let Self { frames, number, of } = self;
        let mut text = format!("round {number} of {of}");
        let Some(first) = frames.first() else { return text };
        if let Some(interface) = first.interface() {
            text += " on ";
            text += interface;
        }
        for frame in frames {
            let after = match frame.at - first.at {
                0 => String::new(),
                after => format!(" {} later", super::text::span(after)),
            };
            text += match frame.form() {
                Some("request") => ": request form",
                Some("reply") if after.is_empty() => ": reply form",
                Some("reply") => ", reply form",
                _ => ": unsolicited advertisement",
            };
            text += &after;
        }
        text
    }
}

/// Sorts frames into rounds, and the rounds of each MAC into bursts.
pub(super) fn rounds(frames: Vec<Frame<'_>>) -> Vec<Round<'_>> {
    let mut rounds: Vec<Round<'_>> = Vec::new();
    for frame in frames {
        let mac = |frame: &Frame<'_>| frame.marks.first().map(|mark| mark.claimed.mac);
        let own = rounds.iter_mut().rev().find(|round| round.frames.first().map(mac) == Some(mac(&frame)));
        let number = match own {
            Some(round) => {
                let began = round.frames.first().map_or(frame.at, |first| first.at);
                let has = round.frames.iter().any(|other| other.form() == frame.form());
                if !has && frame.at - began <= ONE_ROUND_NS {
                    round.frames.push(frame);
                    continue;
                }
                if frame.at - began <= ROUND_NS { round.number + 1 } else { 1 }
            }
            None => 1,
        };
        rounds.push(Round { frames: vec![frame], number, of: 0 });
    }
    // The last of each burst says how many there were.
    let mut ends: std::collections::BTreeMap<_, usize> = std::collections::BTreeMap::new();
    for round in rounds.iter_mut().rev() {
        let mac = round.frames.first().and_then(|frame| frame.marks.first()).map(|mark| mark.claimed.mac);
        let of = ends.entry(mac).or_insert(0);
        round.of = (*of).max(round.number);
        *of = if round.number == 1 { 0 } else { round.of };
    }
    rounds
}
