//! A frame of which the kernel keeps only the beginning in the linear part of its buffer.

#![expect(unsafe_code, reason = "no safe setsockopt knows PACKET_VNET_HDR")]

use std::io;
use std::os::fd::AsRawFd as _;

use socket2::Socket;

/// Of `linux/if_packet.h`.
const PACKET_VNET_HDR: libc::c_int = 15;

/// Bytes of `struct virtio_net_hdr` of `linux/virtio_net.h`.
const HEADER: usize = 10;
/// Offset of its `hdr_len`, which the packet socket takes for the length of the linear part.
const LINEAR: usize = 2;

/// Sends `frame`, which must be longer than a page, with its first `linear` bytes in one piece.
pub(super) fn send(socket: &Socket, frame: &[u8], linear: u16) -> io::Result<()> {
    expect_header(socket, 1)?;
    let mut message = vec![0; HEADER];
    message[LINEAR..LINEAR + 2].copy_from_slice(&linear.to_ne_bytes());
    message.extend(frame);
    let sent = socket.send(&message).map(drop);
    expect_header(socket, 0)?;
    sent
}

/// Whether each message begins with a `virtio_net_hdr`.
fn expect_header(socket: &Socket, on: libc::c_int) -> io::Result<()> {
    // SAFETY: the option takes an int, which lives across the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            PACKET_VNET_HDR,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
