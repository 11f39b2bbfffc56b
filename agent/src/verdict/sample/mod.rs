//! Builders of reports for tests. Times are given as seconds before [`T0`], the tests' "now".

mod said;

use std::{collections::BTreeMap, net::IpAddr};

use jiff::Timestamp;

use super::{Coverage, Failed, Scope};
use crate::evidence::{
    Bound, Heard, HistoryState, HostFacts, Interface, LbIp, Local, MacAddr, Named, NodeReport, OnInterface,
    Origin, Reached, Said, Sender, SourceState, Times,
};

pub(crate) use said::{WEB, in_pod, kube_vip, member, owner, peer, unit};

/// "Now", in seconds.
pub(crate) const T0: i64 = 1_700_000_000;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn before(seconds: i64) -> Timestamp {
    at(T0 - seconds)
}

/// The documentation MAC with this last byte.
pub(crate) fn mac(last: u8) -> MacAddr {
    MacAddr([0, 0, 0x5e, 0, 0x53, last])
}

pub(crate) struct Node(NodeReport);

/// A node with one observed interface eth0 that watches 192.0.2.10.
pub(crate) fn node(name: &str, last_of_mac: u8) -> Node {
    let lb_ip = LbIp {
        ip: "192.0.2.10".parse().unwrap(),
        since: None,
        interfaces: Vec::new(),
        local: Vec::new(),
        heard: Vec::new(),
        local_overflow: 0,
        heard_overflow: 0,
        bound: Bound::default(),
        takeovers: Vec::new(),
        handovers: 0,
        foreign_claims: 0,
        said: Said::default(),
    };
    let report = NodeReport {
        schema: NodeReport::SCHEMA,
        node: name.to_owned(),
        version: "0.1.0".to_owned(),
        time: at(T0),
        since: before(86_400),
        source: "static".to_owned(),
        source_state: SourceState::default(),
        speaker: None,
        capacity: 1024,
        interfaces: Vec::new(),
        lb_ips: vec![lb_ip],
        events_lost: BTreeMap::new(),
        history: HistoryState::default(),
        clock: None,
    };
    Node(report).nic("eth0", last_of_mac)
}

impl Node {
    pub(crate) fn nic(mut self, name: &str, last_of_mac: u8) -> Self {
        let index = self.0.interfaces.len() as u32 + 2;
        self.0.interfaces.push(Interface {
            name: name.to_owned(),
            index,
            mac: mac(last_of_mac),
            up: true,
            carrier: true,
            hook: Some("tcx".to_owned()),
            skipped: None,
            ignored: BTreeMap::new(),
            host: HostFacts::default(),
        });
        self.lb().interfaces.push(OnInterface { interface: name.to_owned(), ..OnInterface::default() });
        self
    }

    fn lb(&mut self) -> &mut LbIp {
        &mut self.0.lb_ips[0]
    }

    pub(crate) fn ip(mut self, ip: &str) -> Self {
        self.lb().ip = ip.parse::<IpAddr>().unwrap();
        self
    }

    /// A broadcast request came in on every interface.
    pub(crate) fn asked(mut self, ago: i64) -> Self {
        for on in &mut self.lb().interfaces {
            on.requests.group += 1;
            on.last.request = on.last.request.max(Some(before(ago)));
            on.recent_requests.push(before(ago));
        }
        self
    }

    pub(crate) fn local(mut self, local: Local) -> Self {
        let Times { reply_sent, announcement_sent, .. } = &mut self.on(&local.interface).last;
        if local.replies > 0 {
            *reply_sent = (*reply_sent).max(Some(local.last));
        } else {
            *announcement_sent = (*announcement_sent).max(Some(local.last));
        }
        self.lb().local.push(local);
        self
    }

    /// The last announcement, where it is not the last frame of all.
    pub(crate) fn announced(mut self, ago: i64) -> Self {
        self.on("eth0").last.announcement_sent = Some(before(ago));
        self
    }

    /// The last reply, where it is not the last frame of all.
    pub(crate) fn replied(mut self, ago: i64) -> Self {
        self.on("eth0").last.reply_sent = Some(before(ago));
        self
    }

