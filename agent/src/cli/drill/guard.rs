//! The label is there while something is waited for, and gone afterwards: after its end, its error, its panic, a signal.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};

use super::{
    label::{self, NotSet, TakenAway},
    note::Note,
};
use crate::cli::{
    api::{Api, ApiError},
    exit::Failure,
};

/// How the work under the label ended.
#[derive(Debug)]
pub(super) enum Ended<T> {
    Done(T),
    Failed(Failure),
    /// By a signal.
    Stopped,
    /// With what it panicked.
    Panicked(Box<dyn Any + Send>),
}

/// What happened meanwhile, and what became of the label.
#[derive(Debug)]
pub(super) struct Held<T> {
    pub(super) ended: Ended<T>,
    pub(super) taken: Result<TakenAway, ApiError>,
}

/// Whose label, and how long to try to take it away.
#[derive(Clone, Copy)]
pub(super) struct Label<'a> {
    pub(super) api: &'a Api,
    pub(super) node: &'a str,
    pub(super) note: &'a Note,
    pub(super) patience: Duration,
}

impl Label<'_> {
    /// Sets it, works, takes it away. Nothing here may print or panic between the two: stderr may be gone.
    ///
    /// # Errors
    /// It was not set; then nothing is left, or [`NotSet::Unsure`] says that something may be.
    pub(super) async fn hold<T>(
        self,
        stop: impl Future<Output = ()>,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Held<T>, NotSet> {
        let Self { api, node, note, .. } = self;
        match label::set(api, node, note).await {
            Ok(()) => {}
            Err(error @ NotSet::Unanswered(_)) => {
                let undone = self.take_away().await;
                return Err(undone.map_or_else(|failed| NotSet::Unsure(node.to_owned(), failed), |_| error));
            }
            Err(error) => return Err(error),
        }
        let ended = tokio::select! {
            biased;
            () = stop => Ended::Stopped,
            done = caught(work) => match done {
                Ok(Ok(done)) => Ended::Done(done),
                Ok(Err(failure)) => Ended::Failed(failure),
                Err(panic) => Ended::Panicked(panic),
            },
        };
        Ok(Held { ended, taken: self.take_away().await })
    }

    async fn take_away(&self) -> Result<TakenAway, ApiError> {
        label::surely_take_away(self.api, self.node, &self.note.text(), self.patience).await
    }
}

/// Polls it; a panic is an outcome like another.
async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut work = pin!(work);
    // It is not polled again after a panic, so nobody sees what it left half done.
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

#[cfg(test)]
mod tests;
