//! Keeps the programs on the right interfaces and the right IPs on the allow-list, and reads the evidence out.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use jiff::Timestamp;

use super::{
    Config, Error, Events, Link, Pins, Programs, Shared, Skipped,
    port::{Observed, Port},
    report::{self, Sources},
    sender::Names,
    watch::Watch,
};
use crate::evidence::NodeReport;

/// The observer of one node.
pub struct Observer {
    // Fields drop in this order: the programs are detached before the pins go.
    ports: BTreeMap<u32, Port>,
    shared: Shared,
    watch: Watch,
    config: Config,
    since: Timestamp,
    names: Names,
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
        Ok(Self { ports: BTreeMap::new(), shared, watch, config, since: Timestamp::now(), names, pins })
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

    /// Attaches to what came, lets go of what went or became unfit, and notes what changed.
    ///
    /// An interface that only goes down keeps its programs and its counters. What fails is logged once and
    /// shown in the report; the others go on.
    pub fn reconcile(&mut self, links: &[Link]) {
        self.ports.retain(|index, port| {
            let stays = links.iter().any(|link| link.index == *index && link.name == port.link.name);
            if !stays && port.state.is_ok() {
                tracing::info!(interface = port.link.name, "interface went; its counters go with it");
            }
            stays
        });
        for link in links {
            let fit = self.config.rules.check(link);
            let known = self.ports.get_mut(&link.index);
            if let Some(port) = known {
                let before = std::mem::replace(&mut port.link, link.clone());
                match (&port.state, fit) {
                    (Ok(_), Ok(()) | Err(Skipped::Down)) => {
                        if before.mac != link.mac {
                            tracing::info!(interface = link.name, mac = %link.mac.unwrap_or_default(), "hardware address changed");
                        }
                        continue;
                    }
                    (Ok(_), Err(skipped)) => {
                        tracing::info!(interface = link.name, reason = %skipped, "interface is not observed any more");
                    }
                    // Tried and failed before: again only when something about the interface changed.
                    (Err(_), _) if before == *link => continue,
                    (Err(_), _) => {}
                }
            }
            let state = match fit {
                Ok(()) => self.observe(link).map_err(|error| {
                    tracing::error!(interface = link.name, %error, "not observed");
                    error.to_string()
                }),
                Err(skipped) => Err(skipped.to_string()),
            };
            self.ports.insert(link.index, Port { link: link.clone(), state });
        }
    }

    fn observe(&self, link: &Link) -> Result<Observed, Error> {
        let mut programs = Programs::load(&self.pins, self.config.capacity)?;
        let hook = programs.attach(&link.name, self.config.hook)?;
        tracing::info!(interface = link.name, %hook, mac = %link.mac.unwrap_or_default(), "observing");
        Ok(Observed { programs, hook })
    }

    /// Names of the interfaces that are to be observed by the rules and are not.
    pub fn unattached(&self) -> Vec<&str> {
        let missing = |port: &&Port| port.state.is_err() && self.config.rules.check(&port.link).is_ok();
        self.ports.values().filter(missing).map(|port| port.link.name.as_str()).collect()
    }

    /// How many interfaces are observed.
    pub fn observed(&self) -> usize {
        self.ports.values().filter(|port| port.state.is_ok()).count()
    }

    /// Name of the interface with that index.
    pub fn interface(&self, index: u32) -> Option<&str> {
        self.ports.get(&index).map(|port| port.link.name.as_str())
    }

    /// What is known of the programs behind sockets.
    pub const fn names(&mut self) -> &mut Names {
        &mut self.names
    }

    /// Cookie and cgroup id of the sockets in the evidence that have no name yet.
    pub fn unnamed(&self) -> Vec<(u64, u64)> {
        let claims = self.watch.iter().map(|(_, index)| self.shared.claims(index));
        let senders = claims.flat_map(|claims| claims.local).map(|local| (local.cookie, local.cgroup));
        senders.filter(|(cookie, _)| *cookie != 0 && !self.names.know(*cookie)).collect()
    }

    /// Why the first interface that should be observed is not.
    pub fn first_failure(&self) -> Option<String> {
        self.ports
            .values()
            .filter(|port| self.config.rules.check(&port.link).is_ok())
            .find_map(|port| port.state.as_ref().err().cloned())
    }

    /// Everything there is, at this moment.
    pub fn report(&self) -> NodeReport {
        let Self { ports, shared, watch, config, since, names, pins: _ } = self;
        report::report(&Sources { ports, shared, watch, config, since: *since, names })
    }
}
