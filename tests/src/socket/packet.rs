//! Whole Ethernet frames, in and out.

use std::io::{self, ErrorKind, IoSliceMut};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use nix::cmsg_space;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use socket2::{Domain, Socket, Type};

use super::{address, pages};

/// The longest frame that is received whole.
const LONGEST: usize = 65_536;

/// A packet socket (packet(7)) as MetalLB's ARP library opens it: `socket(AF_PACKET, SOCK_RAW, 0)`,
/// then `bind` to an `EtherType` and an interface. No filter, not promiscuous, no qdisc bypass.
#[derive(Debug)]
pub struct PacketSocket {
    socket: Socket,
}

/// How the kernel took a burst of frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    /// Frames for which `send` succeeded.
    pub sent: u64,
    /// Frames refused with `ENOBUFS`: a full queue, or a tc program that drops.
    pub refused: u64,
}

impl PacketSocket {
    /// Opens it on `interface` of the calling thread's network namespace, with the default receive
    /// buffer. `ethertype` in host byte order: [`ARP`](super::ARP), [`ALL`](super::ALL), …
    ///
    /// # Errors
    ///
    /// There is no such interface, or no `CAP_NET_RAW`.
    pub fn open(interface: &str, ethertype: u16) -> Result<Self> {
        let index = if_nametoindex(interface).with_context(|| format!("if_nametoindex {interface}"))?;
        let socket =
            Socket::new(Domain::PACKET, Type::RAW, None).context("socket(AF_PACKET, SOCK_RAW, 0)")?;
        socket.bind(&address::link(ethertype, index)).with_context(|| format!("bind to {interface}"))?;
        Ok(Self { socket })
    }

    /// Makes room for `bytes` of unread frames, beyond the system's limit (needs `CAP_NET_ADMIN`).
    ///
    /// # Errors
    ///
    /// `setsockopt` failed.
    pub fn set_receive_buffer(&self, bytes: usize) -> Result<()> {
        setsockopt(&self.socket, sockopt::RcvBufForce, &bytes).context("setsockopt SO_RCVBUFFORCE")
    }

    /// Has the kernel note when it takes each frame from the interface, for [`recv_stamped`](Self::recv_stamped).
    ///
    /// # Errors
    ///
    /// `setsockopt` failed.
    pub fn set_timestamps(&self) -> Result<()> {
        setsockopt(&self.socket, sockopt::ReceiveTimestampns, &true).context("setsockopt SO_TIMESTAMPNS")
    }

    /// Sends one frame.
    ///
    /// # Errors
    ///
    /// As send(2): `ENOBUFS` when a queue or tc drops it, `ENETDOWN` when the interface is down.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        self.socket.send(frame).map(drop)
    }

    /// Sends one frame, longer than a page, of which only the first `linear` bytes lie in one piece in the
    /// kernel, the rest in pages: as from `PACKET_TX_RING`, or as a network card receives.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); and `EINVAL` where the frame is shorter than `linear`.
    pub fn send_in_pages(&self, frame: &[u8], linear: u16) -> io::Result<()> {
        pages::send(&self.socket, frame, linear)
    }

    /// Sends `frames` as fast as the kernel takes them, one system call each.
    ///
    /// # Errors
    ///
    /// Any error of send(2) but `ENOBUFS`, which is counted.
    pub fn send_many<'a>(&self, frames: impl IntoIterator<Item = &'a [u8]>) -> io::Result<Burst> {
        let mut burst = Burst::default();
        for frame in frames {
            match self.send(frame) {
                Ok(()) => burst.sent += 1,
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => burst.refused += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(burst)
    }

    /// Waits for the next frame; `None` if there was none within `timeout`.
    ///
    /// # Errors
    ///
    /// As recv(2): `ENETDOWN` once after the interface went down.
    pub fn recv(&self, timeout: Duration) -> io::Result<Option<Vec<u8>>> {
        Ok(self.receive(timeout)?.map(|(_, frame)| frame))
    }

    /// As [`recv`](Self::recv), with the time at which the kernel took the frame from the interface: whoever reads it
    /// may come late.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv); and where [`set_timestamps`](Self::set_timestamps) was not called.
    pub fn recv_stamped(&self, timeout: Duration) -> io::Result<Option<(Timestamp, Vec<u8>)>> {
        let Some((at, frame)) = self.receive(timeout)? else { return Ok(None) };
        let at = at.ok_or_else(|| io::Error::other("a frame without the kernel's timestamp"))?;
        Ok(Some((at, frame)))
    }

    fn receive(&self, timeout: Duration) -> io::Result<Option<(Option<Timestamp>, Vec<u8>)>> {
        // A timeout of zero would wait forever.
        self.socket.set_read_timeout(Some(timeout.max(Duration::from_millis(1))))?;
        let mut frame = vec![0; LONGEST];
        let mut control = cmsg_space!(TimeSpec);
        let mut parts = [IoSliceMut::new(&mut frame)];
        let (fd, flags) = (self.socket.as_raw_fd(), MsgFlags::empty());
        let received = recvmsg::<()>(fd, &mut parts, Some(&mut control), flags).map_err(io::Error::from);
        let (length, at) = match received {
            Ok(message) => (message.bytes, message.cmsgs()?.find_map(|part| stamp(&part))),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        frame.truncate(length);
        Ok(Some((at, frame)))
    }

    /// Every frame that `wanted` accepts, from now until `duration` has passed.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn collect(&self, duration: Duration, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Vec<Vec<u8>>> {
        let end = Instant::now() + duration;
        let mut frames = Vec::new();
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            frames.extend(self.recv(left)?.filter(|frame| wanted(frame)));
        }
        // What came in time, on a machine that stood still; bounded, for a flood goes on.
        for _ in 0..1000 {
            let Some(frame) = self.recv(Duration::from_millis(1))? else { break };
            frames.extend(Some(frame).filter(|frame| wanted(frame)));
        }
        Ok(frames)
    }
}

/// The kernel's time of a frame (`SCM_TIMESTAMPNS`, socket(7)).
fn stamp(message: &ControlMessageOwned) -> Option<Timestamp> {
    let ControlMessageOwned::ScmTimestampns(time) = message else { return None };
    let nanoseconds = i32::try_from(time.tv_nsec()).ok()?;
    Timestamp::new(time.tv_sec(), nanoseconds).ok()
}
