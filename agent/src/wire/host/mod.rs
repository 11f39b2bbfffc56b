//! The node's own settings, addresses, groups and neighbours, as far as they bear on who answers.
//!
//! Four dumps of rtnetlink and a few small files tell it for all interfaces and all LB IPs at once: the cost does
//! not grow with the LB IPs. The agent reads it every few seconds; a report takes the last reading.

mod facts;
mod groups;
mod neighbours;
mod sysctl;

use std::time::{Duration, Instant};

use nlink::netlink::{Connection, Route};

pub use facts::{Facts, Layered};
pub use neighbours::Neighbours;

use super::Error;

/// Not read more often, whoever asks.
const FRESH: Duration = Duration::from_secs(2);

/// Reads [`Facts`].
pub struct Host {
    connection: Connection<Route>,
    read: Option<Instant>,
}

impl Host {
    /// Of the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::Links`].
    pub fn new() -> Result<Self, Error> {
        Ok(Self { connection: Connection::<Route>::new()?, read: None })
    }

    /// The facts, now; `None` if they were read a moment ago.
    ///
    /// # Errors
    /// [`Error::Links`]; the next call tries again.
    pub async fn read(&mut self) -> Result<Option<Facts>, Error> {
        if self.read.is_some_and(|read| read.elapsed() < FRESH) {
            return Ok(None);
        }
        self.read = Some(Instant::now());
        let links = self.connection.get_links().await?;
        let addresses = self.connection.get_addresses().await?;
        let neighbours = self.connection.get_neighbors().await?;
        let mut facts = Facts::new(&links, &addresses, groups::read(), &sysctl::All::read());
        facts.neighbours = Neighbours::of(&neighbours);
        Ok(Some(facts))
    }
}
