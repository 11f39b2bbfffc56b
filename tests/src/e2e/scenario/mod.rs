//! The scenarios: a file for each kind of fault.

mod counters;
mod drill;
mod events;
mod failover;
mod flood;
mod healthy;
mod input;
mod join;
mod kernel;
mod nobody;
mod path;
mod pods;
mod source;
mod split;
mod status;
mod stranger;

use anyhow::{Context as _, Result};

use super::{Told, World};

/// One fault, and what must be told about it.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is done, in one line.
    pub about: &'static str,
    /// Plays it; whatever it did is undone when it returns.
    pub run: fn(&World) -> Result<Told>,
}

/// All of them, in the order in which they are played: first those that want a past without faults.
pub const ALL: &[Scenario] = &[
    Scenario { name: "caps", about: "the pod has two capabilities, and counts", run: pods::capabilities },
    Scenario { name: "healthy", about: "Services come, go and move under traffic", run: healthy::run },
    Scenario {
        name: "counters",
        about: "10,000 requests: speakers and wire count the same",
        run: counters::run,
    },
    Scenario { name: "rolled", about: "the agents are rolled while the router asks", run: pods::rolled },
    Scenario { name: "join", about: "speakers' and witnesses' series join in Prometheus", run: join::run },
    Scenario {
        name: "shadow",
        about: "an LB IP on the loopback of a node that is not its owner",
        run: kernel::shadow,
    },
    Scenario {
        name: "proxy-arp",
        about: "a node answers ARP for what it routes elsewhere",
        run: kernel::proxy_arp,
    },
    Scenario {
        name: "second-answerer",
        about: "a pod of another name answers, too",
        run: pods::second_answerer,
    },
    Scenario { name: "foreign", about: "a host that is no node has the address, too", run: stranger::run },
    Scenario {
        name: "missing-interface",
        about: "an L2Advertisement selects an interface that no node has",
        run: nobody::missing_interface,
    },
    Scenario { name: "no-owner", about: "all nodes are excluded from load balancers", run: nobody::no_owner },
    Scenario { name: "stopped", about: "the speaker that announces is stopped", run: nobody::stopped },
    Scenario {
        name: "stuck-status",
        about: "a ServiceL2Status that MetalLB, up to 0.15.3, cannot change",
        run: status::stuck,
    },
    Scenario { name: "carrier", about: "the owner's network card loses its carrier", run: path::carrier },
    Scenario { name: "api-away", about: "the API server is away for a while", run: source::api_away },
    Scenario { name: "rbac", about: "the agents lose a permission", run: source::rbac },
    Scenario { name: "events", about: "Kubernetes Events, opted in to: one for a verdict", run: events::run },
    Scenario {
        name: "bad-input",
        about: "Services with nonsense, a speaker that never ends its metrics",
        run: input::run,
    },
    Scenario {
        name: "drill",
        about: "a failover on purpose, one that is interrupted, and one that is killed",
        run: drill::run,
    },
    Scenario {
        name: "failover",
        about: "owners are excluded, deleted, killed, drained and cut off",
        run: failover::run,
    },
    Scenario { name: "split", about: "a node's speaker no longer hears the others'", run: split::run },
];

/// Those of these names, in the order of [`ALL`]; all if none is named.
///
/// # Errors
///
/// There is none of such a name.
pub(super) fn chosen(names: &[String]) -> Result<Vec<Scenario>> {
    for name in names {
        ALL.iter().find(|scenario| scenario.name == name).with_context(|| {
            let known: Vec<_> = ALL.iter().map(|scenario| scenario.name).collect();
            format!("no scenario {name:?}; there are {}", known.join(", "))
        })?;
    }
    let is_chosen = |scenario: &&Scenario| names.is_empty() || names.iter().any(|name| name == scenario.name);
    Ok(ALL.iter().filter(is_chosen).copied().collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_an_unknown_one_is_refused() {
        let names: BTreeSet<_> = ALL.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), ALL.len());

        assert_eq!(chosen(&[]).unwrap().len(), ALL.len());
        assert_eq!(chosen(&["split".to_owned()]).unwrap()[0].name, "split");
        let error = chosen(&["spilt".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("no scenario \"spilt\"; there are caps, "), "{error}");
    }
}
