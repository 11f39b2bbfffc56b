//! What the captures say about the two handovers.

use std::net::IpAddr;

use anyhow::{Context as _, Result};
use l2witness_ebpf::frame::{Delivery, Kind, Mac};

use crate::capture::{Capture, Seen};

const OLD: Mac = Mac::from_octets([0x1a, 0x1c, 0xf8, 0x3a, 0xe7, 0xf3]);
const OLD_NEXT: Mac = Mac::from_octets([0xd6, 0xa7, 0xd7, 0x8c, 0xa0, 0x62]);
const NEW: Mac = Mac::from_octets([0x32, 0xe1, 0x90, 0x7d, 0x72, 0x02]);
const NEW_NEXT: Mac = Mac::from_octets([0xd6, 0x18, 0xdf, 0x92, 0x8b, 0xcb]);

/// One handover as the router saw it.
struct Handover {
    capture: Capture,
    ip: IpAddr,
    from: Mac,
    to: Mac,
}

impl Handover {
    fn of(&self, mac: Mac, kind: Kind) -> Vec<&Seen> {
        self.capture.of(self.ip).filter(|seen| seen.claims(mac) && seen.message.kind == kind).collect()
    }

    fn requests(&self) -> Vec<&Seen> {
        self.capture.of(self.ip).filter(|seen| seen.message.kind == Kind::Request).collect()
    }

    /// The times of the last answer before, of both forms of the first announcement, of the first answer after.
    fn times(&self) -> Result<[&str; 4]> {
        let last = self.of(self.from, Kind::Reply).into_iter().next_back().context("never answered")?;
        let first = |kind| self.of(self.to, kind).into_iter().next().context("never took over");
        let [asks, says] = [first(Kind::AnnouncementRequest)?, first(Kind::AnnouncementReply)?];
        Ok([&last.time, &asks.time, &says.time, &first(Kind::Reply)?.time].map(String::as_str))
    }
}

fn old() -> Result<Handover> {
    let capture = Capture::read("metallb-0.8.2-kube-1.17.6/rt.pcap")?;
    Ok(Handover { capture, ip: "10.77.0.201".parse()?, from: OLD, to: OLD_NEXT })
}

fn new() -> Result<Handover> {
    let capture = Capture::read("metallb-0.15.3-kube-1.34.4/rt.pcap")?;
    Ok(Handover { capture, ip: "10.77.0.200".parse()?, from: NEW, to: NEW_NEXT })
}

#[test]
fn metallb_0_8_2_hands_over_at_these_times() -> Result<()> {
    let handover = old()?;
    assert_eq!(
        handover.times()?,
        ["06:23:03.413174", "06:23:03.423889", "06:23:03.424246", "06:23:03.537137"]
    );
    assert_eq!(handover.requests().len(), 58);
    assert_eq!(handover.of(OLD, Kind::Reply).len(), 18);
    assert_eq!(handover.of(OLD_NEXT, Kind::Reply).len(), 40);
    Ok(())
}

#[test]
fn metallb_0_15_3_hands_over_at_these_times() -> Result<()> {
    let handover = new()?;
    assert_eq!(
        handover.times()?,
        ["06:55:35.879517", "06:55:35.948903", "06:55:35.948927", "06:55:36.002810"]
    );
    assert_eq!(handover.requests().len(), 80);
    assert_eq!(handover.of(NEW, Kind::Reply).len(), 18);
    assert_eq!(handover.of(NEW_NEXT, Kind::Reply).len(), 62);
    assert!(handover.requests().iter().any(|request| request.time == "06:55:36.002565"));
    Ok(())
}

#[test]
fn every_request_is_answered_once_and_never_by_both() -> Result<()> {
    for Handover { capture, ip, from, to } in [old()?, new()?] {
        let exchange = capture.of(ip).filter(|seen| matches!(seen.message.kind, Kind::Request | Kind::Reply));
        let exchange: Vec<_> = exchange.collect();
        let (pairs, rest) = exchange.as_chunks::<2>();
        assert!(rest.is_empty(), "{ip}");
        for [request, reply] in pairs {
            assert_eq!(
                (request.message.kind, reply.message.kind),
                (Kind::Request, Kind::Reply),
                "{}",
                reply.time
            );
            assert_eq!(reply.message.destination, request.message.source, "{}", reply.time);
        }
        let first_of_next = capture.of(ip).position(|seen| seen.claims(to)).context("never took over")?;
        let back = capture.of(ip).skip(first_of_next).find(|seen| seen.claims(from));
        assert!(back.is_none(), "{ip} went back");
    }
    Ok(())
}

#[test]
fn a_takeover_is_announced_by_five_rounds_of_both_forms_to_everybody() -> Result<()> {
    for handover in [old()?, new()?] {
        let announcements: Vec<_> = handover
            .capture
            .of(handover.ip)
            .filter(|seen| matches!(seen.message.kind, Kind::AnnouncementRequest | Kind::AnnouncementReply))
            .collect();
        let kinds: Vec<_> = announcements.iter().map(|seen| seen.message.kind).collect();

        assert_eq!(kinds, [Kind::AnnouncementRequest, Kind::AnnouncementReply].repeat(5));
        for seen in announcements {
            assert_eq!(seen.message.hardware, handover.to);
            assert_eq!(seen.message.source, handover.to);
            assert_eq!(seen.message.delivery, Delivery::Group);
        }
    }
    Ok(())
}

/// The owners of the IPs that stay announce them when the Services change, and nobody asks.
#[test]
fn the_ips_that_stay_are_claimed_by_their_owners_alone() -> Result<()> {
    let capture = Capture::read("metallb-0.15.3-kube-1.34.4/rt.pcap")?;
    let n2 = Mac::from_octets([0xe2, 0xf7, 0x30, 0x1b, 0x6c, 0x7e]);
    for (ip, owner) in [("10.77.0.201", n2), ("10.77.0.202", NEW_NEXT)] {
        let ip: IpAddr = ip.parse()?;
        assert_eq!(capture.of(ip).count(), 10, "{ip}");
        assert!(capture.of(ip).all(|seen| seen.claims(owner)), "{ip}");
    }
    Ok(())
}
