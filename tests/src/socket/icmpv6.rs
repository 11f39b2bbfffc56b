//! `ICMPv6` messages of one interface, in and out.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd as _;

use anyhow::{Context as _, Result};
use nix::sys::socket::{SockaddrIn6, recvfrom};
use socket2::{Domain, Protocol, Socket, Type};

use crate::frames::ipv6::NDP_HOP_LIMIT;

/// The longest message that is received whole.
const LONGEST: usize = 65_536;

/// A raw `ICMPv6` socket as MetalLB's neighbour discovery library opens it: bound to the interface's
/// link-local address, hop limit 255. The kernel computes the checksums and drops what has a wrong one.
///
/// Being bound, it never receives what is addressed to another unicast address: so MetalLB does not
/// see a unicast solicitation for an address it announces.
#[derive(Debug)]
pub struct Icmpv6Socket {
    socket: Socket,
    index: u32,
}

impl Icmpv6Socket {
    /// Opens it on the interface of this index, which has this link-local address.
    ///
    /// # Errors
    ///
    /// The address is not (or not yet) the interface's, or there is no `CAP_NET_RAW`.
    pub fn open(link_local: Ipv6Addr, index: u32) -> Result<Self> {
        let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))
            .context("socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)")?;
        let address = SocketAddrV6::new(link_local, 0, 0, index);
        socket.bind(&address.into()).with_context(|| format!("bind to {address}"))?;
        socket.set_unicast_hops_v6(NDP_HOP_LIMIT.into()).context("setsockopt IPV6_UNICAST_HOPS")?;
        socket.set_multicast_hops_v6(NDP_HOP_LIMIT.into()).context("setsockopt IPV6_MULTICAST_HOPS")?;
        Ok(Self { socket, index })
    }

    /// Joins a group on the interface, once: the kernel refuses to join twice.
    ///
    /// # Errors
    ///
    /// As `IPV6_JOIN_GROUP` in ipv6(7).
    pub fn join(&self, group: Ipv6Addr) -> io::Result<()> {
        self.socket.join_multicast_v6(&group, self.index)
    }

    /// Leaves a group that was joined.
    ///
    /// # Errors
    ///
    /// As `IPV6_LEAVE_GROUP` in ipv6(7).
    pub fn leave(&self, group: Ipv6Addr) -> io::Result<()> {
        self.socket.leave_multicast_v6(&group, self.index)
    }

    /// Sends one `ICMPv6` message out of the interface.
    ///
    /// # Errors
    ///
    /// As sendto(2).
    pub fn send(&self, message: &[u8], destination: Ipv6Addr) -> io::Result<()> {
        let to = SocketAddrV6::new(destination, 0, 0, self.index);
        self.socket.send_to(message, &to.into()).map(drop)
    }

    /// Waits for the next `ICMPv6` message and the address it comes from.
    ///
    /// # Errors
    ///
    /// As recvfrom(2).
    pub fn recv(&self) -> io::Result<(Vec<u8>, Ipv6Addr)> {
        let mut message = vec![0; LONGEST];
        let (length, from) = recvfrom::<SockaddrIn6>(self.socket.as_raw_fd(), &mut message)?;
        message.truncate(length);
        Ok((message, from.map_or(Ipv6Addr::UNSPECIFIED, |from| from.ip())))
    }
}
