//! From where to ask: the interfaces, and the addresses to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pnet::{
    datalink::{self, NetworkInterface},
    ipnetwork::IpNetwork,
    util::MacAddr,
};

use super::question;
use crate::wire::{Link, Rules};

/// One interface to ask on.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) interface: NetworkInterface,
    pub(super) mac: MacAddr,
    /// The sender's address in the question.
    pub(super) sender: IpAddr,
}

/// With which sender address to ask for an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Nobody,
    Own,
}

/// Why nobody can be asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPlace {
    #[error("--interface {0}: no such interface; there are {1}")]
    Unknown(String, String),
    #[error("{0} is down")]
    Down(String),
    #[error("{0} has no hardware address")]
    NoMac(String),
    #[error("{0} has no IPv4 address: ask without --own-address")]
    NoIpv4(String),
    #[error("{0} has no IPv6 link-local address to ask from; is IPv6 off there?")]
    NoLinkLocal(String),
    #[error("no interface to ask on: those there are, are down or no Ethernet; name one with --interface")]
    None,
}

impl NoPlace {
    /// Whether the command line is to blame, rather than the host.
    pub(super) const fn is_usage(&self) -> bool {
        matches!(self, Self::Unknown(..) | Self::NoIpv4(_))
    }
}

/// The interfaces named, or else those whose subnet has the IP, or else all that MetalLB would answer on.
pub(super) fn places(
    ip: IpAddr,
    named: &[String],
    sender: Sender,
    links: &[Link],
) -> Result<Vec<Place>, NoPlace> {
    let all = datalink::interfaces();
    let chosen = if named.is_empty() { fitting(ip, &all, links) } else { by_name(named, &all)? };
    if chosen.is_empty() {
        return Err(NoPlace::None);
    }
    chosen.into_iter().map(|interface| place(ip, interface, sender)).collect()
}

fn by_name<'a>(named: &[String], all: &'a [NetworkInterface]) -> Result<Vec<&'a NetworkInterface>, NoPlace> {
    let there = || all.iter().map(|interface| interface.name.as_str()).collect::<Vec<_>>().join(", ");
    let find = |name: &String| all.iter().find(|interface| interface.name == *name);
    named.iter().map(|name| find(name).ok_or_else(|| NoPlace::Unknown(name.clone(), there()))).collect()
}

fn fitting<'a>(ip: IpAddr, all: &'a [NetworkInterface], links: &[Link]) -> Vec<&'a NetworkInterface> {
    // The defaults are regular expressions.
    let Ok(rules) = Rules::new(&[], None) else { return Vec::new() };
    let fits = |interface: &&NetworkInterface| {
        links.iter().any(|link| link.index == interface.index && rules.check(link).is_ok())
    };
    let candidates: Vec<_> = all.iter().filter(fits).collect();
    let closest = candidates.iter().filter_map(|interface| prefix(interface, ip)).max();
    match closest {
        None => candidates,
        closest => candidates.into_iter().filter(|interface| prefix(interface, ip) == closest).collect(),
    }
}

/// The length of the longest prefix of its subnets that have the IP.
fn prefix(interface: &NetworkInterface, ip: IpAddr) -> Option<u8> {
    let is_subnet = |network: &&IpNetwork| network.prefix() < if network.is_ipv4() { 32 } else { 128 };
    let subnets = interface.ips.iter().filter(is_subnet);
    subnets.filter(|network| network.contains(ip)).map(IpNetwork::prefix).max()
}

fn place(ip: IpAddr, interface: &NetworkInterface, sender: Sender) -> Result<Place, NoPlace> {
    let name = || interface.name.clone();
    if !interface.is_up() {
        return Err(NoPlace::Down(name()));
    }
    let mac = interface.mac.filter(|mac| !mac.is_zero()).ok_or_else(|| NoPlace::NoMac(name()))?;
    let mut own = interface.ips.iter().map(IpNetwork::ip);
    let sender = match (ip, sender) {
        (IpAddr::V4(_), Sender::Nobody) => Ipv4Addr::UNSPECIFIED.into(),
        (IpAddr::V4(_), Sender::Own) => own.find(IpAddr::is_ipv4).ok_or_else(|| NoPlace::NoIpv4(name()))?,
        (IpAddr::V6(_), _) => {
            let link_local = |ip: &IpAddr| matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
            own.find(link_local).ok_or_else(|| NoPlace::NoLinkLocal(name()))?
        }
    };
    Ok(Place { interface: interface.clone(), mac, sender })
}

impl Place {
    /// The frame that asks for `ip`.
    pub(super) fn question(&self, ip: IpAddr) -> Vec<u8> {
        let v6 = |ip| match ip {
            IpAddr::V6(v6) => v6,
            IpAddr::V4(_) => Ipv6Addr::UNSPECIFIED,
        };
        match (ip, self.sender) {
            (IpAddr::V4(target), IpAddr::V4(sender)) => question::arp(self.mac, sender, target),
            (target, sender) => question::solicitation(self.mac, v6(sender), v6(target)),
        }
    }
}
