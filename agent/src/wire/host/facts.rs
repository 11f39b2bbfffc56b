//! One reading of the node.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::{IpAddr, Ipv6Addr},
};

use ipnet::Ipv4Net;
use nlink::netlink::{
    devconf::{Ipv4Devconf, Ipv6Devconf},
    messages::{AddressMessage, LinkMessage},
};

use super::{
    Neighbours,
    groups::{self, Groups},
    sysctl::All,
};
use crate::evidence::{Bound, HostFacts, LinkLocal};

/// What an interface on top of another one does with the frames that come in below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layered {
    /// It takes them away (VLAN): sockets below don't get them.
    #[default]
    Taken,
    /// It gets copies (macvlan and the like): sockets below get them, too.
    Copied,
}

/// What the kernel says about the node, at one moment.
#[derive(Debug, Default)]
pub struct Facts {
    links: BTreeMap<u32, Known>,
    /// Which interfaces have an address.
    addresses: HashMap<IpAddr, Vec<u32>>,
    /// Networks of loopback interfaces: all of such a network is local (`fib_add_ifaddr` of the kernel).
    loopback: Vec<(Ipv4Net, u32)>,
    /// Which interfaces joined which solicited-node groups; by the last three bytes.
    groups: Groups,
    /// Who has which hardware address.
    pub neighbours: Neighbours,
}

/// Of one interface.
#[derive(Debug)]
struct Known {
    name: String,
    facts: HostFacts,
    /// The interface below it.
    below: Option<(u32, Layered)>,
}

impl Facts {
    /// Without `groups` nothing is said about link-local addresses either: who has the one is asked for the other.
    pub(super) fn new(
        links: &[LinkMessage],
        addresses: &[AddressMessage],
        groups: Option<Groups>,
        all: &All,
    ) -> Self {
        let name_of = |index: u32| links.iter().find(|link| link.ifindex() == index)?.name();
        let mut known = BTreeMap::new();
        for link in links {
            let mut facts = host_facts(link, all, link.master().and_then(name_of));
            facts.link_local = groups.is_some().then_some(LinkLocal::Missing);
            let name = link.name().unwrap_or_default().to_owned();
            known.insert(link.ifindex(), Known { name, facts, below: below(link) });
        }
        let mut this = Self { links: known, groups: groups.unwrap_or_default(), ..Self::default() };
        for message in addresses {
            this.note(message, links);
        }
        this
    }

    fn note(&mut self, message: &AddressMessage, links: &[LinkMessage]) {
        let index = message.ifindex();
        let Some(ip) = message.local().or(message.address()).copied() else { return };
        match ip {
            IpAddr::V4(v4) => {
                let is_loopback = |link: &LinkMessage| link.ifindex() == index && link.is_loopback();
                if message.prefix_len() < 32 && links.iter().any(is_loopback) {
                    self.loopback.extend(Ipv4Net::new(v4, message.prefix_len()).map(|net| (net, index)));
                }
            }
            IpAddr::V6(v6) if v6.is_unicast_link_local() => {
                if let Some(best) =
                    self.links.get_mut(&index).and_then(|known| known.facts.link_local.as_mut())
                {
                    *best = better(*best, state(message));
                }
            }
            IpAddr::V6(_) => {}
        }
        let interfaces = self.addresses.entry(ip).or_default();
        if !interfaces.contains(&index) {
            interfaces.push(index);
        }
    }

    /// The facts of one interface; all unknown if it was not there.
    pub fn of(&self, index: u32) -> HostFacts {
        self.links.get(&index).map(|known| known.facts.clone()).unwrap_or_default()
    }

    /// Whether the interface has an IPv6 link-local address that can be used.
    pub fn has_link_local(&self, index: u32) -> bool {
        self.links.get(&index).is_some_and(|known| known.facts.link_local == Some(LinkLocal::Usable))
    }

    /// The interface below that one, if it lies on top of another of this namespace.
    pub fn below(&self, index: u32) -> Option<(u32, Layered)> {
        self.links.get(&index)?.below
    }

    /// What the node's own addresses and groups have to do with an LB IP.
    pub fn bound(&self, ip: IpAddr) -> Bound {
        let mut interfaces = self.addresses.get(&ip).cloned().unwrap_or_default();
        if let IpAddr::V4(v4) = ip {
            for (net, index) in &self.loopback {
                if net.contains(&v4) && !interfaces.contains(index) {
                    interfaces.push(*index);
                }
            }
        }
        let names = |indices: &mut dyn Iterator<Item = &u32>| -> Vec<String> {
            indices.filter_map(|index| Some(self.links.get(index)?.name.clone())).collect()
        };
        let groups = match ip {
            IpAddr::V4(_) => Vec::new(),
            IpAddr::V6(v6) => self.joined(v6).map(|joined| names(&mut joined.iter())).unwrap_or_default(),
        };
        Bound { interfaces: names(&mut interfaces.iter()), groups }
    }

    /// The interfaces that joined an IPv6 LB IP's solicited-node group.
    pub fn joined(&self, ip: Ipv6Addr) -> Option<&BTreeSet<u32>> {
        self.groups.get(&groups::key(ip))
    }
}

