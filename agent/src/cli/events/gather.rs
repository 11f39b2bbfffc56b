//! What all agents keep, asked for once.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    query::{Place, Query},
    stream::{Stream, StreamError},
};
use crate::{
    cli::{
        client::AT_ONCE,
        fetch::{FetchError, Target},
    },
    evidence::Event,
    verdict::Failed,
};

/// What the agents keep.
#[derive(Debug, Default)]
pub(in crate::cli) struct Gathered {
    /// In the order of time, by each node's own clock.
    pub(in crate::cli) events: Vec<Event>,
    /// Where each target's events are to go on, in the order of the targets.
    pub(in crate::cli) places: Vec<Option<Place>>,
    pub(in crate::cli) failed: Vec<Failed>,
}

/// Asks all of them at once, and waits for each no longer than the time-out.
pub(in crate::cli) async fn gather(targets: &[Target], query: &Query, timeout: Duration) -> Gathered {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let query = Arc::new(query.clone());
    let mut tasks = JoinSet::new();
    for (place, target) in targets.iter().cloned().enumerate() {
        let (permits, query) = (Arc::clone(&permits), Arc::clone(&query));
        tasks.spawn(async move {
            // The semaphore is never closed.
            let _permit = permits.acquire_owned().await;
            let told = tokio::time::timeout(timeout, all(&target, &query, timeout)).await;
            (place, told.unwrap_or_else(|_| Err(FetchError::Timeout(timeout).into())))
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(place, _)| *place);

    let mut gathered = Gathered::default();
    for ((_, answer), target) in answers.into_iter().zip(targets) {
        match answer {
            Ok(events) => {
                let last = events.last().map(|event| Place { boot: event.boot.clone(), seq: event.seq });
                gathered.places.push(last);
                gathered.events.extend(events.into_iter().filter(|event| query.wants(event)));
            }
            Err(error) => {
                gathered.places.push(None);
                gathered.failed.push(Failed { agent: target.to_string(), error: error.to_string() });
            }
        }
    }
    gathered.events = merged(gathered.events);
    gathered
}

async fn all(target: &Target, query: &Query, timeout: Duration) -> Result<Vec<Event>, StreamError> {
    let mut stream = Stream::open(target, query, false, None, timeout).await?;
    let mut events = Vec::new();
    while let Some(event) = stream.next().await? {
        events.push(event);
    }
    Ok(events)
}

/// In the order of time, each once: an agent may have been asked twice, or two files hold the same.
pub(in crate::cli) fn merged(mut events: Vec<Event>) -> Vec<Event> {
    let mut known = HashSet::new();
    // In captures each address has numbers of its own.
    events.retain(|event| known.insert((event.node.clone(), event.boot.clone(), event.ip, event.seq)));
    // Events of one time of one node stay in their order.
    events.sort_by(|one, other| (one.at, &one.node, one.seq).cmp(&(other.at, &other.node, other.seq)));
    events
}
