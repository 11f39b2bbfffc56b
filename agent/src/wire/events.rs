//! Changes and requests, as they come out of the ring buffer.

use std::net::IpAddr;

use aya::maps::{MapData, RingBuf};
use bytes::Buf as _;
use l2witness_ebpf::{
    frame::{Address, Kind, Mac, Protocol},
    layout::{Cause, Event, News, Origin},
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::evidence::MacAddr;

/// One change: a new claimant, one that resumes, an announcement, the first frame of a claimant after one. Or a
/// request, as far as the rate lets them through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `CLOCK_MONOTONIC` nanoseconds.
    pub time: u64,
    /// The LB IP.
    pub ip: IpAddr,
    /// The MAC that claims it; with [`Cause::Request`] the asker's.
    pub mac: MacAddr,
    /// Interface index.
    pub ifindex: u32,
    /// Cookie of the sender's socket, 0 if none or not sent here.
    pub cookie: u64,
    /// cgroup v2 id of the sender.
    pub cgroup: u64,
    /// ARP or NDP.
    pub protocol: Protocol,
    /// What the frame does. [`Kind::Request`] with another cause than [`Cause::Request`] is somebody who asks for
    /// another address with the LB IP as its own.
    pub kind: Kind,
    /// To one station, rather than broadcast or multicast.
    pub unicast: bool,
    /// Why it is told.
    pub cause: Cause,
    /// Requests by broadcast or multicast, probes left out, that the interface had heard for the IP by then, this one
    /// included if it is one.
    pub asked: u64,
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
        let (cookie, cgroup, asked) = (bytes.get_u64_ne(), bytes.get_u64_ne(), bytes.get_u64_ne());
        let kind = Kind::from_u8(bytes.get_u8())?;
        let cause = News(bytes.get_u8()).cause()?;
        let sent = bytes.get_u8() == 1;
        let origin = Origin::from_u8(bytes.get_u8());
        let protocol = Protocol::from_u8(bytes.get_u8())?;
        let unicast = bytes.get_u8() == 1;
        Some(Self {
            time,
            ip: Address { words }.into(),
            mac: mac.into(),
            ifindex,
            cookie,
            cgroup,
            protocol,
            kind,
            unicast,
            cause,
            asked,
            sent,
            origin: if sent { origin } else { None },
        })
    }

    /// Whether somebody claims the address by it, rather than asks for it.
    pub const fn claims(&self) -> bool {
        !matches!(self.cause, Cause::Request)
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

    /// Of an announcement that a kernel sent.
    fn bytes() -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(7_u64.to_ne_bytes());
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1]);
        bytes.extend([0, 0, 0x5e, 0, 0x53, 1, 0, 0]);
        bytes.extend(3_u32.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(11_u64.to_ne_bytes());
        bytes.extend(12_u64.to_ne_bytes());
        bytes.extend(13_u64.to_ne_bytes());
        bytes.extend([2, 4, 1, 1, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn an_event_is_read_field_by_field() {
        let change = Change::decode(&bytes()).unwrap();
        let expected = Change {
            time: 7,
            ip: "192.0.2.1".parse().unwrap(),
            mac: "00:00:5e:00:53:01".parse().unwrap(),
            ifindex: 3,
            cookie: 11,
            cgroup: 12,
            protocol: Protocol::Arp,
            kind: Kind::AnnouncementRequest,
            unicast: false,
            cause: Cause::Announcement,
            asked: 13,
            sent: true,
            origin: Some(Origin::Kernel),
        };
        assert_eq!(change, expected);
        assert!(change.claims());
    }

    #[test]
    fn a_request_by_unicast_has_no_origin_and_claims_nothing() {
        let mut bytes = bytes();
        let at = bytes.len() - 8;
        bytes[at..].copy_from_slice(&[0, 16, 0, 0, 1, 1, 0, 0]);
        let change = Change::decode(&bytes).unwrap();
        assert_eq!(
            (change.kind, change.cause, change.protocol),
            (Kind::Request, Cause::Request, Protocol::Ndp)
        );
        assert_eq!((change.unicast, change.sent, change.origin), (true, false, None));
        assert!(!change.claims());
    }

    #[test]
    fn bytes_that_are_no_event_are_none() {
        assert_eq!(Change::decode(&[0; 71]), None);
        assert_eq!(Change::decode(&[]), None);
        for (from_the_end, number) in [(8, 5), (7, 0), (7, 17), (7, 32), (4, 2)] {
            let mut bytes = bytes();
            let at = bytes.len() - from_the_end;
            bytes[at] = number;
            assert_eq!(Change::decode(&bytes), None, "{number} at {from_the_end} from the end");
        }
    }
}
