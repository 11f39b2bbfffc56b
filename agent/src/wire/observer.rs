//! Keeps the programs on the right interfaces and the right IPs on the allow-list, and reads the evidence out.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Instant,
};

use jiff::Timestamp;
use l2witness_ebpf::layout::{Ignored, Local, Origin, Stamp};

use super::{
    Change, Clock, Config, Error, Events, Facts, Hook, Link, Neighbours, Pins, Programs, Shared, Skipped,
    Tally, Told, attach,
    port::{Observed, Port},
    report::{self, Sources},
    sender::Names,
    stale::StaleTraffic,
    tally,
    told::{self, Losses, Naming, OfIp, Who},
    watch::Watch,
};
use crate::evidence::{self, NodeReport, RequestTimes, Takeovers};

/// The observer of one node.
pub struct Observer {
    // Fields drop in this order: the programs are detached before the pins go.
    ports: BTreeMap<u32, Port>,
    shared: Shared,
    watch: Watch,
    config: Config,
    since: Timestamp,
    clock: Clock,
    names: Names,
    /// Events that interfaces had lost when they went, by reason.
    lost: BTreeMap<String, u64>,
    facts: Facts,
    takeovers: Takeovers,
    asked: RequestTimes,
    losses: Losses,
    /// Interfaces that have lost their carrier since [`Self::cut`] was asked.
    cut: BTreeSet<u32>,
    stale: StaleTraffic,
    /// How often programs were attached.
    attached: u64,
    pins: Pins,
}

impl Observer {
    /// Makes the shared maps; nothing is attached yet.
    ///
    /// # Errors
    /// [`Error::Load`] where the kernel refuses them.
    pub fn new(config: Config, pins: Pins) -> Result<Self, Error> {
        let shared = Shared::create(&pins, config.capacity)?;
        let watch = Watch::new(config.capacity);
        let names = Names::default();
        Ok(Self {
            ports: BTreeMap::new(),
            shared,
            watch,
            config,
            since: Timestamp::now(),
            clock: Clock::read(),
            names,
            lost: BTreeMap::new(),
            facts: Facts::default(),
            takeovers: Takeovers::default(),
            asked: RequestTimes::default(),
            losses: Losses::default(),
            cut: BTreeSet::new(),
            stale: StaleTraffic::default(),
            attached: 0,
            pins,
        })
    }

    /// The stream of changes; `None` after the first call.
    pub fn events(&mut self) -> Option<Events> {
        self.shared.events.take().map(Events::new)
    }

    /// Replaces the set of LB IPs; those that stay keep their counters.
    ///
    /// # Errors
    /// [`Error::Full`], with nothing changed; [`Error::Map`] if the kernel refuses an entry.
    pub fn watch(&mut self, ips: &BTreeSet<IpAddr>) -> Result<(), Error> {
        let diff = self.watch.replace(ips)?;
        for (ip, _) in &diff.remove {
            self.shared.remove(*ip)?;
            self.takeovers.forget(*ip);
            self.asked.forget(*ip);
            self.losses.forget(*ip);
            self.stale.forget(*ip);
        }
        for (ip, index) in &diff.insert {
            for port in self.ports.values_mut() {
                if let Ok(observed) = &mut port.state {
                    observed.programs.clear(*index)?;
                }
            }
            self.shared.insert(*ip, *index)?;
        }
        Ok(())
    }

