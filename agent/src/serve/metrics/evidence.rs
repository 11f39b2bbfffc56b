//! The evidence as metrics (docs/metrics.md).

use std::{collections::BTreeSet, net::IpAddr};

use l2witness_ebpf::layout::LATENCY_SHIFT;
use prometheus::proto::MetricFamily;

use super::{family::Family, seconds};
use crate::{
    evidence::{LbIp, NodeReport, OnInterface, Sent},
    verdict::{self, LocalState, State},
};

pub(super) fn families(report: &NodeReport) -> Vec<MetricFamily> {
    let mut all = Families::new();
    for lb_ip in &report.lb_ips {
        let ip = lb_ip.ip.to_string();
        for on in &lb_ip.interfaces {
            all.counters(lb_ip, &ip, on);
            all.times(&ip, on);
        }
    }
    // A set: the old and the new socket of one restarted program have the same labels.
    let answering: BTreeSet<_> = verdict::local_states(report, report.time)
        .iter()
        .filter(|local| local.state == State::Answering)
        .map(|LocalState { ip, local, .. }| (*ip, local.interface.as_str(), local.mac, local.origin.label()))
        .collect();
    for (ip, interface, mac, origin) in answering {
        let (ip, mac) = (ip.to_string(), mac.to_string());
        let labels = [
            ("ip", ip.as_str()),
            ("node", &report.node),
            ("interface", interface),
            ("mac", &mac),
            ("origin", origin),
        ];
        all.answering.set(&labels, 1.0);
    }
    all.done()
}

struct Families {
    requests: Family,
    no_link_layer: Family,
    unanswered: Family,
    probes: Family,
    replies_sent: Family,
    announcements_sent: Family,
    requests_sent: Family,
    replies_received: Family,
    announcements_received: Family,
    mismatches: Family,
    latency: Family,
    answering: Family,
    last_request: Family,
    last_reply: Family,
    last_announcement: Family,
    traffic: Family,
    last_traffic: Family,
}

impl Families {
    fn new() -> Self {
        Self {
            requests: Family::counter(
                "requests_received_total",
                "ARP requests and neighbor solicitations received for an LB IP, probes not included.",
            ),
            no_link_layer: Family::counter(
                "requests_without_link_layer_total",
                "Neighbor solicitations received without source link-layer option, which MetalLB does not answer.",
            ),
            unanswered: Family::counter(
                "requests_unanswered_total",
                "Requests that this node had not answered when their asker asked again, or others had pushed them out. On a node that does not own the IP that is nearly all of them: take the minimum over nodes.",
            ),
            probes: Family::counter(
                "probes_received_total",
                "ARP probes (sender 0.0.0.0) and DAD solicitations received for an LB IP.",
            ),
            replies_sent: Family::counter(
                "replies_sent_total",
                "ARP replies and solicited neighbor advertisements handed to the device, by what the kernel proved of their origin.",
            ),
            announcements_sent: Family::counter(
                "announcements_sent_total",
                "Gratuitous ARP and unsolicited neighbor advertisements handed to the device.",
            ),
            requests_sent: Family::counter(
                "requests_sent_total",
                "Requests and probes for an LB IP that this node sent.",
            ),
            replies_received: Family::counter(
                "replies_received_total",
                "ARP replies and solicited neighbor advertisements received: others answer this node.",
            ),
            announcements_received: Family::counter(
                "announcements_received_total",
                "Gratuitous ARP and unsolicited neighbor advertisements received from others.",
            ),
            mismatches: Family::counter(
                "sender_mismatches_total",
                "Replies and announcements, sent or received, whose sender hardware address is not their Ethernet source.",
            ),
            latency: Family::histogram(
                "reply_latency_seconds",
                "Time from a request coming in to its reply being handed to the device.",
            ),
            answering: Family::gauge(
                "answering",
                "1 while evidence proves that this node answers for the LB IP.",
            ),
            last_request: Family::gauge("last_request_timestamp_seconds", "When the last request came in."),
            last_reply: Family::gauge("last_reply_timestamp_seconds", "When the last reply went out."),
            last_announcement: Family::gauge(
                "last_announcement_timestamp_seconds",
                "When the last announcement went out.",
            ),
            traffic: Family::counter(
                "traffic_packets_total",
                "Data packets to an LB IP that came in, with --observe-traffic alone.",
            ),
            last_traffic: Family::gauge(
                "last_traffic_timestamp_seconds",
                "When the last data packet to an LB IP came in, with --observe-traffic alone.",
            ),
        }
    }

