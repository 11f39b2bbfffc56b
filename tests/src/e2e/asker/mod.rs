//! The router asks for every LB IP, again and again, and counts who answers.

mod burst;
mod diary;
mod frame;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

pub use burst::Burst;
pub use diary::{Diary, Entry, Seen};
pub use tally::Tally;

use crate::frames::Station;
use crate::lab::Host;
use crate::socket::{self, PacketSocket};
use frame::Router;

/// How often each LB IP is asked for.
const PERIOD: Duration = Duration::from_millis(500);

/// How long to wait where there is nothing to ask for.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks from a thread of its own until it is dropped, by broadcast (ARP) or multicast (NDP).
#[derive(Debug)]
pub struct Asker {
    shared: Arc<Shared>,
    router: Router,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    tallies: Mutex<BTreeMap<IpAddr, Tally>>,
    /// Whether to ask at all.
    quiet: AtomicBool,
    end: AtomicBool,
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
        // Not bound to ARP or IPv6 alone: one socket hears both.
        let socket = host.enter(|| PacketSocket::open(interface, socket::ALL))?;
        socket.set_receive_buffer(8 << 20)?;
        let router = Router { v4, v6 };
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("asker".to_owned());
        let its = Arc::clone(&shared);
        let run = move || {
            if let Err(error) = its.run(&router, &socket) {
                eprintln!("the asker: {error:#}");
            }
        };
        let thread = thread.spawn(run).context("start a thread")?;
        Ok(Self { shared, router, thread: Some(thread) })
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

impl Drop for Asker {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
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

    fn run(&self, router: &Router, socket: &PacketSocket) -> Result<()> {
        let mut last = None;
        while !self.end.load(Ordering::Relaxed) {
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
