//! A network card that can be changed: one end of a cable, the other end in another host.

use std::time::Duration;

use anyhow::{Context as _, Result};
use l2witness_tests::frames::{Station, arp, documentation_mac};
use l2witness_tests::lab::{Host, Namespace, lb_ipv4, until};
use l2witness_tests::socket::{self, PacketSocket};

/// The card; the host loses it with the lab.
pub(crate) struct Nic<'a> {
    host: &'a Host,
    name: String,
    peer: &'a Host,
    /// Its name there, which stays.
    there: String,
    socket: PacketSocket,
}

impl<'a> Nic<'a> {
    /// A new card, not up yet, cabled to a card of the same name at the peer.
    pub(crate) fn plug(host: &'a Host, name: &str, peer: &'a Host) -> Result<Self> {
        let there: &Namespace = peer;
        host.ip(["link", "add", name, "type", "veth", "peer", "name", name, "netns", there.name()])?;
        peer.ip(["link", "set", name, "up"])?;
        let socket = peer.enter(|| PacketSocket::open(name, socket::ARP))?;
        Ok(Self { host, name: name.to_owned(), peer, there: name.to_owned(), socket })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `ip link set NAME …` with these words; what is up can be sent to when this returns.
    pub(crate) fn set(&self, words: &str) -> Result<()> {
        match words.split_once(' ') {
            None => self.host.ip(["link", "set", &self.name, words])?,
            Some((key, value)) => self.host.ip(["link", "set", &self.name, key, value])?,
        };
        if words == "up" {
            // Until the kernel has noticed at the other end, it drops what is sent there without a word.
            let is_up =
                || Ok(self.peer.ip(["link", "show", &self.there])?.contains("state UP").then_some(()));
            until(Duration::from_secs(10), is_up)
                .with_context(|| format!("{} is not up at the peer", self.name))?;
        }
        Ok(())
    }

    /// Gives it another name; it must be down.
    pub(crate) fn rename(self, name: &str) -> Result<Self> {
        self.set(&format!("name {name}"))?;
        Ok(Self { name: name.to_owned(), ..self })
    }

    /// Takes it out, and with it the peer's.
    pub(crate) fn unplug(self) -> Result<()> {
        self.host.ip(["link", "del", &self.name]).map(drop)
    }

    /// The peer asks for the LB IP that often.
    pub(crate) fn ask(&self, times: u32) -> Result<()> {
        let asker = Station::new(documentation_mac(0x99), [192, 0, 2, 99].into());
        let request = arp::request(asker, lb_ipv4(0)).padded().bytes();
        for _ in 0..times {
            self.socket.send(&request)?;
        }
        Ok(())
    }
}

/// A bridge that forwards at once.
pub(crate) fn bridge(host: &Host, name: &str) -> Result<()> {
    host.ip(["link", "add", name, "type", "bridge", "stp_state", "0", "forward_delay", "0"])?;
    host.ip(["link", "set", name, "up"]).map(drop)
}
