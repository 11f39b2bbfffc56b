//! Who has an LB IP now: by what was seen, else by what is said.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;

use crate::{
    cli::output::Judged,
    verdict::{Answerer, State, ago, few},
};

/// The node that has an LB IP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) node: String,
    pub(super) proof: Proof,
}

/// How that is known, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Proof {
    /// It replied last then.
    Replied(Timestamp),
    /// It has announced, and nobody has asked since.
    Announced(Timestamp),
    /// Nobody asks; its speaker says so.
    Said,
}

impl Proof {
    /// In words: `answered 2s ago`.
    pub(super) fn words(self, now: Timestamp) -> String {
        match self {
            Self::Replied(at) => format!("answered {}", ago(at, now)),
            Self::Announced(at) => format!("announced {}, not asked since", ago(at, now)),
            Self::Said => "nobody has asked: by its speaker's word alone".to_owned(),
        }
    }
}

/// Why there isn't one owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoOwner {
    /// Nobody was seen, and no speaker says it announces.
    Nobody,
    /// These nodes.
    Several(Vec<String>),
}

impl fmt::Display for NoOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody is seen to answer or announce it"),
            Self::Several(nodes) => write!(f, "{} answer it", few(nodes.iter().cloned())),
        }
    }
}

/// Evidence first; then, as nobody may have asked for hours, the speakers' word; then old evidence.
pub(super) fn owner(judged: &Judged, now: Timestamp) -> Result<Owner, NoOwner> {
    let live = |answerer: &&Answerer| matches!(answerer.state, State::Answering | State::Announced);
    let stale = |answerer: &&Answerer| answerer.state == State::Stale;
    let said = || {
        let words = judged.said.announced.iter();
        let words = words.filter(|word| word.is_layer2() && word.is_fresh(now));
        words.map(|word| (word.node.as_str(), Proof::Said)).collect::<Vec<_>>()
    };
    let seen = |which: &dyn Fn(&&Answerer) -> bool| {
        judged.answerers.iter().filter(which).map(proof).collect::<Vec<_>>()
    };
    for known in [seen(&live), said(), seen(&stale)] {
        let nodes: BTreeSet<_> = known.iter().map(|(node, _)| *node).collect();
        // Of several programs on one node, the one that proves most.
        let best = known.into_iter().min_by_key(|(_, proof)| *proof);
        match (best, nodes.len()) {
            (Some((node, proof)), 1) => return Ok(Owner { node: node.to_owned(), proof }),
            (Some(_), _) => return Err(NoOwner::Several(nodes.into_iter().map(str::to_owned).collect())),
            (None, _) => {}
        }
    }
    Err(NoOwner::Nobody)
}

fn proof(answerer: &Answerer) -> (&str, Proof) {
    let proof = match answerer.last_reply {
        Some(reply) if answerer.state != State::Announced => Proof::Replied(reply),
        _ => Proof::Announced(answerer.last),
    };
    (&answerer.node, proof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::{client::Told, output::Document},
        evidence::NodeReport,
        verdict::sample::{T0, WEB, all, announcer, at, before, kernel, member, node, speaker},
    };

    fn of(reports: Vec<NodeReport>) -> Result<Owner, NoOwner> {
        let coverage = all(reports.len());
        let told = Told { reports, coverage, notes: Vec::new(), now: at(T0) };
        owner(&Document::new(&told, &[]).lb_ips[0], at(T0))
    }

    #[test]
    fn the_owner_is_whom_evidence_shows_else_whom_a_speaker_names() {
        let own = |node: &str, proof| Ok(Owner { node: node.to_owned(), proof });
        for (reports, expected) in [
            (
                vec![node("n1", 1).asked(3).local(speaker(1, 300, 3)).done(), node("n2", 2).done()],
                own("n1", Proof::Replied(before(3))),
            ),
            (
                vec![node("n1", 1).local(announcer(1, 300, 290)).done(), node("n2", 2).done()],
                own("n1", Proof::Announced(before(290))),
            ),
            // Taken over: the former owner does not count.
            (
                vec![
                    node("n1", 1).asked(100).local(speaker(1, 300, 100)).heard(2, 3).done(),
                    node("n2", 2).asked(3).local(speaker(2, 50, 3)).done(),
                ],
                own("n2", Proof::Replied(before(3))),
            ),
            (
                vec![
                    node("n1", 1).asked(3).local(speaker(1, 300, 3)).done(),
                    node("n2", 2).asked(3).local(kernel(2, 300, 3)).done(),
                ],
                Err(NoOwner::Several(vec!["n1".to_owned(), "n2".to_owned()])),
            ),
            (
                vec![member("n1", 1).announces(WEB, 3600).done(), member("n2", 2).done()],
                own("n1", Proof::Said),
            ),
            (
                vec![node("n1", 1).local(speaker(1, 9000, 8000)).done()],
                own("n1", Proof::Replied(before(8000))),
            ),
            (vec![node("n1", 1).done(), node("n2", 2).done()], Err(NoOwner::Nobody)),
        ] {
            assert_eq!(of(reports), expected);
        }
    }
}
