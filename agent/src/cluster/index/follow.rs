//! How each kind is followed, and so what can be believed.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::{cluster::kind::Kind, evidence::SourceState};

/// How a kind is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Not followed, and not missed: nothing of it is kept.
    Unwanted,
    /// Wanted, and not there: nothing of it is kept.
    NotServed(String),
    /// Complete since then.
    Followed(Timestamp),
    /// No answer since then; the last set stays.
    Lost {
        /// Since when.
        since: Timestamp,
        /// What went wrong last.
        error: String,
    },
    /// An answer, but not to us; the last set stays, and is not believed.
    Refused {
        /// Since when.
        since: Timestamp,
        /// What to do about it.
        error: String,
    },
}

/// How all kinds are followed.
#[derive(Debug, Default)]
pub(super) struct Followed(BTreeMap<Kind, Entry>);

#[derive(Debug)]
struct Entry {
    condition: Condition,
    /// Complete since then, before it was lost.
    complete: Option<Timestamp>,
    /// Objects that are not understood, and why.
    unreadable: BTreeMap<Arc<str>, String>,
}

/// So much of an error is told.
const TOLD: usize = 200;

impl Followed {
    fn entry(&mut self, kind: Kind) -> &mut Entry {
        let entry = || Entry { condition: Condition::Unwanted, complete: None, unreadable: BTreeMap::new() };
        self.0.entry(kind).or_insert_with(entry)
    }

    /// Whether that is news. Being complete once more is none.
    pub(super) fn set(&mut self, kind: Kind, condition: Condition) -> bool {
        let entry = self.entry(kind);
        match (&entry.condition, &condition) {
            (Condition::Followed(_), Condition::Followed(_)) => return false,
            (former, new) if former == new => return false,
            (_, Condition::Followed(at)) => entry.complete = Some(*at),
            (_, Condition::Unwanted | Condition::NotServed(_)) => entry.complete = None,
            (_, Condition::Lost { .. } | Condition::Refused { .. }) => {}
        }
        entry.condition = condition;
        true
    }

    /// Notes why an object is not understood, or that it is. Whether that is news.
    pub(super) fn unreadable(&mut self, kind: Kind, key: &str, why: Option<String>) -> bool {
        let entry = self.entry(kind);
        match why {
            None => entry.unreadable.remove(key).is_some(),
            Some(why) => {
                let why: String = why.chars().take(TOLD).collect();
                entry.unreadable.insert(key.into(), why.clone()) != Some(why)
            }
        }
    }

    /// A list begins anew; objects in it that are not understood are noted again.
    pub(super) fn forget_unreadable(&mut self, kind: Kind) {
        self.entry(kind).unreadable.clear();
    }

    /// Whether it has been complete once.
    pub(super) fn synced(&self, kind: Kind) -> bool {
        self.0.get(&kind).is_some_and(|entry| entry.complete.is_some())
    }

    /// Whether it is known, or known not to be knowable.
    pub(super) fn answered(&self, kind: Kind) -> bool {
        let refused =
            |entry: &Entry| matches!(entry.condition, Condition::NotServed(_) | Condition::Refused { .. });
        self.0.get(&kind).is_some_and(|entry| entry.complete.is_some() || refused(entry))
    }

    /// Whether what is held of it is true: it is followed, or the API server is away, and so for everybody.
    pub(super) fn believed(&self, kind: Kind) -> bool {
        let lost = |kind| matches!(self.condition(kind), Some(Condition::Lost { .. }));
        match self.condition(kind) {
            Some(Condition::Followed(_)) => true,
            Some(Condition::Lost { .. }) => self.synced(kind) && lost(Kind::Services),
            _ => false,
        }
    }

    /// Whether that much is known: believed, and every object understood.
    pub(super) fn understood(&self, kind: Kind) -> bool {
        self.believed(kind) && self.0.get(&kind).is_some_and(|entry| entry.unreadable.is_empty())
    }

    /// Whether it is to be followed at all.
    pub(super) fn wanted(&self, kind: Kind) -> bool {
        !matches!(self.condition(kind), None | Some(Condition::Unwanted))
    }

    fn condition(&self, kind: Kind) -> Option<&Condition> {
        self.0.get(&kind).map(|entry| &entry.condition)
    }

    /// In the words of the report. Services stand for the whole: if they are lost, so is the rest.
    pub(super) fn state(&self) -> SourceState {
        let mut state = SourceState::default();
        if let Some(entry) = self.0.get(&Kind::Services) {
            state.synced = entry.complete;
            if let Condition::Lost { since, error } | Condition::Refused { since, error } = &entry.condition {
                state.lost = Some(*since);
                state.error = Some(error.clone());
            }
        }
        let away = matches!(self.condition(Kind::Services), Some(Condition::Lost { .. }));
        for (kind, entry) in &self.0 {
            let text = match &entry.condition {
                Condition::NotServed(why) => Some(why.clone()),
                Condition::Refused { error, .. } => Some(error.clone()),
                Condition::Lost { since, error } if !away => Some(format!("lost since {since:.0}: {error}")),
                _ => entry.told(),
            };
            state.missing.extend(text.map(|text| (kind.label().to_owned(), text)));
        }
        state
    }
}

impl Entry {
    fn told(&self) -> Option<String> {
        let (key, why) = self.unreadable.first_key_value()?;
        Some(match self.unreadable.len() {
            1 => format!("{key} is not understood: {why}"),
            count => format!("{count} objects are not understood, {key} for one: {why}"),
        })
    }
}
