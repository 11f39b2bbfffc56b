//! What this node's speaker says, read every few seconds and held against the wire.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, sleep},
};

use super::Shared;
use crate::{
    claims::{
        counters::{Comparison, Moment, Scope, same_process, witnessed},
        speaker::{Counted, Endpoint, Reader, Readout, Scrape, Series},
    },
    evidence::{Announced, ClaimChange, NodeReport, Reading, Speaker, What},
    wire::{Tally, sender::arp_sockets},
};

/// The speaker counts a frame after the programs on the interface do: by this much at most, or else the next reading
/// shows it. Its CPU limit may stop it for 100 ms at a time.
const PAUSE: Duration = Duration::from_millis(250);

/// What the speaker announced at its last reading is not told any more after this time.
const KEEP: Duration = Duration::from_secs(600);

/// Whoever announces has just been told to: the next reading need not wait for its turn, but for this long.
const SOON: Duration = Duration::from_secs(5);

/// Holds what was read, for the reports.
#[derive(Debug, Default)]
pub struct Claims {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    endpoints: Vec<Endpoint>,
    given: bool,
    selected: BTreeMap<IpAddr, BTreeSet<String>>,
    /// Without times; `read` says when.
    speaker: Speaker,
    read: Option<Instant>,
    /// With when each was first read.
    announced: BTreeMap<IpAddr, Vec<(Series, Instant)>>,
    /// The addresses of the last reading.
    told: BTreeSet<IpAddr>,
    compared: BTreeMap<IpAddr, Comparison>,
    /// What was announced in layer 2 at the last good reading, of whatever speaker; none before the first.
    claimed: Option<BTreeSet<(IpAddr, String)>>,
    /// The last reading that was brought forward.
    forward: Option<Instant>,
}

/// A Service's LB IP that the speaker announces since its last reading, or no longer does.
#[derive(Debug, PartialEq, Eq)]
struct Moved {
    ip: IpAddr,
    service: String,
    began: bool,
}

impl Claims {
    /// Where the speaker's metrics are by the operator's word, best first; what is found elsewhere does not count then.
    pub fn set_given(&self, endpoints: Vec<Endpoint>) {
        self.state().given = !endpoints.is_empty();
        self.set_endpoints(endpoints);
    }

    /// Where they may be by the speaker's pod; none where there is no speaker.
    pub fn set_found(&self, endpoints: Vec<Endpoint>) {
        if !self.state().given {
            self.set_endpoints(endpoints);
        }
    }

    /// Others than before are read at once.
    fn set_endpoints(&self, endpoints: Vec<Endpoint>) {
        let mut state = self.state();
        if state.endpoints == endpoints {
            return;
        }
        let compared = std::mem::take(&mut state.compared);
        let selected = std::mem::take(&mut state.selected);
        let claimed = state.claimed.take();
        let given = state.given;
        *state = State { endpoints, given, selected, compared, claimed, ..State::default() };
        drop(state);
        self.changed.notify_one();
    }

    /// An address moves: what the speaker says of it is read now, unless that was done a moment ago.
    pub(super) fn moves(&self) {
        let mut state = self.state();
        let now = Instant::now();
        let last = state.forward.max(state.read);
        if last.is_none_or(|last| now.saturating_duration_since(last) >= SOON) {
            state.forward = Some(now);
            self.changed.notify_one();
        }
    }

    /// Which interfaces the `L2Advertisement`s select, for those addresses for which they name some.
    pub fn set_selected(&self, selected: BTreeMap<IpAddr, BTreeSet<String>>) {
        self.state().selected = selected;
    }

    /// Puts what was read into a report that is made now.
    pub fn merge(&self, report: &mut NodeReport) {
        let state = self.state();
        let now = Instant::now();
        // By the steps that the clock on the wall took since, too.
        let wall = |instant: Instant| {
            let ago = SignedDuration::try_from(now.saturating_duration_since(instant)).unwrap_or_default();
            report.time.saturating_sub(ago).unwrap_or(report.time)
        };
        let mut said: BTreeMap<IpAddr, _> =
            state.compared.iter().map(|(ip, of)| (*ip, of.compared(&wall))).collect();
        let announced = |(series, since): &(Series, Instant)| Announced {
            service: series.service.clone(),
            protocol: series.protocol.clone(),
            since: wall(*since),
        };
        let kept = state.read.filter(|read| now.saturating_duration_since(*read) < KEEP);
        let read = state.read.map(wall);
        for lb_ip in &mut report.lb_ips {
            lb_ip.said.counters = said.remove(&lb_ip.ip).unwrap_or_default();
            let series = state.announced.get(&lb_ip.ip).filter(|_| kept.is_some());
            lb_ip.said.announced = series.into_iter().flatten().map(announced).collect();
        }
        if state.endpoints.is_empty() {
            return;
        }
        let Speaker {
            pod: _,
            ready: _,
            version: _,
            endpoint,
            reading,
            error,
            read: _,
            started,
            config_loaded,
            config_stale,
        } = state.speaker.clone();
        let of = report.speaker.take().unwrap_or_default();
        report.speaker =
            Some(Speaker { endpoint, reading, error, read, started, config_loaded, config_stale, ..of });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the speaker again and again; never ends.
pub(super) async fn follow(shared: Arc<Shared>, every: Duration) {
    let claims = &shared.claims;
    let mut reader = Reader::default();
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = claims.changed.notified() => {}
        }
        let (endpoints, tracked) = {
            let state = claims.state();
            // Those that were told of once stay: a speaker that restarts has no series at first.
            (state.endpoints.clone(), state.told.iter().chain(state.compared.keys()).copied().collect())
        };
        if endpoints.is_empty() {
            continue;
        }
        let sockets = arp_sockets().await;
        let before = shared.observer().tally(&tracked);
        sleep(PAUSE).await;
        let Some(scrape) = reader.read(&endpoints, |ip| shared.observer().watches(ip)).await else {
            continue;
        };
        let after = shared.observer().tally(&tracked);
        let moved = {
            let mut state = claims.state();
            // Others were set meanwhile: this was somebody else's word.
            if state.endpoints != endpoints {
                continue;
            }
            state.take(scrape, &before, &after, sockets.as_ref())
        };
        for Moved { ip, service, began } in moved {
            let on = shared.history().node().to_owned();
            let change = ClaimChange { by: "speaker".to_owned(), service, on, began, own_time: None };
            shared.history().learned(Some(ip), What::Claim(change));
        }
    }
}

