//! The drill itself: label, takeover, label away, the way back.

use std::{net::IpAddr, panic::resume_unwind, time::Duration};

use anyhow::{Context as _, anyhow};
use jiff::{SignedDuration, Timestamp};

use super::{
    guard::{Ended, Held, Label},
    label::{NotSet, TakenAway, by_hand},
    note::{Note, VALUE, myself},
    owner::owner,
    plan::Plan,
    refused,
    watch::{How, Shown, Watch, Watched},
};
use crate::{
    claims::election::EXCLUDE_LABEL,
    cli::{
        api::{Api, ApiError, Roster},
        exit::{Exit, Failure, Outcome},
        failover::{self, Recording},
        output::{self, Document},
        reach::Reach,
        who::What,
    },
    serve::Signals,
};

/// How long to try to take the label away.
const RESTORING: Duration = Duration::from_secs(60);

/// A drill that may be carried out.
pub(super) struct Drill<'a> {
    pub(super) reach: &'a Reach<'a>,
    pub(super) api: &'a Api,
    pub(super) listed: Option<&'a Result<Roster, ApiError>>,
    pub(super) plan: &'a Plan,
    /// For somebody to take over, and again for the way back.
    pub(super) patience: Duration,
}

impl Drill<'_> {
    pub(super) async fn run(self, recording: Option<Recording>) -> Outcome {
        let from = self.plan.owner.node.as_str();
        // From before there is anything to clean up. They stay caught to the end of the program.
        let mut signals = Signals::catch().context("catching signals")?;
        let begun = Timestamp::now();
        let note = self.note(begun);
        let label = Label { api: self.api, node: from, note: &note, patience: RESTORING };
        let held = label.hold(signals.end(), self.takeover(begun)).await;
        let Held { ended, taken } = match held {
            Ok(held) => held,
            Err(error @ (NotSet::Labelled(..) | NotSet::LeftOver(_))) => {
                return Ok(refused(&error.to_string()));
            }
            Err(error @ NotSet::Unsure(..)) => return Ok(trouble(&error.to_string())),
            Err(NotSet::Api(error) | NotSet::Unanswered(error)) => {
                return Err(Failure::Unreachable(error.to_string()));
            }
        };
        let removed = Timestamp::now();
        let restored = fate(from, &taken);
        let line = match &restored {
            Ok(line) | Err(line) => line,
        };
        // Where stdout is gone there is nobody to be told.
        let printed = say(removed, line);
        let (labelled, takeover) = match ended {
            Ended::Panicked(panic) => resume_unwind(panic),
            Ended::Failed(failure) => {
                return restored.map_or_else(|line| Ok(trouble(&line)), |_| Err(failure));
            }
            Ended::Stopped => {
                return restored.map_or_else(|line| Ok(trouble(&line)), |_| Err(self.stopped()));
            }
            Ended::Done(takeover) => takeover,
        };
        printed?;
        if let Err(line) = restored {
            return Ok(trouble(&line));
        }
        let back = tokio::select! {
            biased;
            () = signals.end() => return Err(self.stopped()),
            back = self.way_back(removed) => back?,
        };
        let exit = self.tell(labelled, removed, &takeover, &back)?;
        output::print("\n")?;
        failover::tell(self.reach, &What::Service(self.plan.service.clone()), begun, recording).await?;
        Ok(exit)
    }

    fn note(&self, since: Timestamp) -> Note {
        // It may take that long to take over, and to get rid of the label.
        let longest = SignedDuration::try_from(self.patience + 2 * RESTORING).unwrap_or(SignedDuration::MAX);
        let until = since.checked_add(longest).unwrap_or(Timestamp::MAX);
        Note { since, until, by: myself(), service: self.plan.service.clone() }
    }

    fn stopped(&self) -> Failure {
        let service = &self.plan.service;
        Failure::Failed(anyhow!("stopped; see where {service} is now: l2witness who {service}"))
    }

    fn ips(&self) -> Vec<IpAddr> {
        self.plan.moves.iter().filter(|one| one.drilled).map(|one| one.ip).collect()
    }

    fn watch(&self) -> Watch<'_> {
        Watch { reach: self.reach, listed: self.listed, patience: self.patience }
    }

    /// The label is there.
    async fn takeover(&self, begun: Timestamp) -> Result<(Timestamp, Watched), Failure> {
        let node = &self.plan.owner.node;
        let labelled = Timestamp::now();
        say(labelled, &format!("Node {node} has the label {EXCLUDE_LABEL}={VALUE}"))?;
        let watched = self.watch().until_shown(&self.ips(), begun, |_, other| other != node, says).await?;
        Ok((labelled, watched))
    }

    /// The label is gone. Where the election is not known, whoever shows anew.
    async fn way_back(&self, since: Timestamp) -> Result<Watched, Failure> {
        let is_meant = |ip: IpAddr, node: &str| {
            let back = self.plan.moves.iter().find(|one| one.ip == ip).and_then(|one| one.back.as_deref());
            back.is_none_or(|back| back == node)
        };
        self.watch().until_shown(&self.ips(), since, is_meant, says).await
    }

    /// How it went, and where the addresses are now.
    fn tell(&self, labelled: Timestamp, removed: Timestamp, takeover: &Watched, back: &Watched) -> Outcome {
        let mut exit = Exit::Fine;
        let mut page = String::from("\n");
        for ip in self.ips() {
            let went = takeover.shown.get(&ip).map(|shown| told(shown, labelled, "the label"));
            let (now, is_known) = whereabouts(ip, removed, back);
            if went.is_none() || !is_known {
                exit = Exit::Problem;
            }
            let nobody = || format!("nobody was seen to take over within {} s", self.patience.as_secs());
            let went = went.unwrap_or_else(nobody);
            page.extend([ip.to_string(), ": ".to_owned(), went, "; ".to_owned(), now, "\n".to_owned()]);
        }
        output::print(&page)?;
        Ok(exit)
    }
}

