//! From the entries of the maps, or of a replay that counts like the kernel, to plain data.

use jiff::Timestamp;
use l2witness_ebpf::{
    frame::{Flags, Mac},
    layout::{self, Counter, LATENCY_BUCKETS, Slot, Stamp},
};

use super::{Heard, Latency, Local, OnInterface, Origin, Requests, Sender, Sent, Times};

const MAC_BITS: u64 = 0xffff_ffff_ffff;

/// Gives the wall time of an entry's time, `None` for 0 (= never).
type Wall<'a> = &'a dyn Fn(u64) -> Option<Timestamp>;

const _: () = assert!(LATENCY_BUCKETS == 12, "docs/api.md and docs/metrics.md name the buckets");

impl OnInterface {
    /// The counters of one slot; `noted` are times of requests beside those that it has itself.
    pub(crate) fn of(
        interface: String,
        slot: &Slot,
        noted: impl Iterator<Item = u64>,
        wall: Wall<'_>,
    ) -> Self {
        let count = |counter: Counter| slot.counts[counter as usize];
        let last = |stamp: Stamp| wall(slot.last[stamp as usize]);
        let mut recent: Vec<_> = slot.recent.into_iter().chain(noted).collect();
        recent.sort_unstable();
        recent.dedup();
        Self {
            interface,
            requests: Requests {
                group: count(Counter::RequestGroup),
                unicast: count(Counter::RequestUnicast),
                other_host: count(Counter::RequestOtherHost),
                no_link_layer: count(Counter::RequestNoLinkLayer),
            },
            probes: count(Counter::Probe),
            replies_received: count(Counter::ReplyReceived),
            announcements_received_request: count(Counter::AnnouncementRequestReceived),
            announcements_received_reply: count(Counter::AnnouncementReplyReceived),
            replies_sent: Sent {
                socket: count(Counter::ReplySentSocket),
                kernel: count(Counter::ReplySentKernel),
                forwarded: count(Counter::ReplySentForwarded),
            },
            announcements_sent_request: Sent {
                socket: count(Counter::AnnouncementRequestSentSocket),
                kernel: count(Counter::AnnouncementRequestSentKernel),
                forwarded: 0,
            },
            announcements_sent_reply: Sent {
                socket: count(Counter::AnnouncementReplySentSocket),
                kernel: count(Counter::AnnouncementReplySentKernel),
                forwarded: count(Counter::AnnouncementForwarded),
            },
            requests_sent: count(Counter::RequestSent),
            unanswered: count(Counter::Unanswered),
            hardware_mismatch: count(Counter::HardwareMismatch),
            latency: Latency {
                buckets: slot.latency.iter().map(|bucket| u64::from(*bucket)).collect(),
                sum_seconds: slot.latency_sum as f64 / 1e9,
            },
            last: Times {
                request: last(Stamp::Request),
                probe: last(Stamp::Probe),
                reply_received: last(Stamp::ReplyReceived),
                announcement_received: last(Stamp::AnnouncementReceived),
                reply_sent: last(Stamp::ReplySent),
                announcement_sent: last(Stamp::AnnouncementSent),
            },
            traffic: None,
            recent_requests: recent.iter().filter_map(|time| wall(*time)).collect(),
        }
    }
}

impl Local {
    /// A sender on this node, if the place is taken; `who` is what is known of it beyond the entry.
    pub(crate) fn of(
        interface: String,
        entry: &layout::Local,
        who: (Origin, Option<Sender>),
        wall: Wall<'_>,
    ) -> Option<Self> {
        let last = wall(entry.last)?;
        let (origin, sender) = who;
        Some(Self {
            interface,
            mac: Mac(entry.mac_origin & MAC_BITS).into(),
            origin,
            sender,
            replies: entry.replies.into(),
            announcements: entry.announcements.into(),
            first: wall(entry.first).unwrap_or(last),
            last,
            vlan: entry.vlan,
            flags: flags(Flags(entry.flags)),
        })
    }
}

impl Heard {
    /// A sender heard on the wire, if the place is taken.
    pub(crate) fn of(interface: String, entry: &layout::Heard, wall: Wall<'_>) -> Option<Self> {
        let last = wall(entry.last)?;
        Some(Self {
            interface,
            mac: Mac(entry.mac_flags & MAC_BITS).into(),
            node: None,
            count: entry.count.into(),
            first: wall(entry.first).unwrap_or(last),
            last,
            flags: flags(Flags((entry.mac_flags >> 48) as u16)),
        })
    }
}

/// The bits as words; the two that only serve to tell the origin stay inside.
fn flags(bits: Flags) -> Vec<String> {
    const WORDS: [(Flags, &str); 5] = [
        (Flags::ROUTER, "router"),
        (Flags::SOLICITED, "solicited"),
        (Flags::OVERRIDE, "override"),
        (Flags::NO_LINK_LAYER, "no-link-layer"),
        (Flags::HARDWARE_MISMATCH, "hardware-mismatch"),
    ];
    WORDS.iter().filter(|(flag, _)| bits.has(*flag)).map(|(_, word)| (*word).to_owned()).collect()
}
