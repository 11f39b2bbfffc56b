//! Pools of addresses and what announces them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Labels, Selector};

/// An `IPAddressPool`, an `AddressPool`, or an entry of the `ConfigMap`'s `address-pools`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Its addresses, as they stand there.
    pub ranges: Vec<Range>,
    /// Whether addresses that end in .0 or .255 are kept back.
    pub avoids_buggy_ips: bool,
    /// How it is announced.
    pub announced: Announced,
    /// Its labels.
    pub labels: Labels,
}

/// How a pool comes to be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// By the `L2Advertisement`s that select it.
    ByAdvertisements,
    /// By layer 2, on every node (`protocol: layer2`).
    ByLayer2,
    /// By BGP alone (`protocol: bgp`).
    ByBgp,
}

impl Pool {
    /// Whether it has that address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(ip))
    }

    /// How many addresses it can give out, as `metallb_allocator_addresses_total` counts them.
    pub fn size(&self) -> u128 {
        let buggy = |range: &Range| if self.avoids_buggy_ips { range.buggy() } else { 0 };
        let sizes = self.ranges.iter().map(|range| range.size().saturating_sub(buggy(range)));
        sizes.fold(0, u128::saturating_add)
    }
}

/// Addresses from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    first: IpAddr,
    last: IpAddr,
}

impl Range {
    /// A CIDR, or `first-last`.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((first, last)) = text.split_once('-') else {
            let net: IpNet = text.parse().ok()?;
            return Some(Self { first: net.network(), last: net.broadcast() });
        };
        let range = Self { first: first.trim().parse().ok()?, last: last.trim().parse().ok()? };
        let ordered = range.first.is_ipv4() == range.last.is_ipv4() && range.first <= range.last;
        ordered.then_some(range)
    }

    fn contains(&self, ip: IpAddr) -> bool {
        // Families never mix: an IpAddr orders all of IPv4 below IPv6.
        (self.first..=self.last).contains(&ip)
    }

    fn size(&self) -> u128 {
        let (first, last) = (bits(self.first), bits(self.last));
        (last - first).saturating_add(1)
    }

    /// How many of them end in .0 or .255; only IPv4 has such.
    fn buggy(&self) -> u128 {
        if self.first.is_ipv6() {
            return 0;
        }
        let up_to = |last: u128| {
            let (whole, rest) = (last / 256, last % 256);
            2 * whole + 1 + u128::from(rest == 255)
        };
        let first = bits(self.first);
        up_to(bits(self.last)) - if first == 0 { 0 } else { up_to(first - 1) }
    }
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u32::from(v4).into(),
        IpAddr::V6(v6) => v6.into(),
    }
}

/// An `L2Advertisement`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertisement {
    /// Its name.
    pub name: String,
    /// Pools by name; with `pool_selectors` empty, too, it means all.
    pub pools: Vec<String>,
    /// Pools by their labels.
    pub pool_selectors: Vec<Selector>,
    /// Nodes by their labels, empty for all.
    pub node_selectors: Vec<Selector>,
    /// Services by their labels, empty for all.
    pub service_selectors: Vec<Selector>,
    /// Interfaces to answer on, empty for all.
    pub interfaces: Vec<String>,
    /// It prefers some nodes over others, by rules that are not known here.
    pub prefers: bool,
}

impl Advertisement {
    /// Whether it announces that pool.
    pub(super) fn selects(&self, pool: &Pool) -> bool {
        let Self { pools, pool_selectors, .. } = self;
        (pools.is_empty() && pool_selectors.is_empty())
            || pools.contains(&pool.name)
            || super::labels::any(pool_selectors, &pool.labels)
    }

    /// Whether nodes with these labels may announce for it.
    pub(super) fn allows(&self, node: &Labels) -> bool {
        self.node_selectors.is_empty() || super::labels::any(&self.node_selectors, node)
    }

    /// Whether it is for Services with these labels.
    pub(super) fn serves(&self, service: &Labels) -> bool {
        self.service_selectors.is_empty() || super::labels::any(&self.service_selectors, service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(ranges: &[&str], avoids_buggy_ips: bool) -> Pool {
        Pool {
            name: "p".into(),
            ranges: ranges.iter().map(|range| Range::parse(range).unwrap()).collect(),
            avoids_buggy_ips,
            announced: Announced::ByAdvertisements,
            labels: Labels::default(),
        }
    }

    #[test]
    fn ranges_are_cidrs_or_from_to() {
        let pool = pool(&["10.77.0.200-10.77.0.250", "192.0.2.1/30", "2001:db8:: - 2001:db8::ff"], false);
        let table = [
            ("10.77.0.199", false),
            ("10.77.0.200", true),
            ("10.77.0.250", true),
            ("10.77.0.251", false),
            ("192.0.2.0", true),
            ("192.0.2.3", true),
            ("192.0.2.4", false),
            ("2001:db8::", true),
            ("2001:db8::100", false),
            ("::ffff:10.77.0.201", false),
        ];
        for (ip, wanted) in table {
            assert_eq!(pool.contains(ip.parse().unwrap()), wanted, "{ip}");
        }
        for text in ["", "10.0.0.1", "10.0.0.9-10.0.0.1", "10.0.0.1-2001:db8::1", "10.0.0.0/33", "a-b"] {
            assert_eq!(Range::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_pool_counts_its_addresses_as_the_controller_does() {
        let table = [
            (vec!["10.77.0.200-10.77.0.250"], false, 51),
            (vec!["10.0.0.0/24"], true, 254),
            (vec!["10.0.0.0/16"], true, 65_536 - 512),
            (vec!["10.0.0.1-10.0.0.254"], true, 254),
            (vec!["10.0.0.255-10.0.1.0"], true, 0),
            (vec!["0.0.0.0/32"], true, 0),
            (vec!["2001:db8::/120", "192.0.2.0/31"], true, 257),
            (vec!["::/0"], false, u128::MAX),
        ];
        for (ranges, avoids, wanted) in table {
            assert_eq!(pool(&ranges, avoids).size(), wanted, "{ranges:?}");
        }
    }
}
