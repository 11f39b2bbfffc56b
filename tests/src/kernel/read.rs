//! From map entries to an [`Outcome`].

use std::mem::{offset_of, size_of};
use std::net::IpAddr;

use anyhow::{Context as _, Result, ensure};
use l2witness_ebpf::frame::{Address, Delivery, Flags, Kind, Mac};
use l2witness_ebpf::layout::{Claims, Counter, Event, News, Origin, Slot, Stamp};

use super::{Claim, Outcome, Told};

const MAC_BITS: u64 = 0xffff_ffff_ffff;

/// In the order of their numbers, which is that of their declaration.
const COUNTERS: [Counter; Counter::COUNT] = [
    Counter::RequestGroup,
    Counter::RequestUnicast,
    Counter::RequestOtherHost,
    Counter::RequestNoLinkLayer,
    Counter::Probe,
    Counter::ReplyReceived,
    Counter::AnnouncementRequestReceived,
    Counter::AnnouncementReplyReceived,
    Counter::ReplySentSocket,
    Counter::ReplySentKernel,
    Counter::ReplySentForwarded,
    Counter::AnnouncementRequestSentSocket,
    Counter::AnnouncementRequestSentKernel,
    Counter::AnnouncementReplySentSocket,
    Counter::AnnouncementReplySentKernel,
    Counter::AnnouncementForwarded,
    Counter::RequestSent,
    Counter::Unanswered,
    Counter::HardwareMismatch,
];

const STAMPS: [Stamp; Stamp::COUNT] = [
    Stamp::Request,
    Stamp::Probe,
    Stamp::ReplyReceived,
    Stamp::AnnouncementReceived,
    Stamp::ReplySent,
    Stamp::AnnouncementSent,
];

pub(super) fn slot(outcome: &mut Outcome, ip: IpAddr, slot: &Slot) {
    let moved = COUNTERS.iter().map(|counter| (ip, *counter, slot.counts[*counter as usize]));
    outcome.counts.extend(moved.filter(|(_, _, count)| *count != 0));
    let noted = STAMPS.iter().filter(|stamp| slot.last[**stamp as usize] != 0);
    outcome.stamps.extend(noted.map(|stamp| (ip, *stamp)));
    let waiting = slot.waiting.iter().filter(|asker| **asker != 0);
    outcome.waiting.extend(waiting.map(|asker| (ip, *asker)));
    let measured = slot.latency.iter().sum();
    if measured != 0 {
        outcome.measured.push((ip, measured));
    }
}

pub(super) fn claims(outcome: &mut Outcome, ip: IpAddr, claims: &Claims, interface: u32) -> Result<()> {
    for local in claims.local.iter().filter(|local| local.last != 0) {
        ensure!(local.ifindex == interface, "a claim by interface {} is not ours", local.ifindex);
        ensure!(local.first <= local.last, "a claim that ended before it began: {local:?}");
        let claim = Claim::Local {
            mac: Mac(local.mac_origin & MAC_BITS),
            origin: Origin::from_u8((local.mac_origin >> 48) as u8).context("no origin")?,
            flags: Flags(local.flags),
            vlan: local.vlan,
            replies: local.replies.into(),
            announcements: local.announcements.into(),
        };
        outcome.claims.push((ip, claim));
    }
    for heard in claims.heard.iter().filter(|heard| heard.last != 0) {
        ensure!(heard.ifindex == interface, "a claim on interface {} is not ours", heard.ifindex);
        ensure!(heard.first <= heard.last, "a claim that ended before it began: {heard:?}");
        let claim = Claim::Heard {
            mac: Mac(heard.mac_flags & MAC_BITS),
            flags: Flags((heard.mac_flags >> 48) as u16),
            count: heard.count,
        };
        outcome.claims.push((ip, claim));
    }
    let overflows =
        [Claim::LocalOverflow(claims.local_overflow), Claim::HeardOverflow(claims.heard_overflow)];
    let happened = |claim: &Claim| !matches!(claim, Claim::LocalOverflow(0) | Claim::HeardOverflow(0));
    outcome.claims.extend(overflows.into_iter().filter(happened).map(|claim| (ip, claim)));
    Ok(())
}

pub(super) fn event(bytes: &[u8]) -> Result<Told> {
    ensure!(bytes.len() == size_of::<Event>(), "an event of {} bytes", bytes.len());
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes[offset_of!(Event, address)..].chunks_exact(4)) {
        *word = u32::from_ne_bytes(chunk.try_into()?);
    }
    let mac = offset_of!(Event, mac);
    let asked = offset_of!(Event, asked);
    let kind = Kind::from_u8(bytes[offset_of!(Event, kind)]).context("no kind")?;
    Ok(Told {
        ip: Address { words }.into(),
        mac: Mac(u64::from_ne_bytes(bytes[mac..mac + 8].try_into()?)),
        cause: News(bytes[offset_of!(Event, news)]).cause().context("no news")?,
        kind,
        unicast: bytes[offset_of!(Event, delivery)] == Delivery::Unicast as u8,
        asked: u64::from_ne_bytes(bytes[asked..asked + 8].try_into()?),
    })
}
