//! The one task that writes to the index.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use tokio::{
    sync::{
        mpsc::{self, error::TryRecvError},
        watch,
    },
    task::yield_now,
    time::timeout,
};

use super::{
    super::index::{Index, Revision},
    follow::{Message, News},
    log::{Log, PASSING},
};

/// Messages that are taken at once, so that readers get their turn.
const BATCH: usize = 256;
/// Hashes of elections that are computed at once: some milliseconds.
const PORTION: usize = 20_000;

/// Takes in what comes until nobody can send any more.
pub(super) async fn write(
    index: Arc<RwLock<Index>>,
    mut messages: mpsc::Receiver<Message>,
    revisions: watch::Sender<Revision>,
) {
    let mut log = Log::default();
    let mut more = false;
    loop {
        let mut next = match messages.try_recv() {
            Ok(message) => Some(message),
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) if more => None,
            Err(TryRecvError::Empty) => {
                let patience = if log.waits() { PASSING } else { Duration::MAX };
                match timeout(patience, messages.recv()).await {
                    Ok(None) => return,
                    Ok(message) => message,
                    Err(_) => {
                        log.kinds(Instant::now());
                        continue;
                    }
                }
            }
        };
        let (revision, state) = {
            // A panic elsewhere leaves it usable: nothing is changed half.
            let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
            let before = index.revision();
            for taken in 0.. {
                let Some(message) = next else { break };
                take(&mut index, message);
                next = if taken < BATCH { messages.try_recv().ok() } else { None };
            }
            more = index.settle(PORTION);
            let revision = index.revision();
            (revision, (revision != before).then(|| (index.state(), index.lb_ips().len())))
        };
        if let Some((state, lb_ips)) = state {
            log.tell(state, lb_ips, Instant::now());
        }
        revisions.send_if_modified(|last| std::mem::replace(last, revision) != revision);
        yield_now().await;
    }
}

fn take(index: &mut Index, message: Message) {
    match message {
        Message::Served(served) => index.served(served),
        Message::News(kind, News::Listed(items, at)) => index.listed(kind, items, at),
        Message::News(kind, News::Changed(item)) => index.changed(kind, item),
        Message::News(kind, News::Deleted(item)) => index.deleted(kind, &item.key),
        Message::News(kind, News::Condition(condition)) => index.condition(kind, condition),
    }
}
