//! Who took the address from whom.

use super::{
    clock::ROUND_NS,
    scene::{Claims, Mark, Who},
};

/// Whoever hands over may still answer for this long: the new one's first announcement is a request to it.
pub(super) const OVERLAP_NS: i64 = 2_000_000_000;

/// And go on with its own announcements, a round or two.
const ROUNDS_NS: i64 = 2_500_000_000;

/// A speaker may answer before it announces: one that gets an address back while it is still in its list of those to
/// announce waits for the next round, 1.1 s at most (`spamLoop` in MetalLB's `internal/layer2/announcer.go`), and for
/// its turn on a busy machine.
const EARLY_NS: i64 = 1_700_000_000;

/// Of an answerer that was silent for longer, the next reply is an event.
pub(super) const SILENCE_NS: i64 = 10_000_000_000;

/// The address came to somebody.
#[derive(Clone, Debug)]
pub(super) struct Turn<'a> {
    pub(super) from: Option<Who<'a>>,
    pub(super) to: Who<'a>,
    /// Its first claim.
    pub(super) at: i64,
    /// When `from`, which had gone on answering, announced that it had the address again.
    pub(super) back: Option<i64>,
    /// `from` never stopped, and `to` did not announce.
    pub(super) beside: bool,
}

/// Who has the address, from scene to scene.
#[derive(Debug, Default)]
pub(super) struct Tenure<'a> {
    owner: Option<Who<'a>>,
    /// Who had it before, and until when.
    former: Option<(Who<'a>, i64)>,
    /// Who answers as well.
    beside: Option<Who<'a>>,
}

impl Turn<'_> {
    /// The owner itself fell silent and came back.
    pub(super) fn is_interruption(&self) -> bool {
        self.from == Some(self.to)
    }
}

