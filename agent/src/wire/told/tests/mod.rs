//! Changes and entries in, history out.

use l2witness_ebpf::{
    frame::Mac,
    layout::{Claims, Counter, Local, Slot, Stamp},
};

use super::*;
use crate::evidence::MacAddr;

mod losses;
mod what;

const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
/// This node's, on interface 2.
const OWN: u8 = 1;
const OTHER: u8 = 7;

struct Names;

impl Naming for Names {
    fn interface(&self, index: u32) -> String {
        format!("eth{index}")
    }

    fn who(&self, who: Who) -> (Origin, Option<String>) {
        match who.origin {
            layout::Origin::Socket => (Origin::Speaker, Some(format!("pod {}", who.cookie))),
            layout::Origin::Kernel => (Origin::Kernel, None),
            layout::Origin::Forwarded => (Origin::Forwarded, None),
        }
    }
}

const fn mac(last: u8) -> MacAddr {
    MacAddr([0, 0, 0x5e, 0, 0x53, last])
}

fn change(kind: Kind, cause: Cause, last: u8) -> Change {
    Change {
        time: 900,
        ip: IP,
        mac: mac(last),
        ifindex: 2,
        cookie: 0,
        cgroup: 0,
        protocol: Protocol::Arp,
        kind,
        unicast: false,
        cause,
        asked: 17,
        sent: false,
        origin: None,
    }
}

fn announcement(last: u8) -> Change {
    change(Kind::AnnouncementReply, Cause::Announcement, last)
}

/// A sender on this node: last byte of its MAC, origin, interface, last frame, replies.
fn local(last: u8, origin: layout::Origin, ifindex: u32, time: u64, replies: u32) -> Local {
    Local {
        mac_origin: Mac::from_octets(mac(last).0).0 | (origin as u64) << 48,
        ifindex,
        cookie: 5,
        last: time,
        replies,
        ..Claims::EMPTY.local[0]
    }
}

/// Those senders; the last reply went out by interface 2, which had heard 13 requests by then.
fn claims(locals: &[Local]) -> Claims {
    let mut claims = Claims { replied: Claims::replied(2, 13), ..Claims::EMPTY };
    claims.local[..locals.len()].copy_from_slice(locals);
    claims
}

/// Interfaces 2 and 3, with the last reply at 500 and at 950 (an announcement is heard at 900), and twenty requests
/// heard.
fn slot(index: u32) -> Option<Slot> {
    let mut slot = Slot::EMPTY;
    slot.last[Stamp::ReplySent as usize] = if index == 2 { 500 } else { 950 };
    slot.counts[Counter::RequestGroup as usize] = 20;
    (2..=3).contains(&index).then_some(slot)
}

/// Time, last byte of the MAC and `asked` of each last reply that is told.
fn lost(losses: &mut Losses, change: &Change, claims: &Claims) -> Vec<(u64, u8, Option<u64>)> {
    shown(&losses.by(change, of_ip(claims)))
}

const fn of_ip(claims: &Claims) -> OfIp<'_> {
    OfIp { ip: IP, claims, slot: &slot, naming: &Names }
}

fn shown(told: &[Told]) -> Vec<(u64, u8, Option<u64>)> {
    let last = |told: &Told| match &told.what {
        What::LastReply(claimed) => {
            assert!(claimed.sent && claimed.form.is_none() && told.ip == IP);
            (told.time, claimed.mac.0[5], claimed.asked)
        }
        other => panic!("{other:?}"),
    };
    told.iter().map(last).collect()
}