    /// Attaches to what came, lets go of what went or became unfit, and notes what changed. `gone` are indices
    /// of interfaces that were deleted since the last call, even if they are in use again.
    ///
    /// An interface that only goes down keeps its programs and its counters, and so does one that is renamed.
    /// What fails is logged once, shown in the report and tried again; the others go on.
    pub fn reconcile(&mut self, links: &[Link], gone: &BTreeSet<u32>) {
        let stays = |index: &u32| !gone.contains(index) && links.iter().any(|link| link.index == *index);
        let left: Vec<u32> = self.ports.keys().filter(|index| !stays(index)).copied().collect();
        for index in left {
            self.leave(index, "interface went; its counters go with it");
        }
        for link in links {
            let fit = self.config.rules.check(link);
            if let Some(port) = self.ports.get_mut(&link.index) {
                let before = std::mem::replace(&mut port.link, link.clone());
                if before.carrier && !link.carrier {
                    self.cut.insert(link.index);
                }
                if link.up && !before.up {
                    port.up_since = Instant::now();
                }
                match (&port.state, fit) {
                    (Ok(_), Ok(()) | Err(Skipped::Down)) => {
                        if before.mac != link.mac {
                            let mac = link.mac.unwrap_or_default();
                            tracing::info!(interface = link.name, %mac, "hardware address changed");
                        }
                        continue;
                    }
                    (Ok(_), Err(skipped)) => self.leave(link.index, &skipped.to_string()),
                    (Err(_), _) => {}
                }
            }
            let state = match fit {
                Ok(()) => self.observe(link).map_err(|error| error.to_string()),
                Err(skipped) => Err(skipped.to_string()),
            };
            let known = self.ports.get(&link.index).and_then(|port| port.state.as_ref().err());
            if let (Ok(()), Err(error)) = (fit, &state)
                && known != Some(error)
            {
                tracing::error!(
                    interface = link.name,
                    error,
                    "not observed; it is tried again every few seconds"
                );
            }
            let up_since = self.ports.get(&link.index).map_or_else(Instant::now, |port| port.up_since);
            self.ports.insert(link.index, Port { link: link.clone(), state, up_since });
        }
    }

    /// Interfaces that are observed by clsact filters, which anybody may remove.
    pub fn by_filters(&self) -> Vec<u32> {
        let clsact = |port: &&Port| port.state.as_ref().is_ok_and(|observed| observed.hook == Hook::Clsact);
        self.ports.values().filter(clsact).map(|port| port.link.index).collect()
    }

    /// Lets go of an interface whose filters are not there any more; [`Self::reconcile`] attaches to it again.
    pub fn lost_filters(&mut self, index: u32) {
        tracing::warn!(
            interface = self.interface(index),
            "somebody removed the agent's filters; attaching again"
        );
        self.leave(index, "its filters were removed");
    }

    fn leave(&mut self, index: u32, why: &str) {
        let Some(port) = self.ports.remove(&index) else { return };
        self.takeovers.forget_interface(index);
        self.asked.forget_interface(index);
        self.losses.forget_interface(index);
        if let Ok(observed) = &port.state {
            tracing::info!(interface = port.link.name, why, "interface is not observed any more");
            // The sum over interfaces is a counter: it must not fall when one goes.
            add_events_lost(&mut self.lost, observed);
        }
    }

    fn observe(&mut self, link: &Link) -> Result<Observed, Error> {
        let mut programs = Programs::load(&self.pins, self.config.capacity, self.config.traffic)?;
        attach::clear(&link.name);
        let hook = programs.attach(&link.name, self.config.hook)?;
        tracing::info!(interface = link.name, %hook, mac = %link.mac.unwrap_or_default(), "observing");
        self.attached += 1;
        Ok(Observed { programs, hook, attached: self.attached })
    }

    /// The interfaces that are to be observed by the rules and are not, each with why.
    fn failed(&self) -> impl Iterator<Item = (&str, &String)> {
        let fit = self.ports.values().filter(|port| self.config.rules.check(&port.link).is_ok());
        fit.filter_map(|port| Some((port.link.name.as_str(), port.state.as_ref().err()?)))
    }

    /// Names of the interfaces that are to be observed by the rules and are not.
    pub fn unattached(&self) -> Vec<&str> {
        self.failed().map(|(name, _)| name).collect()
    }

    /// Events that did not reach the agent so far, by reason.
    pub fn events_lost(&self) -> BTreeMap<String, u64> {
        let mut lost = self.lost.clone();
        for observed in self.ports.values().filter_map(|port| port.state.as_ref().ok()) {
            add_events_lost(&mut lost, observed);
        }
        lost
    }

