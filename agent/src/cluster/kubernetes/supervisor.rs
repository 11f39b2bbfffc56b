//! Keeps the right kinds followed: asks what is served, and looks what the index has learnt.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

use super::{
    super::{
        index::{Condition, Index, Revision, Scope},
        kind::Kind,
    },
    catalogue::Catalogue,
    fault::Fault,
    follow::{Follower, Message, News, Pace},
    plan::{Step, plan},
    request::Api,
    target::Target,
};

/// So long changes are left to gather before they are looked at.
const GATHER: Duration = Duration::from_millis(100);

/// A task that ends with its owner.
#[derive(Debug)]
pub(super) struct Task(pub(super) JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps the right kinds followed.
pub(super) struct Supervisor {
    pub(super) api: Api,
    pub(super) scope: Scope,
    pub(super) pace: Pace,
    pub(super) index: Arc<RwLock<Index>>,
    pub(super) news: mpsc::Sender<Message>,
    pub(super) revisions: watch::Receiver<Revision>,
}

/// What is done at present.
#[derive(Default)]
struct Running {
    tasks: BTreeMap<Kind, (Target, Task)>,
    missing: BTreeMap<Kind, String>,
    /// Kinds that were served by the catalogue, and not when asked.
    gone: BTreeSet<Kind>,
    /// The API server answers again.
    back: Arc<Notify>,
}

impl Supervisor {
    /// Does so until nobody listens any more.
    pub(super) async fn run(mut self) {
        let mut running = Running::default();
        let mut catalogue = None;
        let mut backoff = self.pace.backoff();
        let mut discover = Instant::now();
        loop {
            let facts = self.index.read().unwrap_or_else(PoisonError::into_inner).facts();
            if !self.follow(&mut running, plan(&self.scope, &facts, catalogue.as_ref())).await {
                return;
            }
            tokio::select! {
                () = sleep_until(discover) => {
                    let wait = match Catalogue::read(&self.api).await {
                        Ok(found) => {
                            backoff = self.pace.backoff();
                            catalogue = Some(found);
                            self.pace.rediscover.mul_f32(1.0 + fastrand::f32() / 4.0)
                        }
                        // Everybody may ask by default. If not, asking for the kinds themselves tells.
                        Err(Fault::Forbidden(_)) => {
                            catalogue = Some(Catalogue::everything());
                            self.pace.rediscover
                        }
                        Err(error) => {
                            tracing::debug!(%error, "served kinds not read");
                            backoff.next().unwrap_or(self.pace.longest)
                        }
                    };
                    running.gone.clear();
                    discover = Instant::now() + wait;
                    if let Some(catalogue) = &catalogue
                        && self.news.send(Message::Served(catalogue.served())).await.is_err()
                    {
                        return;
                    }
                }
                changed = self.revisions.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    sleep(GATHER).await;
                    self.revisions.mark_unchanged();
                    if running.take_finished() {
                        discover = discover.min(Instant::now() + self.pace.longest);
                    }
                }
            }
        }
    }

    /// Begins what is new in the plan and ends what is no longer in it. Whether somebody listens.
    async fn follow(&self, running: &mut Running, mut plan: BTreeMap<Kind, Step>) -> bool {
        plan.retain(|kind, _| !running.gone.contains(kind));
        let superseded: Vec<_> =
            running.tasks.keys().copied().filter(|kind| running.superseded(*kind, &plan)).collect();
        for kind in superseded {
            if let Some((_, mut task)) = running.tasks.remove(&kind) {
                task.0.abort();
                // Whatever it had to say is said before what follows.
                _ = (&mut task.0).await;
            }
            if !self.condition(kind, Condition::Unwanted).await {
                return false;
            }
        }
        for (kind, step) in plan {
            match step {
                Step::Follow(target) if !running.tasks.contains_key(&kind) => {
                    running.missing.remove(&kind);
                    let follower = Follower {
                        api: self.api.clone(),
                        target: target.clone(),
                        pace: self.pace,
                        news: self.news.clone(),
                        back: Arc::clone(&running.back),
                    };
                    running.tasks.insert(kind, (target, Task(tokio::spawn(follower.run()))));
                }
                Step::Missing(why) if running.missing.get(&kind) != Some(&why) => {
                    running.missing.insert(kind, why.clone());
                    if !self.condition(kind, Condition::NotServed(why)).await {
                        return false;
                    }
                }
                Step::Follow(_) | Step::Missing(_) => {}
            }
        }
        true
    }

    async fn condition(&self, kind: Kind, condition: Condition) -> bool {
        self.news.send(Message::News(kind, News::Condition(condition))).await.is_ok()
    }
}

impl Running {
    /// Whether a kind is followed that the plan doesn't have, or has elsewhere.
    fn superseded(&self, kind: Kind, plan: &BTreeMap<Kind, Step>) -> bool {
        let target = self.tasks.get(&kind).map(|(target, _)| target);
        !matches!((plan.get(&kind), target), (Some(Step::Follow(new)), Some(old)) if new == old)
    }

    /// Forgets tasks that have ended by themselves: their kinds are not served. Whether there were any.
    fn take_finished(&mut self) -> bool {
        let finished = self.tasks.iter().filter(|(_, (_, task))| task.0.is_finished()).map(|(kind, _)| *kind);
        let finished: Vec<_> = finished.collect();
        for kind in &finished {
            self.tasks.remove(kind);
            self.gone.insert(*kind);
        }
        !finished.is_empty()
    }
}