    /// A data packet came in.
    pub(crate) fn reached(mut self, ago: i64) -> Self {
        self.on("eth0").traffic = Some(Reached { packets: 7, last: Some(before(ago)) });
        self
    }

    fn on(&mut self, name: &str) -> &mut OnInterface {
        self.lb().interfaces.iter_mut().find(|on| on.interface == name).unwrap()
    }

    pub(crate) fn heard(self, last_of_mac: u8, ago: i64) -> Self {
        self.heard_on("eth0", last_of_mac, ago)
    }

    pub(crate) fn heard_on(mut self, interface: &str, last_of_mac: u8, ago: i64) -> Self {
        self.lb().heard.push(Heard {
            interface: interface.to_owned(),
            mac: mac(last_of_mac),
            node: None,
            count: 2,
            first: before(ago),
            last: before(ago),
            flags: Vec::new(),
        });
        self
    }

    pub(crate) fn edit(mut self, edit: impl FnOnce(&mut NodeReport)) -> Self {
        edit(&mut self.0);
        self
    }

    pub(crate) fn without_carrier(self) -> Self {
        self.edit(|report| report.interfaces[0].carrier = false)
    }

    pub(crate) fn overflowing(self) -> Self {
        self.edit(|report| report.lb_ips[0].heard_overflow = 7)
    }

    pub(crate) fn observing_nothing(self) -> Self {
        self.edit(|report| report.interfaces[0].hook = None)
    }

    /// Its clock is this many seconds ahead.
    pub(crate) fn skewed(self, seconds: i64) -> Self {
        self.edit(|report| {
            let shift = |time: Timestamp| at(time.as_second() + seconds);
            report.time = shift(report.time);
            report.since = shift(report.since);
            let lb = &mut report.lb_ips[0];
            lb.local
                .iter_mut()
                .for_each(|local| (local.first, local.last) = (shift(local.first), shift(local.last)));
            lb.heard
                .iter_mut()
                .for_each(|heard| (heard.first, heard.last) = (shift(heard.first), shift(heard.last)));
            for on in &mut lb.interfaces {
                on.last.request = on.last.request.map(shift);
                on.last.reply_sent = on.last.reply_sent.map(shift);
                on.last.announcement_sent = on.last.announcement_sent.map(shift);
                on.recent_requests.iter_mut().for_each(|time| *time = shift(*time));
            }
        })
    }

    pub(crate) fn done(self) -> NodeReport {
        self.0
    }
}

/// A speaker on eth0 that replied from `first` to `last` seconds ago.
pub(crate) fn speaker(last_of_mac: u8, first: i64, last: i64) -> Local {
    let sender = Sender {
        name: "4f2a9c".to_owned(),
        by: Named::Container,
        cookie: 4097,
        cgroup: 7012,
        process: None,
        pid: None,
        pod: None,
    };
    Local {
        interface: "eth0".to_owned(),
        mac: mac(last_of_mac),
        origin: Origin::Speaker,
        sender: Some(sender),
        replies: 12,
        announcements: 10,
        first: before(first),
        last: before(last),
        vlan: 0,
        flags: Vec::new(),
    }
}

/// The kernel on eth0, which never announces.
pub(crate) fn kernel(last_of_mac: u8, first: i64, last: i64) -> Local {
    Local { origin: Origin::Kernel, sender: None, announcements: 0, ..speaker(last_of_mac, first, last) }
}

/// A speaker that has only announced.
pub(crate) fn announcer(last_of_mac: u8, first: i64, last: i64) -> Local {
    Local { replies: 0, ..speaker(last_of_mac, first, last) }
}

/// All of so many agents replied.
pub(crate) fn all(asked: usize) -> Coverage {
    Coverage { scope: Scope::Agents, asked, replied: asked, failed: Vec::new() }
}

/// One of so many agents refused.
pub(crate) fn but_one(asked: usize) -> Coverage {
    let failed = vec![Failed { agent: "http://n3:9472".to_owned(), error: "connection refused".to_owned() }];
    Coverage { scope: Scope::Agents, asked, replied: asked - 1, failed }
}

/// Only this node's own agent was asked.
pub(crate) fn alone() -> Coverage {
    Coverage { scope: Scope::Node, asked: 1, replied: 1, failed: Vec::new() }
}
