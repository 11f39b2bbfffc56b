//! Which addresses of a capture matter.

use std::{collections::HashMap, net::IpAddr};

use ipnet::IpNet;
use l2witness_ebpf::frame::Address;

use crate::cluster::{BadEntry, unusable};

/// The allow-list of a replay, and a number for each address on it that was seen or named.
///
/// Unlike the kernel's it needs no room for addresses that nothing is about, so a CIDR may be of any size.
#[derive(Debug, Default)]
pub struct Watched {
    nets: Vec<IpNet>,
    numbers: HashMap<Address, u32>,
    ips: Vec<IpAddr>,
}

impl Watched {
    /// From IPs and CIDRs. Single IPs have a number at once, those of a CIDR once they are seen.
    ///
    /// # Errors
    /// The first entry that can't be used; or there is none.
    pub fn new<S: AsRef<str>>(entries: &[S]) -> Result<Self, BadEntry> {
        let mut watched = Self::default();
        for entry in entries {
            let text = entry.as_ref().trim();
            let place = "--lb-ip".to_owned();
            let net: IpNet = match text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
                Ok(net) => net,
                Err(_) => return Err(BadEntry::Malformed { place, text: text.to_owned() }),
            };
            if let Some(what) = unusable(net.network()) {
                return Err(BadEntry::Unusable { place, text: text.to_owned(), what });
            }
            if net.prefix_len() == net.max_prefix_len() {
                watched.number(net.addr());
            } else {
                watched.nets.push(net.trunc());
            }
        }
        if watched.nets.is_empty() && watched.ips.is_empty() { Err(BadEntry::Empty) } else { Ok(watched) }
    }

    /// The number of a watched address.
    pub(super) fn of(&mut self, address: &Address) -> Option<u32> {
        if let Some(number) = self.numbers.get(address) {
            return Some(*number);
        }
        if self.nets.is_empty() {
            return None;
        }
        let ip = IpAddr::from(*address);
        self.nets.iter().any(|net| net.contains(&ip)).then(|| self.number(ip))
    }

    fn number(&mut self, ip: IpAddr) -> u32 {
        let next = self.ips.len() as u32;
        let number = *self.numbers.entry(Address::from(ip)).or_insert(next);
        if number == next {
            self.ips.push(ip);
        }
        number
    }

    /// The addresses that have a number, in the order of their numbers.
    pub fn ips(&self) -> &[IpAddr] {
        &self.ips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(watched: &mut Watched, ip: &str) -> Option<u32> {
        watched.of(&Address::from(ip.parse::<IpAddr>().unwrap()))
    }

    #[test]
    fn single_ips_are_known_at_once_and_those_of_a_cidr_when_they_are_seen() {
        let mut watched = Watched::new(&["192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]).unwrap();
        assert_eq!(watched.ips().len(), 1);

        assert_eq!(of(&mut watched, "10.9.8.7"), Some(1));
        assert_eq!(of(&mut watched, "2001:db8::5"), Some(2));
        assert_eq!(of(&mut watched, "10.9.8.7"), Some(1));
        assert_eq!(of(&mut watched, "192.0.2.7"), Some(0));
        assert_eq!(of(&mut watched, "192.0.2.8"), None);
        assert_eq!(watched.ips().len(), 3);
    }

    #[test]
    fn what_can_t_be_watched_is_refused() {
        for (entries, wanted) in [
            (vec!["10.0.0.300"], "neither an IP address nor a CIDR"),
            (vec!["192.0.2.1", "224.0.0.0/4"], "multicast"),
            (vec![], "no LB IPs"),
        ] {
            let error = Watched::new(&entries).unwrap_err().to_string();
            assert!(error.contains(wanted), "{entries:?}: {error}");
        }
    }
}
