//! Services by name and by address.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use super::{
    super::objects::{Object, Service},
    Scope,
    store::{Store, Touched},
};

/// Bad addresses that are told one by one.
const TOLD: usize = 8;

/// Services by name and by address.
#[derive(Debug)]
pub(super) struct Services {
    class: Option<String>,
    external: bool,
    by_name: BTreeMap<Arc<str>, Service>,
    /// Names in order; nearly always one.
    by_ip: BTreeMap<IpAddr, Vec<Arc<str>>>,
    /// Names of Services with bad addresses.
    bad: BTreeSet<Arc<str>>,
    /// An LB IP came or went.
    moved: bool,
}

impl Services {
    pub(super) fn new(scope: &Scope) -> Self {
        Self {
            class: scope.class.clone(),
            external: scope.external_ips,
            by_name: BTreeMap::new(),
            by_ip: BTreeMap::new(),
            bad: BTreeSet::new(),
            moved: false,
        }
    }

    /// Whether an LB IP came or went since the last time.
    pub(super) const fn take_moved(&mut self) -> bool {
        std::mem::replace(&mut self.moved, false)
    }

    pub(super) fn count(&self) -> usize {
        self.by_ip.len()
    }

    pub(super) fn ips(&self) -> impl Iterator<Item = IpAddr> {
        self.by_ip.keys().copied()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Service> {
        self.by_name.get(name)
    }

    /// The Services that have this address.
    pub(super) fn of(&self, ip: IpAddr) -> impl Iterator<Item = &Service> {
        self.by_ip.get(&ip).into_iter().flatten().filter_map(|name| self.by_name.get(name))
    }

    /// The names of those that a load balancer announces.
    pub(super) fn announced(&self) -> impl Iterator<Item = &Arc<str>> {
        let announced = |service: &Service| self.announces(service) && !service.ingress.is_empty();
        self.by_name.iter().filter(move |(_, service)| announced(service)).map(|(name, _)| name)
    }

    pub(super) fn announces(&self, service: &Service) -> bool {
        service.announced(self.class.as_deref())
    }

    pub(super) fn ips_of(&self, name: &str) -> Vec<IpAddr> {
        self.get(name).into_iter().flat_map(|service| self.wanted(service)).collect()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let has_ips = |service: &Service| self.wanted(service).next().is_some();
        self.by_name.iter().filter(move |(_, service)| has_ips(service)).map(|(name, _)| &**name)
    }

    /// What can't be an LB IP, and whose it is.
    pub(super) fn bad(&self) -> Vec<String> {
        let services = self.bad.iter().filter_map(|name| self.by_name.get(name));
        let mut all =
            services.flat_map(|service| service.bad.iter().map(|what| format!("{}: {what}", service.name)));
        let mut told: Vec<_> = all.by_ref().take(TOLD).collect();
        let more = all.count();
        told.extend((more > 0).then(|| format!("and {more} more")));
        told
    }

    fn wanted<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = IpAddr> {
        service.lb_ips(self.class.as_deref(), self.external)
    }

    fn leave(&mut self, name: &str) -> Option<Service> {
        let service = self.by_name.remove(name)?;
        self.bad.remove(name);
        let ips: Vec<_> = self.wanted(&service).collect();
        for ip in ips {
            if let Some(names) = self.by_ip.get_mut(&ip) {
                names.retain(|other| **other != *name);
                if names.is_empty() {
                    self.by_ip.remove(&ip);
                    self.moved = true;
                }
            }
        }
        Some(service)
    }
}

impl Store for Services {
    fn keys(&self) -> Vec<Arc<str>> {
        self.by_name.keys().cloned().collect()
    }

    fn put(&mut self, key: Arc<str>, object: Object) -> Touched {
        let Object::Service(service) = object else { return Touched::Nothing };
        if self.by_name.get(&key) == Some(&service) {
            return Touched::Nothing;
        }
        self.leave(&key);
        let ips: Vec<_> = self.wanted(&service).collect();
        for ip in ips {
            let names = self.by_ip.entry(ip).or_default();
            self.moved |= names.is_empty();
            if let Err(place) = names.binary_search(&key) {
                names.insert(place, Arc::clone(&key));
            }
        }
        if !service.bad.is_empty() {
            self.bad.insert(Arc::clone(&key));
        }
        self.by_name.insert(Arc::clone(&key), service);
        Touched::Services(vec![key])
    }

    fn remove(&mut self, key: &str) -> Touched {
        match self.leave(key) {
            Some(service) => Touched::Services(vec![service.name]),
            None => Touched::Nothing,
        }
    }
}
