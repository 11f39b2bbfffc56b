//! What `failover` gives out: one document, in all its forms, and the exit code.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::words;
use crate::{
    cli::exit::Exit,
    timeline::{Handover, Kind, Timeline},
    verdict::{Coverage, Severity, few},
};

/// Timelines and on whom they rest; docs/api.md describes it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct Document {
    schema: u32,
    /// When the agents were asked.
    pub(in crate::cli) time: Timestamp,
    pub(in crate::cli) severity: Severity,
    pub(in crate::cli) agents: Coverage,
    /// One an LB IP.
    pub(in crate::cli) timelines: Vec<Timeline>,
}

impl Document {
    const SCHEMA: u32 = 1;

    /// Leaves of each timeline what was asked for, and judges that.
    pub(in crate::cli) fn new(
        mut timelines: Vec<Timeline>,
        agents: Coverage,
        time: Timestamp,
        wanted: Wanted,
    ) -> Self {
        for timeline in &mut timelines {
            wanted.leave(&mut timeline.handovers);
        }
        let severity = timelines.iter().map(of_timeline).max().unwrap_or(Severity::Unknown);
        Self { schema: Self::SCHEMA, time, severity, agents, timelines }
    }

    /// All handovers that captures tell of.
    pub(in crate::cli) fn of_captures(timelines: Vec<Timeline>, time: Timestamp) -> Self {
        Self::new(timelines, Coverage::default(), time, Wanted { last: Some(usize::MAX), since: None })
    }

    /// Whom all of it is by.
    pub(in crate::cli) fn rests_on(&self) -> String {
        let Coverage { asked, replied, .. } = &self.agents;
        match asked {
            // Events alone, of agents or of captures.
            0 => {
                let clocks = self.timelines.iter().flat_map(|timeline| &timeline.clocks);
                let nodes: BTreeSet<_> = clocks.map(|clock| words::short(&clock.node)).collect();
                format!("Rests on the events of {}", few(nodes))
            }
            1 => format!("Rests on what {replied} of 1 agent told"),
            asked => format!("Rests on what {replied} of {asked} agents told"),
        }
    }

    pub(in crate::cli) const fn exit(&self) -> Exit {
        Exit::of(self.severity)
    }
}

/// Which handovers.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cli) struct Wanted {
    /// No more than the last so many.
    pub(in crate::cli) last: Option<usize>,
    /// Only those that were not over by then.
    pub(in crate::cli) since: Option<Timestamp>,
}

impl Wanted {
    fn leave(self, handovers: &mut Vec<Handover>) {
        if let Some(since) = self.since {
            handovers.retain(|handover| handover.ended >= since);
        }
        let last = self.last.unwrap_or(if self.since.is_some() { usize::MAX } else { 1 });
        handovers.drain(..handovers.len().saturating_sub(last));
    }
}

/// The worst of its handovers; whatever is missing leaves something untold.
fn of_timeline(timeline: &Timeline) -> Severity {
    let Timeline { ip: _, clocks: _, handovers, incomplete } = timeline;
    let untold = if incomplete.is_empty() { Severity::Ok } else { Severity::Unknown };
    let last = handovers.len().saturating_sub(1);
    let each = handovers.iter().enumerate().map(|(place, handover)| severity(handover, place == last));
    each.max().unwrap_or(Severity::Ok).max(untold)
}

