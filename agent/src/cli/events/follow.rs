//! All agents' events as they come, through restarts of theirs.

use std::{sync::Arc, time::Duration};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::{sync::mpsc, task::LocalSet};

use super::{
    query::{Place, Query},
    stream::Stream,
};
use crate::{cli::fetch::Target, evidence::Event};

/// Events that wait to be printed; an agent waits when there are more.
const WAITING: usize = 1024;

/// What one of the followed agents does.
#[derive(Debug, PartialEq)]
pub(in crate::cli) enum News {
    /// It tells something.
    Event(Event),
    /// It is not heard any more; it is asked again until it is back.
    Away {
        /// Who.
        agent: String,
        /// Why.
        error: String,
    },
    /// It is back, and goes on where it was if it is still the same.
    Back {
        /// Who.
        agent: String,
    },
}

/// Follows until it is dropped.
pub(in crate::cli) struct Following {
    news: mpsc::Receiver<News>,
    /// They run while somebody waits for news, and end with it.
    tasks: LocalSet,
}

impl Following {
    /// Begins; `places` are where each of the targets goes on, as gathered.
    pub(in crate::cli) fn new(
        targets: &[Target],
        places: &[Option<Place>],
        query: &Query,
        timeout: Duration,
    ) -> Self {
        let (sender, news) = mpsc::channel(WAITING);
        let query = Arc::new(query.clone());
        let tasks = LocalSet::new();
        let places = places.iter().cloned().chain(std::iter::repeat(None));
        for (target, place) in targets.iter().cloned().zip(places) {
            let follower = Follower {
                target,
                place,
                query: Arc::clone(&query),
                timeout,
                news: sender.clone(),
                away: false,
            };
            tasks.spawn_local(follower.run());
        }
        Self { news, tasks }
    }

    /// What happens next; `None` where nobody is followed.
    pub(in crate::cli) async fn next(&mut self) -> Option<News> {
        self.tasks.run_until(self.news.recv()).await
    }
}

/// One agent.
struct Follower {
    target: Target,
    place: Option<Place>,
    query: Arc<Query>,
    timeout: Duration,
    news: mpsc::Sender<News>,
    away: bool,
}

/// Whoever listened is gone.
struct Unheard;

impl Follower {
    async fn run(mut self) {
        let pauses = || {
            ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(200))
                .with_max_delay(Duration::from_secs(5))
                .with_jitter()
                .without_max_times()
                .build()
        };
        let mut pause = pauses();
        loop {
            let heard = self.listen().await;
            let Ok((error, was_there)) = heard else { return };
            if was_there {
                pause = pauses();
            }
            if !self.away {
                self.away = true;
                let agent = self.target.to_string();
                if self.news.send(News::Away { agent, error }).await.is_err() {
                    return;
                }
            }
            tokio::time::sleep(pause.next().unwrap_or(Duration::from_secs(5))).await;
            self.look_up().await;
        }
    }

    /// Passes on what it tells until it ends; says why it did, and whether there was anybody at all.
    async fn listen(&mut self) -> Result<(String, bool), Unheard> {
        let Self { target, place, query, timeout, .. } = self;
        let mut stream = match Stream::open(target, query, true, place.as_ref(), *timeout).await {
            Ok(stream) => stream,
            Err(error) => return Ok((error.to_string(), false)),
        };
        if std::mem::take(&mut self.away) {
            self.tell(News::Back { agent: self.target.to_string() }).await?;
        }
        loop {
            match stream.next().await {
                Ok(Some(event)) => self.pass_on(event).await?,
                Ok(None) => return Ok(("it ended the connection".to_owned(), true)),
                Err(error) => return Ok((error.to_string(), true)),
            }
        }
    }

    async fn pass_on(&mut self, event: Event) -> Result<(), Unheard> {
        let Event { boot, seq, .. } = &event;
        if self.place.as_ref().is_some_and(|place| place.boot == *boot && place.seq >= *seq) {
            return Ok(());
        }
        self.place = Some(Place { boot: boot.clone(), seq: *seq });
        if self.query.wants(&event) { self.tell(News::Event(event)).await } else { Ok(()) }
    }

    async fn tell(&self, news: News) -> Result<(), Unheard> {
        self.news.send(news).await.map_err(|_| Unheard)
    }

    /// A node's agent may be another pod by now.
    async fn look_up(&mut self) {
        let Target::Pod(api, pod) = &self.target else { return };
        let Ok(roster) = api.roster().await else { return };
        if let Some(now) = roster.agents.into_iter().find(|agent| agent.node == pod.node) {
            self.target = Target::Pod(api.clone(), now);
        }
    }
}
