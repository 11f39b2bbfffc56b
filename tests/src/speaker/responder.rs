//! The sockets of one interface, and what is done with them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;

use super::{Announced, Counters, PerIp, arp, ndp};
use crate::frames::ndp::ALL_NODES;
use crate::frames::solicited_node;
use crate::socket::{self, Icmpv6Socket, Interface, PacketSocket};

/// How many errors in a row mean that the interface is gone. MetalLB goes on for as long as its
/// scan keeps the interface.
const ERRORS: usize = 100;

/// What all responders share.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<State>);

/// What is announced, and what happened.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) announced: Announced,
    pub(super) counters: Counters,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, ip: IpAddr, count: impl FnOnce(&mut PerIp)) {
        count(self.lock().counters.entry(ip).or_default());
    }
}

/// Answers and announces on one interface.
#[derive(Debug)]
pub(super) struct Responder {
    interface: Interface,
    arp: PacketSocket,
    /// With the address it is bound to; none where there is no link-local address.
    ndp: Option<(Icmpv6Socket, Ipv6Addr)>,
}

impl Responder {
    pub(super) fn open(name: &str) -> Result<Self> {
        let interface = Interface::named(name)?;
        let arp = PacketSocket::open(name, socket::ARP)?;
        let ndp = match interface.link_local {
            Some(address) => Some((Icmpv6Socket::open(address, interface.index)?, address)),
            None => None,
        };
        Ok(Self { interface, arp, ndp })
    }

    /// Starts to hear solicitations for an address of this solicited-node group.
    pub(super) fn join(&self, ip: Ipv6Addr) -> io::Result<()> {
        self.ndp.as_ref().map_or(Ok(()), |(socket, _)| socket.join(solicited_node(ip)))
    }

    /// Stops to hear them.
    pub(super) fn leave(&self, ip: Ipv6Addr) -> io::Result<()> {
        self.ndp.as_ref().map_or(Ok(()), |(socket, _)| socket.leave(solicited_node(ip)))
    }

    /// Sends one round for `ip`.
    pub(super) fn gratuitous(&self, ip: IpAddr, shared: &Shared) -> io::Result<()> {
        match ip {
            IpAddr::V4(ip) => self.gratuitous_arp(ip, shared),
            IpAddr::V6(ip) => self.gratuitous_ndp(ip, shared),
        }
    }

    /// Answers ARP until the interface is gone.
    pub(super) fn serve_arp(&self, shared: &Shared) {
        let mut errors = 0;
        while errors < ERRORS {
            // A timeout is no news; an interface that goes down is one error, then silence.
            match self.arp.recv(Duration::from_secs(3600)) {
                Ok(frame) => frame.into_iter().for_each(|frame| self.answer_arp(&frame, shared)),
                Err(_) => errors += 1,
            }
        }
    }

    /// Answers neighbour discovery until the interface is gone.
    pub(super) fn serve_ndp(&self, shared: &Shared) {
        let Some((socket, link_local)) = &self.ndp else { return };
        let mut errors = 0;
        while errors < ERRORS {
            match socket.recv() {
                Ok((message, from)) => self.answer_ndp(socket, *link_local, &message, from, shared),
                Err(_) => errors += 1,
            }
        }
    }

    fn answer_arp(&self, frame: &[u8], shared: &Shared) {
        let answer = arp::answer(frame, self.interface.mac, &shared.lock().announced);
        let Ok(arp::Reply { ip, frame }) = answer else { return };
        shared.count(ip.into(), |counters| counters.requests_received += 1);
        if self.arp.send(&frame).is_ok() {
            shared.count(ip.into(), |counters| counters.responses_sent += 1);
        }
    }

    fn answer_ndp(
        &self,
        socket: &Icmpv6Socket,
        link_local: Ipv6Addr,
        message: &[u8],
        from: Ipv6Addr,
        shared: &Shared,
    ) {
        let answer = ndp::answer(message, from, self.interface.mac, link_local, &shared.lock().announced);
        let Ok(ndp::Reply { ip, message }) = answer else { return };
        shared.count(ip.into(), |counters| counters.requests_received += 1);
        if socket.send(&message, from).is_ok() {
            shared.count(ip.into(), |counters| counters.responses_sent += 1);
        }
    }

    fn gratuitous_arp(&self, ip: Ipv4Addr, shared: &Shared) -> io::Result<()> {
        for frame in arp::gratuitous(ip, self.interface.mac) {
            self.arp.send(&frame)?;
            shared.count(ip.into(), |counters| counters.gratuitous_sent += 1);
        }
        Ok(())
    }

    fn gratuitous_ndp(&self, ip: Ipv6Addr, shared: &Shared) -> io::Result<()> {
        let Some((socket, _)) = &self.ndp else { return Ok(()) };
        let sent = socket.send(&ndp::gratuitous(ip, self.interface.mac), ALL_NODES);
        shared.count(ip.into(), |counters| counters.gratuitous_sent += 1);
        sent
    }
}
