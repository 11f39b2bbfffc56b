//! A host of the segment.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Deref;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use tempfile::TempDir;

use super::{Namespace, Process, address, ip, wait};
use crate::frames::{MacAddr, Station};
use crate::socket::PacketSocket;

/// A network namespace with an `eth0` on the lab's switch; all that a [`Namespace`] can, it can.
#[derive(Debug)]
pub struct Host {
    name: String,
    number: u8,
    namespace: Namespace,
    switch: Arc<Namespace>,
    scratch: Arc<TempDir>,
}

impl Host {
    pub(super) fn new(
        name: &str,
        number: u8,
        namespace: Namespace,
        switch: Arc<Namespace>,
        scratch: Arc<TempDir>,
    ) -> Self {
        Self { name: name.to_owned(), number, namespace, switch, scratch }
    }

    /// The name it was given, also that of its port on the switch.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hardware address of its `eth0`.
    pub fn mac(&self) -> MacAddr {
        address::mac(self.number)
    }

    /// Its `eth0` in IPv4.
    pub fn v4(&self) -> Station<Ipv4Addr> {
        Station::new(self.mac(), address::ipv4(self.number))
    }

    /// Its `eth0` in IPv6, by the global address.
    pub fn v6(&self) -> Station<Ipv6Addr> {
        Station::new(self.mac(), address::ipv6(self.number))
    }

    /// Its `eth0` in IPv6, by the link-local address.
    pub fn link_local(&self) -> Station<Ipv6Addr> {
        Station::new(self.mac(), address::link_local(self.number))
    }

    /// A folder for files of this lab, removed with its last host.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Starts `command`, usually from [`Namespace::command`], until the returned value is dropped.
    ///
    /// # Errors
    ///
    /// It can't be started.
    pub fn spawn(&self, command: Command) -> Result<Process> {
        Process::spawn(command, Arc::clone(&self.scratch))
    }

    /// A packet socket on its `eth0`; see [`PacketSocket::open`].
    ///
    /// # Errors
    ///
    /// As [`PacketSocket::open`].
    pub fn packet_socket(&self, ethertype: u16) -> Result<PacketSocket> {
        self.enter(|| PacketSocket::open("eth0", ethertype))
    }

    /// The hardware address its kernel has for `address`, if it has one now.
    ///
    /// # Errors
    ///
    /// `ip neighbour` failed.
    pub fn neigh(&self, address: IpAddr) -> Result<Option<MacAddr>> {
        let entries: Vec<Neighbour> =
            ip::json(self.namespace.name(), &["neigh", "show", &address.to_string(), "dev", "eth0"])?;
        let Some(mac) = entries.into_iter().find_map(|entry| entry.lladdr) else { return Ok(None) };
        mac.parse().map(Some).with_context(|| format!("hardware address {mac}"))
    }

    /// Pulls its cable at the switch's end: `eth0` stays up but loses its carrier.
    ///
    /// # Errors
    ///
    /// `ip link` failed, or the kernel did not notice in time.
    pub fn cut(&self) -> Result<()> {
        self.switch.ip(["link", "set", &self.name, "down"])?;
        self.await_carrier(false)
    }

    /// Plugs the cable back in.
    ///
    /// # Errors
    ///
    /// `ip link` failed, or the kernel did not notice in time.
    pub fn plug(&self) -> Result<()> {
        self.switch.ip(["link", "set", &self.name, "up"])?;
        self.await_carrier(true)
    }

    fn await_carrier(&self, carrier: bool) -> Result<()> {
        let state = if carrier { "UP" } else { "DOWN" };
        wait::until(wait::READY, || {
            let links: Vec<Link> = ip::json(self.namespace.name(), &["link", "show", "eth0"])?;
            Ok(links.iter().any(|link| link.operstate == state).then_some(()))
        })
        .with_context(|| format!("{}: eth0 is not {state}", self.name))
    }
}

impl Deref for Host {
    type Target = Namespace;

    fn deref(&self) -> &Namespace {
        &self.namespace
    }
}

/// Of `ip -json neigh`.
#[derive(Deserialize)]
struct Neighbour {
    lladdr: Option<String>,
}

/// Of `ip -json link`.
#[derive(Deserialize)]
struct Link {
    operstate: String,
}
