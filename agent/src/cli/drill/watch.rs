//! Waiting until somebody shows on the wire, by the agents' evidence.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use crate::{
    cli::{
        api::{ApiError, Roster},
        exit::Failure,
        output::{Document, Judged},
        reach::Reach,
    },
    verdict::{Answerer, State},
};

/// Between two questions to all agents, at least; where asking takes long, four times as long as that.
const PAUSE: Duration = Duration::from_millis(500);

/// A new owner announces for five seconds. Before it is through, nothing is done that makes it stop: caches that were
/// changed a moment ago are not changed again at once.
const BURST: Duration = Duration::from_secs(6);

/// Who has announced and is not asked within this is not asked at all: caches were renewed by the announcements,
/// whose last comes after five seconds.
const UNASKED: Duration = Duration::from_secs(10);

/// Reports' times are right but for the time that asking took.
const SLACK: SignedDuration = SignedDuration::from_secs(1);

/// What somebody was seen to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) node: String,
    pub(super) at: Timestamp,
    pub(super) how: How,
}

/// How somebody shows that it has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    Announced,
    Replied,
}

/// The node among those that are meant that has shown since then: who replied rather than who announced, and the last
/// of several.
pub(super) fn shown(judged: &Judged, since: Timestamp, is_meant: impl Fn(&str) -> bool) -> Option<Shown> {
    let live = |answerer: &&Answerer| matches!(answerer.state, State::Answering | State::Announced);
    let later = |at: Timestamp| at.duration_since(since) >= -SLACK;
    let of = |Answerer { node, last, last_reply, .. }: &Answerer| {
        let reply = last_reply.filter(|reply| later(*reply)).map(|at| (How::Replied, at));
        let (how, at) = reply.or_else(|| later(*last).then_some((How::Announced, *last)))?;
        Some(Shown { node: node.clone(), at, how })
    };
    let meant = judged.answerers.iter().filter(live).filter(|answerer| is_meant(&answerer.node));
    meant.filter_map(of).max_by_key(|shown| (shown.how, shown.at))
}

/// Everybody who is asked.
pub(super) struct Watch<'a> {
    pub(super) reach: &'a Reach<'a>,
    pub(super) listed: Option<&'a Result<Roster, ApiError>>,
    pub(super) patience: Duration,
}

/// Who was seen, by address, and what was known last.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) shown: BTreeMap<IpAddr, Shown>,
    pub(super) document: Document,
}

impl Watch<'_> {
    /// Asks until each address was replied for by one of those that are meant, and was announced to the end, or was
    /// announced and is not asked for, or patience ends; `tell` is called with each that is new.
    pub(super) async fn until_shown(
        &self,
        ips: &[IpAddr],
        since: Timestamp,
        is_meant: impl Fn(IpAddr, &str) -> bool,
        mut tell: impl FnMut(IpAddr, &Shown) -> anyhow::Result<()>,
    ) -> Result<Watched, Failure> {
        let begin = Instant::now();
        let mut known: BTreeMap<IpAddr, (Shown, Instant)> = BTreeMap::new();
        loop {
            let asked = Instant::now();
            let document = Document::new(&self.reach.ask_those(self.listed).await, ips);
            for judged in &document.lb_ips {
                let Some(shown) = shown(judged, since, |node| is_meant(judged.ip, node)) else { continue };
                let before = known.get(&judged.ip).map(|(shown, _)| (&*shown.node, shown.how));
                if before == Some((&shown.node, shown.how)) {
                    continue;
                }
                tell(judged.ip, &shown)?;
                known.insert(judged.ip, (shown, Instant::now()));
            }
            let is_clear = |ip| {
                let known = known.get(ip);
                known.is_some_and(|(shown, at)| {
                    at.elapsed() >= if shown.how == How::Replied { BURST } else { UNASKED }
                })
            };
            if ips.iter().all(is_clear) || begin.elapsed() >= self.patience {
                let shown = known.into_iter().map(|(ip, (shown, _))| (ip, shown)).collect();
                return Ok(Watched { shown, document });
            }
            sleep(PAUSE.max(asked.elapsed() * 4)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::client::Told,
        evidence::NodeReport,
        verdict::sample::{T0, all, announcer, at, before, node, speaker},
    };

    fn of(reports: Vec<NodeReport>, is_meant: fn(&str) -> bool) -> Option<(String, How, i64)> {
        let coverage = all(reports.len());
        let told = Told { reports, coverage, notes: Vec::new(), now: at(T0) };
        let shown = shown(&Document::new(&told, &[]).lb_ips[0], before(10), is_meant)?;
        Some((shown.node, shown.how, T0 - shown.at.as_second()))
    }

    #[test]
    fn who_took_over_is_who_showed_since_and_not_who_had_it() {
        let not_n1 = |node: &str| node != "n1";
        let former = || node("n1", 1).asked(3).local(speaker(1, 300, 11)).heard(2, 8).done();
        let own = |node: &str, how, ago| Some((node.to_owned(), how, ago));
        for (reports, expected) in [
            (vec![node("n1", 1).asked(3).local(speaker(1, 300, 3)).done(), node("n2", 2).done()], None),
            (vec![former(), node("n2", 2).local(announcer(2, 9, 8)).done()], own("n2", How::Announced, 8)),
            (
                vec![former(), node("n2", 2).asked(3).local(speaker(2, 9, 3)).done()],
                own("n2", How::Replied, 3),
            ),
            // It had it before and has announced anew; its reply is of then.
            (
                vec![former(), node("n2", 2).local(speaker(2, 900, 8)).replied(600).announced(8).done()],
                own("n2", How::Announced, 8),
            ),
            // A clock that is a little behind.
            (vec![former(), node("n2", 2).local(announcer(2, 11, 11)).done()], own("n2", How::Announced, 11)),
            (vec![former(), node("n2", 2).local(announcer(2, 12, 12)).done()], None),
        ] {
            assert_eq!(of(reports, not_n1), expected);
        }
    }
}