impl<'a> Tenure<'a> {
    pub(super) const fn owner(&self) -> Option<Who<'a>> {
        self.owner
    }

    pub(super) fn turns(&mut self, marks: &[Mark<'a>]) -> Vec<Turn<'a>> {
        let mut turns: Vec<Turn<'a>> = Vec::new();
        for (place, mark) in marks.iter().enumerate() {
            let Some(owner) = self.owner else {
                self.owner = Some(mark.who);
                if mark.claims == Claims::Announced {
                    turns.push(Turn { from: None, to: mark.who, at: mark.at, back: None, beside: false });
                }
                continue;
            };
            let (before, after) = (&marks[..place], &marks[place + 1..]);
            if mark.who == owner {
                if came_back(before, after, mark) {
                    turns.push(Turn { from: Some(owner), to: owner, at: mark.at, back: None, beside: false });
                }
                continue;
            }
            let as_former =
                self.former.filter(|(former, _)| *former == mark.who).map(|(_, until)| mark.at - until);
            match mark.claims {
                Claims::Last => {}
                Claims::AnsweredAgain => {
                    // A former owner that answers again has not taken it back, unless the other one has gone.
                    let since = as_former.is_some_and(|since| since >= OVERLAP_NS);
                    if since && gone(before, after, owner, mark.at) {
                        turns.push(self.turn(mark, mark.at));
                    }
                }
                Claims::Announced => {
                    let goes_on = last(before, mark.who, |claims| claims == Claims::Announced)
                        .is_some_and(|at| mark.at - at <= ROUND_NS);
                    if as_former.is_some_and(|since| goes_on && since < ROUNDS_NS) {
                        continue;
                    }
                    let split = as_former.is_some_and(|since| {
                        // What it answers just before it announces is part of taking the address back.
                        let earlier =
                            &before[..before.partition_point(|other| other.at <= mark.at - EARLY_NS)];
                        last(earlier, mark.who, Claims::answers).is_some_and(|at| {
                            at >= mark.at - since + OVERLAP_NS
                                && at >= mark.at - SILENCE_NS
                                && !ended(before, owner, at)
                        })
                    });
                    match turns.last_mut() {
                        Some(turn) if split && turn.back.is_none() => {
                            turn.back = Some(mark.at);
                            self.comes_to(mark.who, mark.at);
                        }
                        _ => turns.push(self.turn(mark, began(before, mark, owner))),
                    }
                }
                Claims::Answered => {
                    if as_former.is_some_and(|since| since < OVERLAP_NS || !silent(before, mark)) {
                        // Who goes on answering has not taken it back, unless the other one has gone.
                        let gone = gone(before, after, owner, mark.at);
                        if as_former.is_some_and(|since| since >= OVERLAP_NS) && gone {
                            turns.push(self.turn(mark, mark.at));
                        }
                    } else if self.beside != Some(mark.who) {
                        if claims_again(after, owner, mark) {
                            let beside = true;
                            turns.push(Turn {
                                from: self.owner,
                                to: mark.who,
                                at: mark.at,
                                back: None,
                                beside,
                            });
                            self.beside = Some(mark.who);
                        } else {
                            turns.push(self.turn(mark, mark.at));
                        }
                    }
                }
            }
        }
        turns
    }

    fn turn(&mut self, mark: &Mark<'a>, at: i64) -> Turn<'a> {
        let from = self.owner;
        self.comes_to(mark.who, at);
        Turn { from, to: mark.who, at, back: None, beside: false }
    }

    fn comes_to(&mut self, who: Who<'a>, at: i64) {
        self.former = self.owner.map(|owner| (owner, at));
        self.owner = Some(who);
        self.beside = None;
    }
}

/// Whether the owner was told to have answered for the last time, and claims the address again without anybody else
/// doing so before it or soon after. Then it was not a heir who made that answer the last, but silence.
fn came_back(before: &[Mark<'_>], after: &[Mark<'_>], mark: &Mark<'_>) -> bool {
    let Some(last) = before.last().filter(|last| last.who == mark.who && last.claims == Claims::Last) else {
        return false;
    };
    let around = last.at - OVERLAP_NS..mark.at + OVERLAP_NS;
    let others = before.iter().rev().chain(after).filter(|other| other.who != mark.who);
    mark.claims != Claims::Last
        && mark.at - last.at > last.error + mark.error
        && others.map(|other| other.at).all(|at| !around.contains(&at))
}

/// When the turn of whoever announces began: a speaker answers as soon as it has the address, which may be before it
/// announces; long before it only where the owner until then had answered for the last time.
fn began(before: &[Mark<'_>], mark: &Mark<'_>, owner: Who<'_>) -> i64 {
    let early = |other: &&Mark<'_>| other.at > mark.at - EARLY_NS || ended(before, owner, other.at);
    let early = before.iter().rev().take_while(early);
    let own = early.filter(|other| other.who == mark.who).take_while(|own| own.claims == Claims::Answered);
    own.last().map_or(mark.at, |own| own.at)
}

fn last(marks: &[Mark<'_>], who: Who<'_>, wanted: impl Fn(Claims) -> bool) -> Option<i64> {
    marks.iter().rev().find(|mark| mark.who == who && wanted(mark.claims)).map(|mark| mark.at)
}

/// Whether that one had claimed nothing for so long that it was no answerer any more.
fn silent(before: &[Mark<'_>], mark: &Mark<'_>) -> bool {
    let last = before.iter().rev().find(|other| other.who == mark.who).map(|other| other.at);
    last.is_none_or(|last| mark.at - last > SILENCE_NS)
}

/// Whether that one was noted to have answered for the last time, and to have claimed nothing between that and `at`.
fn ended(before: &[Mark<'_>], who: Who<'_>, at: i64) -> bool {
    let until = &before[..before.partition_point(|mark| mark.at <= at)];
    until.iter().rev().find(|mark| mark.who == who).is_some_and(|mark| mark.claims == Claims::Last)
}

/// Whether that one was noted to have answered for the last time, and did not again.
fn gone(before: &[Mark<'_>], after: &[Mark<'_>], who: Who<'_>, at: i64) -> bool {
    ended(before, who, at)
        && after.iter().take_while(|mark| mark.at < at + SILENCE_NS).all(|mark| mark.who != who)
}

/// Whether the owner claims the address later on, without having been told that it lost it.
fn claims_again(after: &[Mark<'_>], owner: Who<'_>, mark: &Mark<'_>) -> bool {
    let until = after.iter().position(|other| other.who == mark.who && other.claims == Claims::Announced);
    let after = &after[..until.unwrap_or(after.len())];
    after.iter().any(|other| other.who == owner && other.at > mark.at + OVERLAP_NS)
}
