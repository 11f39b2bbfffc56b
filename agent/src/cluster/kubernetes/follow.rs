//! One kind, followed: listed once, then watched; listed again only when a watch can't go on.
//!
//! It is kube's `watcher` in short, because that one says neither when a watch that broke works again nor when its
//! `resourceVersion` was refused with an HTTP status.

use std::{pin::pin, sync::Arc, time::Duration};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use jiff::Timestamp;
use kube::core::WatchEvent;
use serde_json::Value;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep, timeout},
};
use tokio_stream::{Stream, StreamExt as _};

use super::{
    super::{index::Condition, kind::Kind, objects::Item},
    fault::Fault,
    request::{Api, understood},
    target::Target,
};
use crate::claims::election::Served;

/// What the writer of the index is told.
#[derive(Debug)]
pub(super) enum Message {
    /// About a kind.
    News(Kind, News),
    /// What is served of `MetalLB`.
    Served(Served),
}

/// News of a kind.
#[derive(Debug)]
pub(super) enum News {
    /// A complete list.
    Listed(Vec<Item>, Timestamp),
    /// An object is new or changed.
    Changed(Item),
    /// It is gone.
    Deleted(Item),
    /// How it is followed.
    Condition(Condition),
}

/// How patient to be.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The first wait after something went wrong. Each wait is as long as that up to twice as long, at random.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
    /// How long a watch lasts, up to a fifth longer at random; an API server closes it by itself after that.
    pub watch: Duration,
    /// How often it is asked which kinds are served.
    pub rediscover: Duration,
    /// An answer that has not begun by then won't come.
    pub answer: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(800),
            longest: Duration::from_secs(20),
            watch: Duration::from_secs(240),
            rediscover: Duration::from_secs(300),
            answer: Duration::from_secs(30),
        }
    }
}

impl Pace {
    /// Waits that get longer.
    pub(super) fn backoff(self) -> ExponentialBackoff {
        let builder = ExponentialBuilder::default().with_min_delay(self.first).with_max_delay(self.longest);
        builder.without_max_times().with_jitter().build()
    }
}

/// A watch holds if it is there that long: an API server that cuts them all must not be asked all the time.
const BRIEF: Duration = Duration::from_secs(1);
/// Beyond its own end a watch may be silent that much longer.
const GRACE: Duration = Duration::from_secs(15);
/// A watch that fails so often at the same place is begun anew with a list.
const STUCK: u32 = 5;

/// Follows one kind.
pub(super) struct Follower {
    pub(super) api: Api,
    pub(super) target: Target,
    pub(super) pace: Pace,
    pub(super) news: mpsc::Sender<Message>,
    /// Tells the others that the API server answers again: whoever waits need not wait on.
    pub(super) back: Arc<Notify>,
}

/// How a watch ended.
enum End {
    /// By itself.
    Closed,
    /// It did not go well.
    Fault(Fault),
    /// Nobody listens any more.
    Unheard,
}

/// What went wrong since it last went well.
struct Trouble {
    pace: Pace,
    since: Option<Timestamp>,
    times: u32,
    /// How often a watch was too far behind.
    behind: u32,
    /// Goes on where it was, until a watch has held for a while.
    backoff: ExponentialBackoff,
}

impl Trouble {
    fn none(pace: Pace) -> Self {
        Self { pace, since: None, times: 0, behind: 0, backoff: pace.backoff() }
    }

    /// An answer came. Whether there was trouble before.
    const fn healed(&mut self) -> bool {
        self.times = 0;
        self.since.take().is_some()
    }

    /// Answers kept coming.
    fn over(&mut self) {
        *self = Self::none(self.pace);
    }
}

impl Follower {
    /// Follows it until it turns out not to be served, or nobody listens.
    pub(super) async fn run(self) {
        let mut trouble = Trouble::none(self.pace);
        loop {
            let fault = match self.api.list(&self.target).await {
                Ok((items, version)) => {
                    self.heal(&mut trouble);
                    if !self.tell(News::Listed(items, Timestamp::now())).await {
                        return;
                    }
                    match self.watch(version, &mut trouble).await {
                        End::Fault(fault) => fault,
                        End::Closed | End::Unheard => return,
                    }
                }
                Err(fault) => fault,
            };
            let gone = matches!(fault, Fault::NotServed);
            if !self.wait(&mut trouble, &fault).await || gone {
                return;
            }
        }
    }

