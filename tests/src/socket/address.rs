//! The address of a packet socket, the one thing here that safe Rust has no constructor for.

#![expect(unsafe_code, reason = "socket2 takes an address family it does not know as raw storage")]

use std::mem::size_of;

use socket2::{SockAddr, SockAddrStorage, socklen_t};

/// `sockaddr_ll` (packet(7)) for `bind`: this `EtherType`, in host byte order, on this interface.
pub(super) fn link(ethertype: u16, interface: u32) -> SockAddr {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: sockaddr_ll is a plain C struct that fits in sockaddr_storage, as every address does.
    let address = unsafe { storage.view_as::<libc::sockaddr_ll>() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = ethertype.to_be();
    address.sll_ifindex = interface.cast_signed();
    // SAFETY: the storage holds an initialised sockaddr_ll of exactly this length.
    unsafe { SockAddr::new(storage, size_of::<libc::sockaddr_ll>() as socklen_t) }
}