    fn counters(&mut self, lb_ip: &LbIp, ip: &str, on: &OnInterface) {
        let (protocol, group, reply_form) = match lb_ip.ip {
            IpAddr::V4(_) => ("arp", "broadcast", "reply"),
            IpAddr::V6(_) => ("ndp", "multicast", "unsolicited"),
        };
        let base = [("ip", ip), ("interface", on.interface.as_str()), ("protocol", protocol)];
        let with = |name, value| [base[0], base[1], base[2], (name, value)];
        let requests = &on.requests;
        self.requests.count(&with("delivery", group), requests.group);
        self.requests.count(&with("delivery", "unicast"), requests.unicast);
        self.requests.count(&with("delivery", "other_host"), requests.other_host);
        self.no_link_layer.count(&base, requests.no_link_layer);
        // Zero is worth a series here: a minimum over nodes needs the owner's.
        if requests.answerable() > 0 {
            self.unanswered.total(&base, on.unanswered);
        }
        self.probes.count(&base, on.probes);
        self.requests_sent.count(&base, on.requests_sent);
        self.replies_received.count(&base, on.replies_received);
        self.mismatches.count(&base, on.hardware_mismatch);
        for (origin, value) in by_origin(on.replies_sent) {
            self.replies_sent.count(&with("origin", origin), value);
        }
        let forms = [("request", on.announcements_sent_request), (reply_form, on.announcements_sent_reply)];
        for (form, sent) in forms {
            for (origin, value) in by_origin(sent) {
                // Forwarded announcements are not told apart by form.
                let form = if origin == "forwarded" { "any" } else { form };
                let labels = [base[0], base[1], base[2], ("form", form), ("origin", origin)];
                self.announcements_sent.count(&labels, value);
            }
        }
        self.announcements_received.count(&with("form", "request"), on.announcements_received_request);
        self.announcements_received.count(&with("form", reply_form), on.announcements_received_reply);
        self.traffic.count(&base, on.traffic.map_or(0, |traffic| traffic.packets));
        let count: u64 = on.latency.buckets.iter().sum();
        if count > 0 {
            let ends = on.latency.buckets.iter().enumerate().map(|(at, count)| (bucket_end(at), *count));
            let mut buckets: Vec<_> = ends.collect();
            buckets.pop();
            self.latency.observe(&base, &buckets, count, on.latency.sum_seconds);
        }
    }

    fn times(&mut self, ip: &str, on: &OnInterface) {
        let labels = [("ip", ip), ("interface", on.interface.as_str())];
        let families = [
            (&mut self.last_request, on.last.request),
            (&mut self.last_reply, on.last.reply_sent),
            (&mut self.last_announcement, on.last.announcement_sent),
            (&mut self.last_traffic, on.traffic.and_then(|traffic| traffic.last)),
        ];
        for (family, time) in families {
            if let Some(time) = time {
                family.set(&labels, seconds(time));
            }
        }
    }

    fn done(self) -> Vec<MetricFamily> {
        let Self {
            requests,
            no_link_layer,
            unanswered,
            probes,
            replies_sent,
            announcements_sent,
            requests_sent,
            replies_received,
            announcements_received,
            mismatches,
            latency,
            answering,
            last_request,
            last_reply,
            last_announcement,
            traffic,
            last_traffic,
        } = self;
        [
            requests,
            no_link_layer,
            unanswered,
            probes,
            replies_sent,
            announcements_sent,
            requests_sent,
            replies_received,
            announcements_received,
            mismatches,
            latency,
            answering,
            last_request,
            last_reply,
            last_announcement,
            traffic,
            last_traffic,
        ]
        .into_iter()
        .map(Family::done)
        .collect()
    }
}

const fn by_origin(sent: Sent) -> [(&'static str, u64); 3] {
    [("socket", sent.socket), ("kernel", sent.kernel), ("forwarded", sent.forwarded)]
}

/// Upper bound of a latency bucket, seconds.
fn bucket_end(bucket: usize) -> f64 {
    (1_u64 << (LATENCY_SHIFT as usize + bucket)) as f64 / 1e9
}
