//! Builders of claims and host facts.

use super::{Node, before, node};
use crate::evidence::{
    Announced, Assigned, Because, Compared, Counter, HostFacts, L2Status, LinkLocal, Local, Named,
    NodeReport, Origin, Prediction, Reading, Sender, Service, Speaker, Takeover,
};

/// The Service that has the address.
pub(crate) const WEB: &str = "default/web";

/// A node of a cluster with `MetalLB`: its speaker is read, one Service has the address, nobody said more.
pub(crate) fn member(name: &str, last_of_mac: u8) -> Node {
    let speaker = Speaker {
        pod: Some(format!("metallb-system/speaker-{name}")),
        ready: Some(true),
        version: Some("v0.15.3".to_owned()),
        endpoint: Some("http://198.51.100.1:7472/metrics".to_owned()),
        reading: Reading::Ok,
        error: None,
        read: Some(before(5)),
        started: Some(before(86_000)),
        config_loaded: Some(true),
        config_stale: Some(false),
    };
    node(name, last_of_mac).service(WEB, None).edit(|report| {
        report.source = "kubernetes".to_owned();
        report.source_state.synced = Some(before(80_000));
        report.speaker = Some(speaker);
        report.lb_ips[0].since = Some(before(70_000));
    })
}

/// A member that everybody, itself included, says announces it, and that does.
pub(crate) fn owner(name: &str, last_of_mac: u8) -> Node {
    let own = in_pod(super::speaker(last_of_mac, 3600, 5), &format!("metallb-system/speaker-{name}"));
    member(name, last_of_mac)
        .elected(name)
        .announces(WEB, 3600)
        .asked(5)
        .local(own)
        .announced(3596)
        .replied(5)
}

/// A member that hears the request and agrees that another one announces.
pub(crate) fn peer(name: &str, last_of_mac: u8, owner: &str) -> Node {
    member(name, last_of_mac).elected(owner).asked(5)
}

/// A program of this pod rather than what it was.
pub(crate) fn in_pod(local: Local, pod: &str) -> Local {
    let sender =
        local.sender.map(|sender| Sender { pod: Some(pod.to_owned()), name: pod.to_owned(), ..sender });
    Local { sender, ..local }
}

/// Another program than the speaker, in a pod of its own.
pub(crate) fn kube_vip(local: Local) -> Local {
    Local { origin: Origin::Socket, ..in_pod(local, "kube-system/kube-vip-n2") }
}

/// A program that systemd started.
pub(crate) fn unit(local: Local, unit: &str) -> Local {
    let sender = local.sender.map(|sender| Sender { name: unit.to_owned(), by: Named::Unit, ..sender });
    Local { origin: Origin::Socket, sender, ..local }
}

impl Node {
    fn said(self, edit: impl FnOnce(&mut crate::evidence::Said)) -> Self {
        self.edit(|report| edit(&mut report.lb_ips[0].said))
    }

    pub(crate) fn service(self, name: &str, shared: Option<&str>) -> Self {
        let service =
            Service { name: name.to_owned(), local_policy: false, shared: shared.map(str::to_owned) };
        self.said(|said| said.services.push(service))
    }

    /// Its speaker says so since then.
    pub(crate) fn announces(self, service: &str, since: i64) -> Self {
        self.announces_by("layer2", service, since)
    }

    pub(crate) fn announces_by(self, protocol: &str, service: &str, since: i64) -> Self {
        let word =
            Announced { service: service.to_owned(), protocol: protocol.to_owned(), since: before(since) };
        self.said(|said| said.announced.push(word))
    }

    pub(crate) fn status(self, service: &str, node: &str) -> Self {
        self.status_by(service, node, node)
    }

    /// It names `node`, and `by` has written it last.
    pub(crate) fn status_by(self, service: &str, node: &str, by: &str) -> Self {
        let status = L2Status {
            service: service.to_owned(),
            node: node.to_owned(),
            interfaces: Vec::new(),
            object: "metallb-system/l2-k7hm2".to_owned(),
            written_by: Some(by.to_owned()),
        };
        self.said(|said| said.statuses.push(status))
    }

    pub(crate) fn event(self, service: &str, node: &str, ago: i64) -> Self {
        let event = Assigned { service: service.to_owned(), node: node.to_owned(), at: before(ago) };
        self.said(|said| said.events.push(event))
    }

    /// The election gives this node.
    pub(crate) fn predicted(self, service: &str, node: &str) -> Self {
        self.predict(service, Some(node), None)
    }

