//! Requests for one LB IP, and their answers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::frames::MacAddr;

/// How many of the last requests are kept with their answers.
const KEPT: usize = 4;

/// What was counted of one LB IP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests.
    pub asked: u64,
    /// Answers.
    pub answers: u64,
    /// Answers by who gave them.
    pub by: BTreeMap<MacAddr, u64>,
    /// Requests without an answer before the next one.
    pub unanswered: u64,
    /// Requests with more than one.
    pub doubled: u64,
    /// Of the last requests, oldest first; of the newest, so far.
    recent: VecDeque<Vec<MacAddr>>,
}

impl Tally {
    pub(super) fn ask(&mut self) {
        match self.recent.back().map(Vec::len) {
            Some(0) => self.unanswered += 1,
            Some(2..) => self.doubled += 1,
            _ => {}
        }
        self.asked += 1;
        self.recent.push_back(Vec::new());
        if self.recent.len() > KEPT {
            self.recent.pop_front();
        }
    }

    pub(super) fn answered(&mut self, mac: MacAddr) {
        self.answers += 1;
        *self.by.entry(mac).or_default() += 1;
        // Unasked for, where there is no request yet.
        if let Some(last) = self.recent.back_mut() {
            last.push(mac);
        }
    }

    /// Who answered the last few requests that had the time to be answered.
    pub fn answerers(&self) -> BTreeSet<MacAddr> {
        self.settled().flatten().copied().collect()
    }

    /// Whether each of the last few requests had one answer, and all had it from one.
    pub fn is_single(&self) -> bool {
        self.recent.len() == KEPT
            && self.settled().all(|answers| answers.len() == 1)
            && self.answerers().len() == 1
    }

    /// Whether none of the last few requests was answered.
    pub fn is_silent(&self) -> bool {
        self.recent.len() == KEPT && self.settled().all(Vec::is_empty)
    }

    fn settled(&self) -> impl Iterator<Item = &Vec<MacAddr>> {
        self.recent.iter().take(self.recent.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::documentation_mac;

    #[test]
    fn answers_count_for_the_request_before_them() {
        let (one, two) = (documentation_mac(1), documentation_mac(2));
        let mut tally = Tally::default();
        for answers in [&[one][..], &[one, two], &[], &[one]] {
            tally.ask();
            for mac in answers {
                tally.answered(*mac);
            }
        }

        assert_eq!((tally.asked, tally.answers, tally.unanswered, tally.doubled), (4, 4, 1, 1));
        assert_eq!(tally.by, BTreeMap::from([(one, 3), (two, 1)]));
        assert_eq!(tally.answerers(), BTreeSet::from([one, two]));
        assert!(!tally.is_single());
    }

    #[test]
    fn the_newest_request_has_its_time_to_be_answered() {
        let mut tally = Tally::default();
        for _ in 0..KEPT {
            tally.ask();
            tally.answered(documentation_mac(1));
        }
        tally.ask();
        assert!(tally.is_single());

        (0..KEPT).for_each(|_| tally.ask());
        assert!(tally.is_silent());
    }
}
