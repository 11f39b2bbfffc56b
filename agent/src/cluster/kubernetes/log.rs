//! Log lines about the source: one a change, whatever number of retries it stands for.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::evidence::SourceState;

/// A kind that is lost for less is not told: when the API server is back, some are followed again before others.
pub(super) const PASSING: Duration = Duration::from_secs(10);

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Log {
    last: SourceState,
    /// What is told of each kind.
    told: BTreeMap<String, String>,
    /// Kinds that are lost, and not told yet, since then.
    lost: BTreeMap<String, Instant>,
}

impl Log {
    /// Tells what is new.
    pub(super) fn tell(&mut self, state: SourceState, lb_ips: usize, now: Instant) {
        let last = std::mem::replace(&mut self.last, state);
        let state = &self.last;
        match (&last.lost, &state.lost) {
            (None, Some(_)) if state.synced.is_some() => {
                let error = state.error.as_deref().unwrap_or_default();
                tracing::warn!(error, lb_ips, "Services are not followed; the last set stays in force");
            }
            (None, Some(_)) => {
                let error = state.error.as_deref().unwrap_or_default();
                tracing::warn!(error, "Services can't be read yet");
            }
            (Some(_), None) if last.synced.is_some() => tracing::info!(lb_ips, "Services are followed again"),
            _ => {}
        }
        if last.synced.is_none() && state.synced.is_some() {
            tracing::info!(lb_ips, "Services read");
        }
        for what in state.bad.iter().filter(|what| !last.bad.contains(what)) {
            tracing::warn!(what, "not an LB IP");
        }
        self.kinds(now);
    }

    /// Whether there is something that may have to be told later.
    pub(super) fn waits(&self) -> bool {
        !self.lost.is_empty()
    }

    /// Tells of kinds that are not followed, or are again.
    pub(super) fn kinds(&mut self, now: Instant) {
        let Self { last: SourceState { missing, .. }, told, lost } = self;
        lost.retain(|kind, _| missing.contains_key(kind));
        for (kind, reason) in missing.iter() {
            if told.get(kind).is_some_and(|told| sort(told) == sort(reason)) {
                continue;
            }
            let passing = sort(reason) == "lost"
                && now.saturating_duration_since(*lost.entry(kind.clone()).or_insert(now)) < PASSING;
            if passing {
                continue;
            }
            lost.remove(kind);
            told.insert(kind.clone(), reason.clone());
            if reason.starts_with("not served") {
                tracing::info!(kind, reason, "not followed");
            } else {
                tracing::warn!(kind, reason, "not followed");
            }
        }
        told.retain(|kind, _| {
            let still = missing.contains_key(kind);
            if !still {
                tracing::info!(kind, "followed again");
            }
            still
        });
    }
}

/// What a reason is about; times and error texts behind it change from retry to retry.
fn sort(reason: &str) -> &str {
    reason.split([':', ' ']).next().unwrap_or_default()
}