    /// How many interfaces are observed.
    pub fn observed(&self) -> usize {
        self.ports.values().filter(|port| port.state.is_ok()).count()
    }

    /// The node's name.
    pub fn node(&self) -> &str {
        &self.config.node
    }

    /// Name of the interface with that index.
    pub fn interface(&self, index: u32) -> Option<&str> {
        self.ports.get(&index).map(|port| port.link.name.as_str())
    }

    /// What is known of the programs behind sockets.
    pub const fn names(&mut self) -> &mut Names {
        &mut self.names
    }

    /// Cookie and cgroup id of the programs' sockets in the evidence that have no name yet, each once.
    pub fn unnamed(&self) -> BTreeSet<(u64, u64)> {
        let claims = self.watch.iter().map(|(_, index)| self.shared.claims(index));
        let by_socket = |local: &Local| {
            local.last != 0 && Origin::from_u8((local.mac_origin >> 48) as u8) == Some(Origin::Socket)
        };
        let sockets = claims.flat_map(|claims| claims.local).filter(by_socket);
        sockets
            .map(|local| (local.cookie, local.cgroup))
            .filter(|(cookie, _)| !self.names.know(*cookie))
            .collect()
    }

    /// Why the first interface that should be observed is not.
    pub fn first_failure(&self) -> Option<String> {
        self.failed().map(|(_, why)| why.clone()).next()
    }

    /// Keeps what was read of the node for the reports to come.
    pub fn learn(&mut self, facts: Facts) {
        self.facts = facts;
    }

    /// The node's neighbours, as last read.
    pub const fn neighbours(&self) -> &Neighbours {
        &self.facts.neighbours
    }

    /// Notes who was asked for; to be called every few seconds.
    pub fn note_asked(&mut self) {
        let Self { ports, watch, asked, .. } = self;
        for port in ports.values() {
            let Ok(observed) = &port.state else { continue };
            for (ip, index) in watch.iter() {
                if let Some(slot) = observed.programs.slot(index) {
                    asked.note(ip, port.link.index, slot.last[Stamp::Request as usize]);
                }
            }
        }
    }

    /// Notes whether an LB IP has come to another hardware address by this change.
    pub fn note(&mut self, change: &Change) {
        if change.claims() && self.watches(change.ip) {
            self.takeovers.note(change.ip, change.ifindex, change.mac, change.time);
        }
    }

    /// What the history of its LB IP says of a change, oldest first: the last replies of this node's senders that have
    /// lost the address by it, and the change itself. Nothing, if the IP is not watched any more.
    pub fn tell(&mut self, change: &Change) -> Vec<Told> {
        let Some((index, _)) = self.watch.get(change.ip) else { return Vec::new() };
        let Self { ports, shared, config, names, losses, .. } = self;
        let naming = Known { ports, names, config };
        let slot = |port: u32| ports.get(&port)?.state.as_ref().ok()?.programs.slot(index);
        let claims = shared.claims(index);
        let mut told =
            losses.by(change, OfIp { ip: change.ip, claims: &claims, slot: &slot, naming: &naming });
        let what = told::what(change, &naming);
        told.extend(what.map(|what| Told { ip: change.ip, time: change.time, what }));
        told
    }

    /// Names of the interfaces that have lost their carrier since the last call, and the last replies of this node's
    /// senders on them, of all IPs.
    pub fn cut(&mut self) -> (Vec<String>, Vec<Told>) {
        let cut = std::mem::take(&mut self.cut);
        if cut.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let names = cut.iter().filter_map(|index| self.interface(*index)).map(str::to_owned).collect();
        let told = self.losses(|losses, _, of_ip| losses.by_cut(of_ip, &cut));
        (names, told)
    }

