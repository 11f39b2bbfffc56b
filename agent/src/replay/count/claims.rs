//! Who claims an LB IP, in bounded places (the kernel's side: `programs/claim.rs`).

use l2witness_ebpf::{
    frame::{Kind, Message},
    layout::{
        Cause, Claims, Counter, HEARD_STALE_NS, Heard, LOCAL_STALE_NS, Local, News, Origin, REPLACED_NS,
        RESUME_NS, Slot, Stamp,
    },
};

const MAC_BITS: u64 = 0xffff_ffff_ffff;

/// Who on a node sent a frame.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// By what.
    pub origin: Origin,
    /// Cookie of its socket, 0 if it has none or it is not known.
    pub cookie: u64,
    /// Its cgroup v2 id, 0 if it is not known.
    pub cgroup: u64,
}

const fn before(then: u64, time: u64, now: u64) -> bool {
    then + time < now
}

/// Whether a frame is news, given when its sender was last seen before; `slot` has the frame already.
fn cause(kind: Kind, last: u64, slot: &Slot, now: u64) -> Option<Cause> {
    let announced = |stamp: Stamp| slot.last[stamp as usize];
    let (heard, sent) = (announced(Stamp::AnnouncementReceived), announced(Stamp::AnnouncementSent));
    News::of(kind, last, heard, sent, now).cause()
}

/// A reply or announcement of this node, sent through interface `ifindex` with that outermost VLAN and counted in its
/// `slot`. Says why it is news, if it is.
pub fn local(
    claims: &mut Claims,
    message: &Message,
    vlan: u16,
    (ifindex, slot): (u32, &Slot),
    sender: Sender,
    now: u64,
) -> Option<Cause> {
    let Sender { origin, cookie, cgroup } = sender;
    let mac_origin = message.hardware.0 | (origin as u64) << 48;
    let alike = |known: &Local| known.mac_origin == mac_origin && known.ifindex == ifindex;
    let places = &claims.local;
    let held = || places.iter().position(|known| alike(known) && known.cookie == cookie);
    let former = |time| places.iter().position(|known| alike(known) && before(known.last, time, now));
    let free = || places.iter().position(|known| known.last == 0);
    let stale = || places.iter().position(|known| before(known.last, LOCAL_STALE_NS, now));
    let place = held().or_else(|| former(RESUME_NS)).or_else(free);
    let Some(place) = place.or_else(|| former(REPLACED_NS)).or_else(stale) else {
        claims.local_overflow += 1;
        return None;
    };
    let known = &mut claims.local[place];
    if !alike(known) || known.cookie != cookie {
        *known = Local {
            mac_origin,
            ifindex,
            cookie,
            cgroup,
            first: now,
            last: 0,
            replies: 0,
            announcements: 0,
            ..*known
        };
    }
    let cause = cause(message.kind, known.last, slot, now);
    let replies = u32::from(message.kind == Kind::Reply);
    known.replies += replies;
    known.announcements += 1 - replies;
    (known.flags, known.vlan, known.last) = (message.flags.0, vlan, now);
    if message.kind == Kind::Reply {
        claims.replied = Claims::replied(ifindex, slot.counts[Counter::RequestGroup as usize]);
    }
    cause
}

/// Somebody heard on interface `ifindex`, of which `slot` is, to claim the IP, be it by asking with it as its own. Says
/// why it is news, if it is.
pub fn heard(
    claims: &mut Claims,
    message: &Message,
    (ifindex, slot): (u32, &Slot),
    now: u64,
) -> Option<Cause> {
    let mac = message.hardware.0;
    let alike = |known: &Heard| known.mac_flags & MAC_BITS == mac & MAC_BITS && known.ifindex == ifindex;
    let places = &claims.heard;
    let free = || places.iter().position(|known| known.last == 0 || before(known.last, HEARD_STALE_NS, now));
    let Some(place) = places.iter().position(alike).or_else(free) else {
        claims.heard_overflow += 1;
        return None;
    };
    let known = &mut claims.heard[place];
    if !alike(known) {
        *known = Heard { ifindex, first: now, count: 0, last: 0, ..*known };
    }
    let cause = cause(message.kind, known.last, slot, now);
    known.count += 1;
    known.mac_flags = mac | u64::from(message.flags.0) << 48;
    known.last = now;
    cause
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use l2witness_ebpf::{
        frame::{Address, Delivery, Flags, Mac, Protocol},
        layout::LOCAL,
    };

    use super::*;

    const NIC: u32 = 2;

    const MAC: Mac = Mac(0x0200_5e00_5301);

    fn reply() -> Message {
        let subject = Address::from(IpAddr::from([192, 0, 2, 10]));
        Message {
            protocol: Protocol::Arp,
            kind: Kind::Reply,
            delivery: Delivery::Unicast,
            flags: Flags::default(),
            vlan: 0,
            subject,
            sender: subject,
            hardware: MAC,
            source: MAC,
            destination: Mac(0x0200_5e00_5399),
        }
    }

    /// A program that is started again and again, each time with another socket.
    #[test]
    fn a_socket_that_has_just_stopped_keeps_its_place_while_there_is_another() {
        const NOW: u64 = 1_000_000_000_000;
        let (mut claims, slot) = (Claims::EMPTY, Slot::EMPTY);
        let table = [
            (0, 1, [1, 0, 0, 0]),
            (3, 2, [1, 2, 0, 0]),
            // The first is silent for longer than ten seconds.
            (12, 3, [3, 2, 0, 0]),
            (12, 4, [3, 2, 4, 0]),
            (12, 5, [3, 2, 4, 5]),
            // The second, too; then none is, and the first that fits has been for more than two.
            (14, 6, [3, 6, 4, 5]),
            (15, 7, [7, 6, 4, 5]),
        ];
        for (second, cookie, expected) in table {
            let sender = Sender { origin: Origin::Socket, cookie, cgroup: 0 };
            local(&mut claims, &reply(), 0, (NIC, &slot), sender, NOW + second * 1_000_000_000);
            let cookies: [u64; LOCAL] = claims.local.map(|known| known.cookie);
            assert_eq!(cookies, expected, "after {second} s");
        }
        assert_eq!(claims.local_overflow, 0);
    }
}