fn host_facts(link: &LinkMessage, all: &All, master: Option<&str>) -> HostFacts {
    let own = |setting| link.ipv4_devconf(setting);
    let max =
        |all: Option<u32>, setting| Some(all?.max(own(setting)?)).and_then(|value| value.try_into().ok());
    HostFacts {
        // Joined as include/linux/inetdevice.h and net/ipv6/ndisc.c do.
        arp_ignore: max(all.arp_ignore, Ipv4Devconf::ArpIgnore),
        arp_announce: max(all.arp_announce, Ipv4Devconf::ArpAnnounce),
        rp_filter: max(all.rp_filter, Ipv4Devconf::RpFilter),
        proxy_arp: either(all.proxy_arp, own(Ipv4Devconf::ProxyArp)),
        proxy_ndp: either(all.proxy_ndp, link.ipv6_devconf(Ipv6Devconf::ProxyNdp).map(i32::unsigned_abs)),
        master: master.map(ToOwned::to_owned),
        link_local: None,
        promiscuous: link.promiscuity().is_some_and(|count| count > 0),
        tx_dropped: link.stats().map(nlink::netlink::messages::LinkStats::tx_dropped),
    }
}

fn either(all: Option<u32>, own: Option<u32>) -> Option<bool> {
    match (all, own) {
        (Some(all), Some(own)) => Some(all != 0 || own != 0),
        (Some(set), None) | (None, Some(set)) if set != 0 => Some(true),
        _ => None,
    }
}

/// A veth's `link` is its peer, perhaps in another namespace: only what lies on top of its `link` counts.
fn below(link: &LinkMessage) -> Option<(u32, Layered)> {
    let layered = match link.kind()? {
        "vlan" => Layered::Taken,
        "macvlan" | "macvtap" | "ipvlan" | "ipvtap" => Layered::Copied,
        _ => return None,
    };
    Some((link.link()?, layered))
}

fn state(message: &AddressMessage) -> LinkLocal {
    if message.is_dad_failed() {
        LinkLocal::DadFailed
    } else if message.is_tentative() && !message.is_optimistic() {
        LinkLocal::Tentative
    } else {
        LinkLocal::Usable
    }
}

fn better(one: LinkLocal, other: LinkLocal) -> LinkLocal {
    let rank = |state: LinkLocal| match state {
        LinkLocal::Usable => 3,
        LinkLocal::Tentative => 2,
        LinkLocal::DadFailed => 1,
        LinkLocal::Missing => 0,
    };
    if rank(one) >= rank(other) { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_joined_as_far_as_they_are_known() {
        let table = [
            (Some(0), Some(0), Some(false)),
            (Some(1), Some(0), Some(true)),
            (Some(0), Some(1), Some(true)),
            (None, Some(1), Some(true)),
            (None, Some(0), None),
            (Some(0), None, None),
            (None, None, None),
        ];
        for (all, own, expected) in table {
            assert_eq!(either(all, own), expected, "{all:?} {own:?}");
        }
    }

    #[test]
    fn of_several_link_local_addresses_the_best_counts() {
        use LinkLocal::{DadFailed, Missing, Tentative, Usable};
        let join = |states: &[LinkLocal]| states.iter().fold(Missing, |best, state| better(best, *state));
        assert_eq!(join(&[]), Missing);
        assert_eq!(join(&[DadFailed]), DadFailed);
        assert_eq!(join(&[DadFailed, Tentative]), Tentative);
        assert_eq!(join(&[Usable, DadFailed]), Usable);
    }

    #[test]
    fn an_address_is_bound_where_it_is_and_where_a_loopback_network_holds_it() {
        let known = |name: &str| Known { name: name.to_owned(), facts: HostFacts::default(), below: None };
        let facts = Facts {
            links: [(1, known("lo")), (2, known("eth0")), (3, known("kube-ipvs0"))].into(),
            addresses: [("192.0.2.9".parse().unwrap(), vec![3]), ("2001:db8::1".parse().unwrap(), vec![2])]
                .into(),
            loopback: vec![("192.0.2.0/28".parse().unwrap(), 1)],
            groups: groups::parse("2 eth0 ff0200000000000000000001ff000001 1 00000004 0\n"),
            neighbours: Neighbours::default(),
        };
        let bound = |ip: &str| {
            let Bound { interfaces, groups } = facts.bound(ip.parse().unwrap());
            (interfaces.join(" "), groups.join(" "))
        };
        assert_eq!(bound("192.0.2.9"), ("kube-ipvs0 lo".into(), String::new()));
        assert_eq!(bound("192.0.2.15"), ("lo".into(), String::new()));
        assert_eq!(bound("192.0.2.16"), (String::new(), String::new()));
        assert_eq!(bound("2001:db8::1"), ("eth0".into(), "eth0".into()));
        assert_eq!(bound("2001:db8:5::1"), (String::new(), "eth0".into()));
        assert_eq!(bound("2001:db8::2"), (String::new(), String::new()));
    }
}
