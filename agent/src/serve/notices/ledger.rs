//! Which findings are news. Pure: "now" is an argument.

use std::{collections::BTreeMap, net::IpAddr};

use jiff::{SignedDuration, Timestamp};

use crate::verdict::{Finding, Severity, Verdict};

/// A finding is told once it has held for this long: what heals by itself meanwhile is no news.
const HOLDS: SignedDuration = SignedDuration::from_secs(15);
/// It is over once it was not found for this long: a flapping one is told once, not at each turn.
const OVER: SignedDuration = SignedDuration::from_mins(2);

/// What to tell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    /// It holds.
    Began(IpAddr, Finding),
    /// It is over, after so long.
    Ended(IpAddr, &'static Verdict, SignedDuration),
}

/// The findings that are known, by LB IP and code; as many as there were in the last look and [`OVER`].
#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<(IpAddr, &'static str), Entry>);

#[derive(Debug)]
struct Entry {
    verdict: &'static Verdict,
    first: Timestamp,
    last: Timestamp,
    told: bool,
}

impl Ledger {
    /// Takes the findings of one look and gives what is news. Findings below a warning are none.
    pub(super) fn look(&mut self, found: Vec<(IpAddr, Finding)>, now: Timestamp) -> Vec<News> {
        let mut news = Vec::new();
        for (ip, finding) in found {
            let verdict = finding.verdict;
            if verdict.severity < Severity::Warning {
                continue;
            }
            let key = (ip, verdict.code);
            let entry = self.0.entry(key).or_insert(Entry { verdict, first: now, last: now, told: false });
            entry.last = now;
            if !entry.told && now.duration_since(entry.first) >= HOLDS {
                entry.told = true;
                news.push(News::Began(ip, finding));
            }
        }
        self.0.retain(|(ip, _), entry| {
            let lasts = if entry.told { OVER } else { SignedDuration::ZERO };
            let stays = now.duration_since(entry.last) <= lasts;
            if !stays && entry.told {
                news.push(News::Ended(*ip, entry.verdict, entry.last.duration_since(entry.first)));
            }
            stays
        });
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{
        catalogue::{HANDOVER, SHADOW},
        judge,
        sample::{T0, all, at, kernel, node},
        views,
    };

    fn shadow() -> Vec<(IpAddr, Finding)> {
        let reports = [node("n1", 1).asked(5).local(kernel(1, 60, 5)).done()];
        let view = views(&reports, &all(1), at(T0)).remove(0);
        judge(&view, at(T0)).into_iter().map(|finding| (view.ip, finding)).collect()
    }

    fn codes(news: &[News]) -> Vec<String> {
        let word = |news: &News| match news {
            News::Began(_, finding) => format!("+{}", finding.verdict.name),
            News::Ended(_, verdict, after) => format!("-{} {}s", verdict.name, after.as_secs()),
        };
        news.iter().map(word).collect()
    }

    #[test]
    fn what_holds_is_told_once_and_its_end_once() {
        let mut ledger = Ledger::default();
        let mut told = Vec::new();
        for second in 0..300 {
            let found = if second <= 60 { shadow() } else { Vec::new() };
            told.extend(codes(&ledger.look(found, at(T0 + second))).into_iter().map(|word| (second, word)));
        }
        assert_eq!(told, [(15, "+SHADOW".to_owned()), (181, "-SHADOW 60s".to_owned())]);
        assert!(ledger.0.is_empty());
    }

    #[test]
    fn what_comes_and_goes_is_told_once() {
        let mut ledger = Ledger::default();
        let mut told = Vec::new();
        for second in (0..600).step_by(10) {
            let found = if second % 40 < 20 || second < 40 { shadow() } else { Vec::new() };
            told.extend(codes(&ledger.look(found, at(T0 + second))));
        }
        assert_eq!(told, ["+SHADOW"]);
    }

    #[test]
    fn what_heals_at_once_and_what_is_no_warning_is_no_news() {
        let mut ledger = Ledger::default();
        let handover = Finding {
            verdict: &HANDOVER,
            ..shadow().into_iter().find(|f| f.1.verdict == &SHADOW).unwrap().1
        };
        let ip: IpAddr = "192.0.2.10".parse().unwrap();
        for second in 0..100 {
            let mut found = vec![(ip, handover.clone())];
            if second < 10 {
                found.extend(shadow());
            }
            assert_eq!(ledger.look(found, at(T0 + second)), []);
        }
    }
}