    /// Watches from there on, however often that takes; ends with what calls for a list.
    async fn watch(&self, mut version: String, trouble: &mut Trouble) -> End {
        loop {
            let seconds = fastrand::u64(self.pace.watch.as_secs()..=self.pace.watch.as_secs() * 6 / 5);
            let opened = Instant::now();
            let end = match self.api.watch(&self.target, &version, seconds as u32).await {
                Err(fault) => End::Fault(fault),
                Ok(events) => {
                    let patience = Duration::from_secs(seconds) + GRACE;
                    self.read(events, patience, &mut version, trouble).await
                }
            };
            if opened.elapsed() >= self.pace.longest {
                trouble.over();
            }
            let fault = match end {
                End::Unheard => return End::Unheard,
                End::Closed => continue,
                End::Fault(fault) => fault,
            };
            let stuck = trouble.times >= STUCK && !matches!(fault, Fault::Unreachable(_) | Fault::Silent(_));
            if stuck || fault.refuses() || matches!(fault, Fault::Expired(_) | Fault::NotServed) {
                return End::Fault(fault);
            }
            if !self.wait(trouble, &fault).await {
                return End::Unheard;
            }
        }
    }

    /// Passes events on until the watch ends. Only one that holds proves that all is well.
    async fn read(
        &self,
        events: impl Stream<Item = Result<WatchEvent<Value>, Fault>>,
        patience: Duration,
        version: &mut String,
        trouble: &mut Trouble,
    ) -> End {
        let mut events = pin!(events);
        let mut holds = false;
        loop {
            let next = timeout(if holds { patience } else { BRIEF }, events.next()).await;
            let event = match next {
                Err(_) if holds => return End::Fault(Fault::Silent(patience)),
                Ok(None) if holds => return End::Closed,
                Ok(None) => return End::Fault(Fault::Cut),
                Ok(Some(Err(fault))) => return End::Fault(fault),
                Ok(Some(Ok(WatchEvent::Error(status)))) => {
                    return End::Fault(Fault::of_event(&status, &self.target));
                }
                Err(_) => None,
                Ok(Some(Ok(event))) => Some(event),
            };
            if !holds {
                holds = true;
                self.heal(trouble);
                if !self.tell(News::Condition(Condition::Followed(Timestamp::now()))).await {
                    return End::Unheard;
                }
            }
            if let Some(event) = event
                && !self.pass(event, version).await
            {
                return End::Unheard;
            }
        }
    }

    /// Passes an event on. Whether somebody listens.
    async fn pass(&self, event: WatchEvent<Value>, version: &mut String) -> bool {
        let (object, news): (_, fn(Item) -> News) = match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, News::Changed),
            WatchEvent::Deleted(object) => (object, News::Deleted),
            WatchEvent::Bookmark(bookmark) => {
                *version = bookmark.metadata.resource_version;
                return true;
            }
            WatchEvent::Error(_) => return true,
        };
        let Some(item) = understood(self.target.kind, &object.to_string()) else { return true };
        if !item.version.is_empty() {
            version.clone_from(&item.version);
        }
        self.tell(news(item)).await
    }

    fn heal(&self, trouble: &mut Trouble) {
        if trouble.healed() {
            self.back.notify_waiters();
        }
    }

    /// Tells what is wrong, and waits. Whether somebody listens.
    async fn wait(&self, trouble: &mut Trouble, fault: &Fault) -> bool {
        let Pace { first, longest, .. } = self.pace;
        let jitter = || 1.0 + fastrand::f32();
        if matches!(fault, Fault::Expired(_)) {
            // Nothing to tell: the list comes next. At once after the API server was away; not if it goes on like that.
            trouble.behind += 1;
            let again = trouble.behind > 1;
            let wait = again.then(|| trouble.backoff.next()).flatten().unwrap_or(first.mul_f32(jitter()));
            sleep(wait).await;
            return true;
        }
        trouble.times += 1;
        let since = *trouble.since.get_or_insert_with(Timestamp::now);
        let error = fault.to_string();
        let condition = match fault {
            Fault::NotServed => Condition::NotServed(error),
            _ if fault.refuses() => Condition::Refused { since, error },
            _ => Condition::Lost { since, error },
        };
        // Watches do end; and Services speak for all when the API server goes away.
        let may_pass = matches!(fault, Fault::Cut) || self.target.kind != Kind::Services;
        let passing = may_pass && trouble.times == 1 && matches!(condition, Condition::Lost { .. });
        if !passing && !self.tell(News::Condition(condition)).await {
            return false;
        }
        match fault {
            Fault::NotServed => {}
            // Rights change by people's hands: asking sooner helps nobody.
            _ if fault.refuses() => sleep(longest.mul_f32(jitter())).await,
            _ => tokio::select! {
                () = sleep(trouble.backoff.next().unwrap_or(longest)) => {}
                () = self.back.notified() => sleep(first.mul_f32(jitter())).await,
            },
        }
        true
    }

    async fn tell(&self, news: News) -> bool {
        self.news.send(Message::News(self.target.kind, news)).await.is_ok()
    }
}