fn whereabouts(ip: IpAddr, removed: Timestamp, back: &Watched) -> (String, bool) {
    if let Some(shown) = back.shown.get(&ip) {
        return (format!("back: {}", told(shown, removed, "it was gone")), true);
    }
    let Watched { document: Document { lb_ips, time, .. }, .. } = back;
    let now = lb_ips.iter().find(|judged| judged.ip == ip).map(|judged| owner(judged, *time));
    match now {
        Some(Ok(owner)) => (format!("it stays on {} ({})", owner.node, owner.proof.words(*time)), true),
        Some(Err(error)) => (format!("now {error}"), false),
        None => ("now no agent watches it".to_owned(), false),
    }
}

fn told(shown: &Shown, since: Timestamp, what: &str) -> String {
    let after = shown.at.duration_since(since).as_secs_f64().max(0.0);
    match shown.how {
        How::Replied => format!("{} answered, at the latest {after:.1} s after {what}", shown.node),
        How::Announced => {
            format!("{} announced it {after:.1} s after {what}, and nobody has asked", shown.node)
        }
    }
}

/// What became of the label; an error where it is still there, or may be.
fn fate(node: &str, taken: &Result<TakenAway, ApiError>) -> Result<String, String> {
    match taken {
        Ok(TakenAway::Both) => Ok(format!("Node {node}: the label is taken away")),
        Ok(TakenAway::Note(left)) => Ok(match left.label {
            Some(_) => format!("Node {node}: somebody has set the label anew meanwhile; theirs stays"),
            None => format!("Node {node}: somebody has taken the label away meanwhile"),
        }),
        Ok(TakenAway::Nothing) => {
            Ok(format!("Node {node}: somebody has taken label and note away meanwhile"))
        }
        Err(error) => Err(format!(
            "Node {node} STILL HAS THE LABEL {EXCLUDE_LABEL}: {error}; take it away: {}",
            by_hand(node)
        )),
    }
}

/// Something is left behind.
fn trouble(line: &str) -> Exit {
    eprintln!("l2witness: {line}");
    Exit::Problem
}

fn says(ip: IpAddr, shown: &Shown) -> anyhow::Result<()> {
    let does = match shown.how {
        How::Announced => "announces",
        How::Replied => "answers",
    };
    say(Timestamp::now(), &format!("{} {does} {ip}", shown.node))
}

fn say(at: Timestamp, line: &str) -> anyhow::Result<()> {
    output::print(&format!("{at:.3}  {line}\n"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        cli::{client::Told, drill::note::sample::left},
        verdict::sample::{T0, all, at, before, node, speaker},
    };

    #[test]
    fn only_a_label_that_may_be_there_still_is_trouble() {
        let mut of_another = left("n2", T0, T0);
        of_another.label = Some(String::new());
        let mut gone = left("n2", T0, T0);
        gone.label = None;
        for (taken, expected) in [
            (TakenAway::Both, "Node n2: the label is taken away"),
            (TakenAway::Note(of_another), "Node n2: somebody has set the label anew meanwhile; theirs stays"),
            (TakenAway::Note(gone), "Node n2: somebody has taken the label away meanwhile"),
            (TakenAway::Nothing, "Node n2: somebody has taken label and note away meanwhile"),
        ] {
            assert_eq!(fate("n2", &Ok(taken)).as_deref(), Ok(expected));
        }
        let line = fate("n2", &Err(ApiError::Other("no leader".to_owned()))).unwrap_err();
        assert!(line.starts_with("Node n2 STILL HAS THE LABEL ") && line.contains(": no leader; "), "{line}");
        assert!(line.contains("l2witness drill --restore, or by hand: kubectl label node n2 "), "{line}");
    }

    #[test]
    fn where_an_address_is_afterwards_is_told_by_who_shows_else_by_who_has_it() {
        let ip: IpAddr = "192.0.2.10".parse().unwrap();
        let watched = |has: bool, shown: Option<Shown>| {
            let answers = node("n3", 3).asked(3).local(speaker(3, 300, 3)).done();
            let reports = vec![if has { answers } else { node("n3", 3).done() }];
            let told = Told { reports, coverage: all(1), notes: Vec::new(), now: at(T0) };
            let shown = shown.map(|shown| (ip, shown)).into_iter().collect::<BTreeMap<_, _>>();
            Watched { shown, document: Document::new(&told, &[]) }
        };
        let shown = |how| Some(Shown { node: "n2".to_owned(), at: before(8), how });
        for (watched, expected, is_known) in [
            (
                watched(true, shown(How::Replied)),
                "back: n2 answered, at the latest 2.0 s after it was gone",
                true,
            ),
            (
                watched(true, shown(How::Announced)),
                "back: n2 announced it 2.0 s after it was gone, and nobody has asked",
                true,
            ),
            (watched(true, None), "it stays on n3 (answered 3s ago)", true),
            (watched(false, None), "now nobody is seen to answer or announce it", false),
        ] {
            assert_eq!(whereabouts(ip, before(10), &watched), (expected.to_owned(), is_known));
        }
    }
}