/// `last`: nothing is known to have come after it, so how it ended is how it is.
pub(super) fn severity(handover: &Handover, last: bool) -> Severity {
    let Handover { kind, gap_ns, unanswered, missing, .. } = handover;
    let of_kind = match kind {
        Kind::Split | Kind::Abandoned if last => Severity::Problem,
        Kind::Split | Kind::Abandoned | Kind::SplitHealed | Kind::Flap => Severity::Warning,
        Kind::Unknown => Severity::Unknown,
        Kind::Planned | Kind::Crash | Kind::Interrupted | Kind::First => Severity::Ok,
    };
    let of_gap = match (unanswered, gap_ns) {
        (Some(unanswered), _) if unanswered.least > 0 => Severity::Warning,
        (Some(unanswered), _) if unanswered.most > 0 => Severity::Unknown,
        (Some(_), _) | (None, Some(..=0)) => Severity::Ok,
        (None, _) if *kind == Kind::First => Severity::Ok,
        (None, _) => Severity::Unknown,
    };
    let untold = if missing.is_empty() { Severity::Ok } else { Severity::Unknown };
    of_kind.max(of_gap).max(untold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::failover::sample::{at, planned, timeline},
        timeline::Unanswered,
    };

    fn unanswered(least: u64, most: u64) -> Unanswered {
        Unanswered { least, most, askers: 1, first: None, last: None }
    }

    #[test]
    fn the_exit_code_says_how_bad_it_was_and_whether_that_is_sure() {
        let base = || Handover { unanswered: Some(unanswered(0, 0)), ..planned() };
        for (name, handover, exit) in [
            ("nobody asked in the gap", base(), Exit::Fine),
            (
                "requests went unanswered",
                Handover { unanswered: Some(unanswered(2, 3)), ..base() },
                Exit::Warning,
            ),
            ("perhaps some did", Handover { unanswered: Some(unanswered(0, 3)), ..base() }, Exit::Unknown),
            ("who asked is not known", Handover { unanswered: None, ..base() }, Exit::Unknown),
            ("an overlap", Handover { unanswered: None, gap_ns: Some(-5), ..base() }, Exit::Fine),
            (
                "seen for the first time",
                Handover { unanswered: None, gap_ns: None, kind: Kind::First, ..base() },
                Exit::Fine,
            ),
            ("something is missing", Handover { missing: vec!["lost".to_owned()], ..base() }, Exit::Unknown),
            ("several answer", Handover { kind: Kind::Split, ..base() }, Exit::Problem),
            ("nobody answers", Handover { kind: Kind::Abandoned, to: None, ..base() }, Exit::Problem),
            ("several answered", Handover { kind: Kind::SplitHealed, ..base() }, Exit::Warning),
            ("back and forth", Handover { kind: Kind::Flap, ..base() }, Exit::Warning),
        ] {
            let timelines = vec![timeline(vec![handover])];
            let document = Document::new(timelines, Coverage::default(), at(0.0), Wanted::default());
            assert_eq!(document.exit(), exit, "{name}");
        }
    }

    #[test]
    fn what_came_after_a_split_ended_it() {
        let split = Handover { kind: Kind::Split, ..planned() };
        let well = Handover { unanswered: Some(unanswered(0, 0)), ..planned() };
        let wanted = Wanted { last: Some(2), since: None };
        let document = Document::new(vec![timeline(vec![split, well])], Coverage::default(), at(0.0), wanted);
        assert_eq!(document.exit(), Exit::Warning);
    }

    #[test]
    fn no_handover_at_all_is_fine_unless_something_may_be_missing() {
        let told = |timeline| Document::new(vec![timeline], Coverage::default(), at(0.0), Wanted::default());
        assert_eq!(told(timeline(Vec::new())).exit(), Exit::Fine);
        let incomplete = vec!["n4: connection refused".to_owned()];
        assert_eq!(told(Timeline { incomplete, ..timeline(Vec::new()) }).exit(), Exit::Unknown);
    }

    #[test]
    fn the_last_one_is_meant_unless_more_are_asked_for() {
        let three = || {
            (0..3)
                .map(|n| Handover { began: at(f64::from(n)), ended: at(f64::from(n) + 0.5), ..planned() })
                .collect()
        };
        for (last, since, left) in [
            (None, None, vec![at(2.0)]),
            (Some(2), None, vec![at(1.0), at(2.0)]),
            (Some(9), None, vec![at(0.0), at(1.0), at(2.0)]),
            (None, Some(at(0.5)), vec![at(0.0), at(1.0), at(2.0)]),
            (None, Some(at(1.2)), vec![at(1.0), at(2.0)]),
            (Some(1), Some(at(0.0)), vec![at(2.0)]),
            (None, Some(at(9.0)), vec![]),
        ] {
            let wanted = Wanted { last, since };
            let document = Document::new(vec![timeline(three())], Coverage::default(), at(9.0), wanted);
            let began: Vec<_> =
                document.timelines[0].handovers.iter().map(|handover| handover.began).collect();
            assert_eq!(began, left, "{last:?} {since:?}");
        }
    }
}
