//! Which interfaces count: MetalLB's own rules (`internal/layer2/announcer.go`, `updateInterfaces`).

use std::fmt;

use regex::{Regex, RegexSet};

use super::Link;

/// MetalLB's default exclude list (`announcedInterfacesToExclude` of its native manifest, v0.15.3).
pub const DEFAULT_EXCLUDES: [&str; 14] = [
    "^docker.*",
    "^cbr.*",
    "^dummy.*",
    "^virbr.*",
    "^lxcbr.*",
    "^veth.*",
    "^lo$",
    "^cali.*",
    "^tunl.*",
    "^flannel.*",
    "^kube-ipvs.*",
    "^cni.*",
    "^nodelocaldns.*",
    "^lxc.*",
];

/// The rules, with the operator's own patterns.
#[derive(Clone, Debug)]
pub struct Rules {
    include: Vec<Regex>,
    exclude: RegexSet,
}

/// Why an interface is not observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// Its name matches no `--interface`.
    NotIncluded,
    /// Its name matches an exclude pattern.
    Excluded,
    /// Administratively down.
    Down,
    /// It belongs to a bond, bridge or VRF, whose master is observed instead.
    Enslaved,
    /// `IFF_NOARP`: dummy, tunnel, wireguard.
    NoArp,
    /// Not a broadcast Ethernet interface.
    NotEthernet,
}

impl Skipped {
    const ALL: [Self; 6] =
        [Self::NotIncluded, Self::Excluded, Self::Down, Self::Enslaved, Self::NoArp, Self::NotEthernet];

    /// Whether that is a rule's reason for not observing an interface, in the words of a report, rather than
    /// an error.
    pub fn is_rule(words: &str) -> bool {
        Self::ALL.iter().any(|skipped| skipped.to_string() == words)
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotIncluded => "not named by --interface",
            Self::Excluded => "excluded by name",
            Self::Down => "down",
            Self::Enslaved => "enslaved: its master is observed",
            Self::NoArp => "no ARP on this interface",
            Self::NotEthernet => "not a broadcast Ethernet interface",
        })
    }
}

impl Rules {
    /// `include` patterns must match the whole name; `exclude` patterns are unanchored, as MetalLB's are.
    /// Without `include` every interface is a candidate; `exclude` defaults to [`DEFAULT_EXCLUDES`], or to
    /// nothing where `include` names the interfaces.
    ///
    /// # Errors
    /// The pattern that is no regular expression.
    pub fn new(include: &[String], exclude: Option<&[String]>) -> Result<Self, regex::Error> {
        let anchored = |pattern: &String| Regex::new(&format!("^(?:{pattern})$"));
        let exclude = match exclude {
            Some(patterns) => RegexSet::new(patterns)?,
            None if include.is_empty() => RegexSet::new(DEFAULT_EXCLUDES)?,
            None => RegexSet::empty(),
        };
        Ok(Self { include: include.iter().map(anchored).collect::<Result<_, _>>()?, exclude })
    }

    /// Whether the interface is to be observed, in MetalLB's order of checks.
    ///
    /// # Errors
    /// The first rule that speaks against it.
    pub fn check(&self, link: &Link) -> Result<(), Skipped> {
        if !self.include.is_empty() && !self.include.iter().any(|pattern| pattern.is_match(&link.name)) {
            return Err(Skipped::NotIncluded);
        }
        if self.exclude.is_match(&link.name) {
            return Err(Skipped::Excluded);
        }
        if !link.up {
            return Err(Skipped::Down);
        }
        if link.enslaved {
            return Err(Skipped::Enslaved);
        }
        if link.no_arp {
            return Err(Skipped::NoArp);
        }
        if !link.broadcast || link.mac.is_none() {
            return Err(Skipped::NotEthernet);
        }
        Ok(())
    }

    /// The `--interface` patterns that match none of the links.
    pub fn unmatched<'a>(&'a self, links: &'a [Link]) -> impl Iterator<Item = &'a str> {
        self.include
            .iter()
            .filter(|pattern| !links.iter().any(|link| pattern.is_match(&link.name)))
            .map(|pattern| pattern.as_str().trim_start_matches("^(?:").trim_end_matches(")$"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str) -> Link {
        Link {
            index: 2,
            name: name.into(),
            mac: Some("00:00:5e:00:53:01".parse().unwrap()),
            up: true,
            carrier: true,
            enslaved: false,
            no_arp: false,
            broadcast: true,
        }
    }

    fn rules(include: &[&str], exclude: Option<&[&str]>) -> Rules {
        let own = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
        Rules::new(&own(include), exclude.map(own).as_deref()).unwrap()
    }

    #[test]
    fn metallb_default_list_decides_by_name() {
        let rules = rules(&[], None);
        for name in ["eth0", "ens192", "bond0", "br0", "eth0.100", "mylo"] {
            assert_eq!(rules.check(&link(name)), Ok(()), "{name}");
        }
        for name in ["lo", "docker0", "veth1a2b", "cali123", "kube-ipvs0", "lxc9", "cni0", "nodelocaldns"] {
            assert_eq!(rules.check(&link(name)), Err(Skipped::Excluded), "{name}");
        }
    }

    #[test]
    fn the_first_rule_that_speaks_against_it_is_named() {
        let rules = rules(&[], None);
        let check = |change: fn(&mut Link)| {
            let mut link = link("eth0");
            change(&mut link);
            rules.check(&link)
        };
        assert_eq!(check(|l| l.up = false), Err(Skipped::Down));
        assert_eq!(check(|l| l.enslaved = true), Err(Skipped::Enslaved));
        assert_eq!(check(|l| l.no_arp = true), Err(Skipped::NoArp));
        assert_eq!(check(|l| l.broadcast = false), Err(Skipped::NotEthernet));
        assert_eq!(check(|l| l.mac = None), Err(Skipped::NotEthernet));
        assert_eq!(check(|l| l.carrier = false), Ok(()), "MetalLB looks at the administrative state alone");
    }

    #[test]
    fn naming_an_interface_lifts_the_default_excludes_and_matches_whole_names() {
        let rules = rules(&["veth0", "eth[0-9]"], None);
        assert_eq!(rules.check(&link("veth0")), Ok(()));
        assert_eq!(rules.check(&link("eth0.100")), Err(Skipped::NotIncluded));
        assert_eq!(rules.unmatched(&[link("eth1")]).collect::<Vec<_>>(), ["veth0"]);
    }

    #[test]
    fn own_excludes_replace_the_default_and_are_unanchored() {
        let rules = rules(&[], Some(&["th1"]));
        assert_eq!(rules.check(&link("eth1")), Err(Skipped::Excluded));
        assert_eq!(rules.check(&link("docker0")), Ok(()));
    }
}
