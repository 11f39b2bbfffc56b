//! The router asks for every LB IP, again and again, and counts who answers.

mod burst;
mod diary;
mod frame;
mod tally;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

pub use burst::Burst;
pub use diary::{Diary, Entry, Seen};
pub use tally::Tally;

use crate::frames::Station;
use crate::lab::Host;
use crate::socket::PacketSocket;
use frame::Router;
use worker::Worker;

/// How often each LB IP is asked for.
const PERIOD: Duration = Duration::from_millis(500);

/// How long to wait where there is nothing to ask for.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks from a thread of its own until it is dropped, by broadcast (ARP) or multicast (NDP).
#[derive(Debug)]
pub struct Asker {
    shared: Arc<Shared>,
    router: Router,
    _worker: Worker,
}

#[derive(Debug, Default)]
struct Shared {
    tallies: Mutex<BTreeMap<IpAddr, Tally>>,
    /// Whether to ask at all.
    quiet: AtomicBool,
}

impl Asker {
    /// Asks from the `eth0` of `router`, for nothing yet.
    ///
    /// # Errors
    ///
    /// No socket can be had.
    pub fn start(router: &Host) -> Result<Self> {
        Self::on(router, "eth0", router.v4(), router.v6())
    }

    /// The same, from another interface, which has these addresses.
    ///
    /// # Errors
    ///
    /// No socket can be had.
    pub fn on(host: &Host, interface: &str, v4: Station<Ipv4Addr>, v6: Station<Ipv6Addr>) -> Result<Self> {
        let router = Router { v4, v6 };
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        let run = move |socket: &PacketSocket, end: &AtomicBool| its.run(&router, socket, end);
        let worker = Worker::start(host, interface, "the asker".to_owned(), run)?;
        Ok(Self { shared, router, _worker: worker })
    }

    /// Asks for these and no others from now on, as far as they are in the subnets of its own addresses;
    /// what is counted of those that stay stays.
    pub fn ask_for(&self, ips: &BTreeSet<IpAddr>) {
        let mut tallies = self.shared.tallies();
        tallies.retain(|ip, _| ips.contains(ip));
        for ip in ips.iter().filter(|ip| self.router.is_neighbour(**ip)) {
            tallies.entry(*ip).or_default();
        }
    }

    /// What was counted of one LB IP since it is asked for.
    pub fn tally(&self, ip: IpAddr) -> Tally {
        self.shared.tallies().get(&ip).cloned().unwrap_or_default()
    }

    /// What was counted of all of them.
    pub fn tallies(&self) -> BTreeMap<IpAddr, Tally> {
        self.shared.tallies().clone()
    }

    /// Asks for nothing as long as the value lives.
    pub fn quiet(&self) -> Quiet<'_> {
        self.shared.quiet.store(true, Ordering::Relaxed);
        Quiet(self)
    }

    /// Asks `total` times for these in turn, each time when enough of the earlier ones were answered.
    ///
    /// # Errors
    ///
    /// A request can't be sent, or one is not answered in time.
    pub fn burst(&self, host: &Host, ips: &[IpAddr], total: u64) -> Result<Burst> {
        burst::ask(host, &self.router, ips, total)
    }
}

/// See [`Asker::quiet`].
#[derive(Debug)]
#[must_use]
pub struct Quiet<'a>(&'a Asker);

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        self.0.shared.quiet.store(false, Ordering::Relaxed);
    }
}

impl Shared {
    fn tallies(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Tally>> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, router: &Router, socket: &PacketSocket, end: &AtomicBool) -> Result<()> {
        let mut last = None;
        while !end.load(Ordering::Relaxed) {
            let (next, count) = self.next(last);
            let Some(ip) = next.filter(|_| !self.quiet.load(Ordering::Relaxed)) else {
                self.listen(router, socket, PAUSE)?;
                continue;
            };
            if let Some(tally) = self.tallies().get_mut(&ip) {
                tally.ask();
            }
            socket.send(&router.request(ip)).with_context(|| format!("ask for {ip}"))?;
            self.listen(router, socket, PERIOD / count)?;
            last = Some(ip);
        }
        Ok(())
    }

    /// The LB IP after `last`, and of how many.
    fn next(&self, last: Option<IpAddr>) -> (Option<IpAddr>, u32) {
        let tallies = self.tallies();
        let after = |ip: &&IpAddr| last.is_none_or(|last| **ip > last);
        let next = tallies.keys().find(after).or_else(|| tallies.keys().next());
        (next.copied(), u32::try_from(tallies.len()).unwrap_or(u32::MAX).max(1))
    }

    fn listen(&self, router: &Router, socket: &PacketSocket, duration: Duration) -> Result<()> {
        let end = Instant::now() + duration;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            let Some(frame) = socket.recv(left).context("listen for answers")? else { continue };
            let Some((ip, mac)) = router.answer(&frame) else { continue };
            if let Some(tally) = self.tallies().get_mut(&ip) {
                tally.answered(mac);
            }
        }
        Ok(())
    }
}
