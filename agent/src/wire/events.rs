//! Changes, as they come out of the ring buffer.

use std::net::IpAddr;

use aya::maps::{MapData, RingBuf};
use bytes::Buf as _;
use l2witness_ebpf::{
    frame::{Address, Mac},
    layout::{Event, Origin},
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::evidence::MacAddr;

/// One change: a new claimant, one that resumes, or an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `CLOCK_MONOTONIC` nanoseconds.
    pub time: u64,
    /// The LB IP.
    pub ip: IpAddr,
    /// The MAC that claims it.
    pub mac: MacAddr,
    /// Interface index.
    pub ifindex: u32,
    /// Cookie of the sender's socket, 0 if none or not sent here.
    pub cookie: u64,
    /// cgroup v2 id of the sender.
    pub cgroup: u64,
    /// `new`, `resumed` or `announcement`.
    pub cause: &'static str,
    /// Whether this node sent it.
    pub sent: bool,
    /// Origin, of sent frames only.
    pub origin: Option<Origin>,
}

impl Change {
    /// From the bytes of an [`Event`]; `None` if they are not one.
    fn decode(mut bytes: &[u8]) -> Option<Self> {
        if bytes.len() != size_of::<Event>() {
            return None;
        }
        let time = bytes.get_u64_ne();
        let words = [bytes.get_u32_ne(), bytes.get_u32_ne(), bytes.get_u32_ne(), bytes.get_u32_ne()];
        let mac = Mac(bytes.get_u64_ne());
        let ifindex = bytes.get_u32_ne();
        let (_flags, _vlan) = (bytes.get_u16_ne(), bytes.get_u16_ne());
        let (cookie, cgroup) = (bytes.get_u64_ne(), bytes.get_u64_ne());
        let (_kind, cause, direction, origin) =
            (bytes.get_u8(), bytes.get_u8(), bytes.get_u8(), bytes.get_u8());
        let cause = match cause {
            0 => "new",
            1 => "resumed",
            2 => "announcement",
            _ => return None,
        };
        let sent = direction == 1;
        let origin = if sent { Origin::from_u8(origin) } else { None };
        Some(Self {
            time,
            ip: Address { words }.into(),
            mac: mac.into(),
            ifindex,
            cookie,
            cgroup,
            cause,
            sent,
            origin,
        })
    }
}

/// The stream of changes.
pub struct Events {
    ring: RingBuf<MapData>,
}

impl Events {
    pub(super) const fn new(ring: RingBuf<MapData>) -> Self {
        Self { ring }
    }

    /// Makes it awaitable.
    ///
    /// # Errors
    /// That of epoll; the ring buffer itself can always be polled.
    #[expect(unsafe_code, reason = "tokio wants it promised that the descriptor stays the same")]
    pub fn listen(self) -> std::io::Result<Listener> {
        // SAFETY: the ring buffer owns its descriptor and keeps it for as long as it lives.
        let ring = unsafe { AsyncFd::register_with_interest(self.ring, Interest::READABLE)? };
        Ok(Listener { ring })
    }
}

/// [`Events`] inside a tokio runtime.
pub struct Listener {
    ring: AsyncFd<RingBuf<MapData>>,
}

impl Listener {
    /// The changes since the last call, at least one.
    ///
    /// # Errors
    /// That of epoll.
    pub async fn next(&mut self) -> std::io::Result<Vec<Change>> {
        loop {
            let mut ready = self.ring.readable_mut().await?;
            let ring = ready.get_inner_mut();
            let mut changes = Vec::new();
            while let Some(item) = ring.next() {
                changes.extend(Change::decode(&item));
            }
            ready.clear_ready();
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_field_by_field() {
        let mut bytes = Vec::new();
        bytes.extend(7_u64.to_ne_bytes());
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1]);
        bytes.extend([0, 0, 0x5e, 0, 0x53, 1, 0, 0]);
        bytes.extend(3_u32.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(11_u64.to_ne_bytes());
        bytes.extend(12_u64.to_ne_bytes());
        bytes.extend([1, 2, 1, 1, 0, 0, 0, 0]);
        let change = Change::decode(&bytes).unwrap();
        assert_eq!(change.ip, "192.0.2.1".parse::<IpAddr>().unwrap());
        assert_eq!(change.mac.to_string(), "00:00:5e:00:53:01");
        assert_eq!((change.time, change.ifindex, change.cookie, change.cgroup), (7, 3, 11, 12));
        assert_eq!((change.cause, change.sent, change.origin), ("announcement", true, Some(Origin::Kernel)));
    }

    #[test]
    fn bytes_of_another_length_are_no_event() {
        assert_eq!(Change::decode(&[0; 63]), None);
        assert_eq!(Change::decode(&[]), None);
    }
}
