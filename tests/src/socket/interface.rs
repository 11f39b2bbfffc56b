//! What a responder must know of a network interface.

use std::net::Ipv6Addr;

use anyhow::{Context as _, Result};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use pnet::util::MacAddr;

/// An interface of the calling thread's network namespace, as it was when it was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its index, unique in the namespace.
    pub index: u32,
    /// Its hardware address.
    pub mac: MacAddr,
    /// Its first IPv6 link-local address, if it has one.
    pub link_local: Option<Ipv6Addr>,
}

impl Interface {
    /// Looks `name` up.
    ///
    /// # Errors
    ///
    /// There is no such interface, or it has no hardware address of 6 bytes.
    pub fn named(name: &str) -> Result<Self> {
        let index = if_nametoindex(name).with_context(|| format!("if_nametoindex {name}"))?;
        let addresses = || -> Result<_> {
            let all = getifaddrs().context("getifaddrs")?;
            Ok(all.filter(|entry| entry.interface_name == name).filter_map(|entry| entry.address))
        };
        let mac = addresses()?
            .find_map(|address| address.as_link_addr()?.addr())
            .with_context(|| format!("{name} has no hardware address"))?;
        let link_local = addresses()?
            .filter_map(|address| Some(address.as_sockaddr_in6()?.ip()))
            .find(Ipv6Addr::is_unicast_link_local);
        Ok(Self { name: name.to_owned(), index, mac: mac.into(), link_local })
    }
}
