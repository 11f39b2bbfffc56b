//! Log lines about the source: one a change, whatever number of retries it stands for.

use crate::evidence::SourceState;

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Log(SourceState);

impl Log {
    /// Tells what is new.
    pub(super) fn tell(&mut self, state: SourceState, lb_ips: usize) {
        let last = std::mem::replace(&mut self.0, state);
        let state = &self.0;
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
        for (kind, reason) in &state.missing {
            match last.missing.get(kind) {
                Some(told) if sort(told) == sort(reason) => {}
                _ if reason.starts_with("not served") => tracing::info!(kind, reason, "not followed"),
                _ => tracing::warn!(kind, reason, "not followed"),
            }
        }
        for kind in last.missing.keys().filter(|kind| !state.missing.contains_key(*kind)) {
            tracing::info!(kind, "followed again");
        }
        for what in state.bad.iter().filter(|what| !last.bad.contains(what)) {
            tracing::warn!(what, "not an LB IP");
        }
    }
}

/// What a reason is about; times and error texts behind it change from retry to retry.
fn sort(reason: &str) -> &str {
    reason.split([':', ' ']).next().unwrap_or_default()
}