impl State {
    /// Takes a reading in; gives what the speaker says otherwise than at the one before.
    fn take(
        &mut self,
        scrape: Scrape,
        before: &Tally,
        after: &Tally,
        sockets: Option<&BTreeSet<u32>>,
    ) -> Vec<Moved> {
        let reading = scrape.reading();
        if reading != self.speaker.reading {
            let error = scrape.outcome.as_ref().err().map_or("", |(_, error)| error.as_str());
            let endpoint = &scrape.endpoint;
            if reading == Reading::Ok {
                tracing::info!(endpoint, "the speaker's metrics are read");
            } else {
                tracing::warn!(
                    endpoint,
                    state = reading.label(),
                    error,
                    "the speaker's metrics can't be read"
                );
            }
        }
        self.speaker.reading = reading;
        self.speaker.endpoint = Some(scrape.endpoint);
        match scrape.outcome {
            Err((_, error)) => {
                self.speaker.error = Some(error);
                Vec::new()
            }
            Ok(readout) => {
                let moved = self.moved(&readout.announced);
                self.learn(readout, before, after, sockets);
                moved
            }
        }
    }

    /// What changed since the last good reading. At the first one nobody knows since when it is so.
    fn moved(&mut self, announced: &BTreeMap<IpAddr, Vec<Series>>) -> Vec<Moved> {
        let claims = announced.iter().flat_map(|(ip, all)| {
            let in_layer2 = all.iter().filter(|series| series.protocol == "layer2");
            in_layer2.map(|series| (*ip, series.service.clone()))
        });
        let now: BTreeSet<_> = claims.collect();
        let Some(before) = self.claimed.replace(now.clone()) else { return Vec::new() };
        let moved =
            |(ip, service): &(IpAddr, String), began| Moved { ip: *ip, service: service.clone(), began };
        let ended = before.difference(&now).map(|of| moved(of, false));
        ended.chain(now.difference(&before).map(|of| moved(of, true))).collect()
    }

    fn learn(&mut self, readout: Readout, before: &Tally, after: &Tally, sockets: Option<&BTreeSet<u32>>) {
        let now = Instant::now();
        let same = same_process(self.speaker.started, readout.started);
        let Readout { announced, counted, config_loaded, config_stale, started, lines: _, garbage } = readout;
        self.speaker.error = (garbage > 0).then(|| format!("{garbage} of its lines can't be read"));
        (self.speaker.config_loaded, self.speaker.config_stale) = (config_loaded, config_stale);
        (self.speaker.started, self.read) = (started, Some(now));
        self.told = announced.keys().chain(counted.keys()).copied().collect();

        self.compared.retain(|ip, _| after.ips.contains_key(ip));
        for ip in after.ips.keys() {
            let scope = Scope { sockets, selected: self.selected.get(ip) };
            let (Some(before), Some(after)) = (witnessed(before, *ip, scope), witnessed(after, *ip, scope))
            else {
                continue;
            };
            let by_layer2 = |series: &Series| series.protocol == "layer2";
            let moment = Moment {
                ip: *ip,
                at: now,
                started,
                counted: counted.get(ip).copied().unwrap_or(Counted::default()),
                announced: announced.get(ip).is_some_and(|all| all.iter().any(by_layer2)),
                before,
                after,
            };
            match self.compared.entry(*ip) {
                Entry::Occupied(mut of) => of.get_mut().step(moment),
                Entry::Vacant(place) => drop(place.insert(Comparison::new(moment))),
            }
        }
        let known = std::mem::take(&mut self.announced);
        let since = |ip: &IpAddr, series: &Series| {
            let earlier = known.get(ip).filter(|_| same)?.iter().find(|(known, _)| known == series)?;
            Some(earlier.1)
        };
        let with_since = |(ip, all): (IpAddr, Vec<Series>)| {
            let all = all.into_iter().map(|series| {
                let since = since(&ip, &series).unwrap_or(now);
                (series, since)
            });
            (ip, all.collect())
        };
        self.announced = announced.into_iter().map(with_since).collect();
    }
}

#[cfg(test)]
mod tests;