    /// The election gives nobody.
    pub(crate) fn nobody(self, why: &str) -> Self {
        self.predict(WEB, None, Some(why))
    }

    /// It is not for layer 2 to announce it.
    pub(crate) fn elsewhere(self, why: &str) -> Self {
        self.nobody(why).said(|said| said.predicted.iter_mut().for_each(|one| one.elsewhere = true))
    }

    fn predict(self, service: &str, node: Option<&str>, nobody: Option<&str>) -> Self {
        let prediction = Prediction {
            service: service.to_owned(),
            node: node.map(str::to_owned),
            nobody: nobody.map(str::to_owned),
            interfaces: None,
            rules: "0.11+".to_owned(),
            elsewhere: false,
            since: Some(before(3600)),
        };
        self.said(|said| said.predicted.push(prediction))
    }

    /// By the old rules, and for as long.
    pub(crate) fn by_rules(self, rules: &str) -> Self {
        self.said(|said| said.predicted.iter_mut().for_each(|one| rules.clone_into(&mut one.rules)))
    }

    pub(crate) fn predicted_since(self, ago: i64) -> Self {
        self.said(|said| said.predicted.iter_mut().for_each(|one| one.since = Some(before(ago))))
    }

    /// The `L2Advertisement`s select these.
    pub(crate) fn selects(self, interfaces: &[&str]) -> Self {
        let names: Vec<_> = interfaces.iter().map(|name| (*name).to_owned()).collect();
        self.said(|said| said.predicted.iter_mut().for_each(|one| one.interfaces = Some(names.clone())))
    }

    /// Election, status and Event agree.
    pub(crate) fn elected(self, node: &str) -> Self {
        self.predicted(WEB, node).status(WEB, node).event(WEB, node, 3600)
    }

    /// The speaker's count and the wire's.
    pub(crate) fn counted(self, counter: Counter, speaker: u64, wire: u64) -> Self {
        self.counted_because(counter, speaker, wire, None)
    }

    /// The same, and why they differ.
    pub(crate) fn counted_because(
        self,
        counter: Counter,
        speaker: u64,
        wire: u64,
        reason: Option<Because>,
    ) -> Self {
        let compared = Compared {
            counter,
            speaker,
            wire,
            difference: speaker.cast_signed() - wire.cast_signed(),
            changed: Some(before(60)),
            since: before(600),
            until: before(5),
            reason,
        };
        self.said(|said| said.counters.push(compared))
    }

    /// It came to these MACs, so many seconds ago.
    pub(crate) fn came_to(self, changes: &[(i64, u8)]) -> Self {
        let changes = changes.iter().map(|(ago, mac)| Takeover { at: before(*ago), mac: super::mac(*mac) });
        self.edit(|report| report.lb_ips[0].takeovers.extend(changes))
    }

    pub(crate) fn speaker_is(self, edit: impl FnOnce(&mut Speaker)) -> Self {
        self.edit(|report: &mut NodeReport| {
            if let Some(speaker) = &mut report.speaker {
                edit(speaker);
            }
        })
    }

    /// Its metrics can't be read; what they said last stands.
    pub(crate) fn reading(self, reading: Reading) -> Self {
        self.speaker_is(|speaker| {
            speaker.reading = reading;
            speaker.read = Some(before(200));
        })
    }

    /// Facts of all interfaces.
    pub(crate) fn host(self, edit: impl Fn(&mut HostFacts)) -> Self {
        self.edit(|report| report.interfaces.iter_mut().for_each(|interface| edit(&mut interface.host)))
    }

    pub(crate) fn link_local(self, state: LinkLocal) -> Self {
        self.host(|host| host.link_local = Some(state))
    }

    /// Local interfaces hold the address.
    pub(crate) fn holds(self, interfaces: &[&str]) -> Self {
        let names = interfaces.iter().map(|name| (*name).to_owned());
        self.edit(|report| report.lb_ips[0].bound.interfaces.extend(names))
    }

    /// This interface joined the solicited-node group.
    pub(crate) fn joined(self, interface: &str) -> Self {
        self.edit(|report| report.lb_ips[0].bound.groups.push(interface.to_owned()))
    }

    /// Its neighbours know whose MAC they heard.
    pub(crate) fn heard_of(self, last_of_mac: u8, node: &str, ago: i64) -> Self {
        let hint = node.to_owned();
        self.heard(last_of_mac, ago).edit(|report| {
            if let Some(heard) = report.lb_ips[0].heard.last_mut() {
                heard.node = Some(hint);
            }
        })
    }
}