    /// Last replies of this node's senders that have fallen silent, of all IPs, oldest first of each, and who of them
    /// replies again; to be called every few seconds, before [`Self::note_asked`]: whoever would answer a request that
    /// was noted the last time has done so by now.
    pub fn silent(&mut self) -> Vec<Told> {
        self.losses(|losses, asked, of_ip| {
            let mut told = losses.by_silence(of_ip, |port| asked.of(of_ip.ip, port).last());
            told.extend(losses.again(of_ip));
            told
        })
    }

    fn losses(
        &mut self,
        mut told: impl FnMut(&mut Losses, &RequestTimes, OfIp<'_>) -> Vec<Told>,
    ) -> Vec<Told> {
        let Self { ports, shared, watch, config, names, losses, asked, .. } = self;
        let naming = Known { ports, names, config };
        let of_ip = |(ip, index)| {
            let slot = |port: u32| ports.get(&port)?.state.as_ref().ok()?.programs.slot(index);
            told(losses, asked, OfIp { ip, claims: &shared.claims(index), slot: &slot, naming: &naming })
        };
        watch.iter().flat_map(of_ip).collect()
    }

    /// Data packets that reach this node though it has lost the address: what is to be told of them since the last call.
    /// To be called every second; nothing comes of it where traffic is not observed.
    pub fn tell_traffic(&mut self) -> Vec<Told> {
        let Self { ports, watch, stale, config, .. } = self;
        if !config.traffic {
            return Vec::new();
        }
        let now = Clock::read().monotonic;
        let mut told = Vec::new();
        for (ip, index) in watch.iter() {
            let on = ports.values().filter_map(|port| port.state.as_ref().ok());
            let on = on.filter_map(|on| Some((on.programs.slot(index)?, on.programs.traffic(index)?)));
            let told_of_ip = stale.look(ip, on, now, |time| self.clock.wall(time));
            told.extend(told_of_ip);
        }
        told
    }

    /// The clock of the agent's life: what is told in the order of time is told by it.
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// The counters that the speaker has, too, of those of `ips` that are watched.
    pub fn tally(&self, ips: &BTreeSet<IpAddr>) -> Tally {
        let Self { ports, shared, watch, config, names, facts, .. } = self;
        tally::tally(&tally::Sources { ports, shared, watch, config, names, facts }, ips)
    }

    /// Whether the IP is watched.
    pub fn watches(&self, ip: IpAddr) -> bool {
        self.watch.get(ip).is_some()
    }

    /// Everything there is, at this moment.
    pub fn report(&self) -> NodeReport {
        let Self {
            ports,
            shared,
            watch,
            config,
            since,
            clock: _,
            names,
            lost,
            facts,
            takeovers,
            asked,
            losses: _,
            cut: _,
            stale: _,
            attached: _,
            pins: _,
        } = self;
        report::report(&Sources {
            ports,
            shared,
            watch,
            config,
            since: *since,
            names,
            lost,
            facts,
            takeovers,
            asked,
        })
    }
}

/// Adds the events that did not reach the agent from that interface, by reason.
fn add_events_lost(lost: &mut BTreeMap<String, u64>, observed: &Observed) {
    for reason in Ignored::ALL.into_iter().filter(|reason| reason.is_event()) {
        *lost.entry(reason.label().to_owned()).or_default() += observed.programs.ignored(reason);
    }
}

/// The observer's own names.
struct Known<'a> {
    ports: &'a BTreeMap<u32, Port>,
    names: &'a Names,
    config: &'a Config,
}

impl Naming for Known<'_> {
    fn interface(&self, index: u32) -> String {
        // One that went in the meantime has no name any more; its number still tells it from others.
        self.ports.get(&index).map_or_else(|| format!("if{index}"), |port| port.link.name.clone())
    }

    fn who(&self, who: Who) -> (evidence::Origin, Option<String>) {
        let (origin, sender) = self.names.proven(who.origin, (who.cookie, who.cgroup), &self.config.speaker);
        (origin, sender.map(|sender| sender.pod.unwrap_or(sender.name)))
    }
}
