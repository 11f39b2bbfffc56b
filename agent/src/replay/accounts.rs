//! What captures tell of each address, for its timeline.

use std::{collections::BTreeMap, net::IpAddr};

use jiff::Timestamp;

use super::{Replay, node::Node};
use crate::{
    evidence::Event,
    timeline::{Account, Numbered, Witness},
};

impl Replay {
    /// Counts all frames, as [`Replay::run`], and gives what happened to each address that anything is about,
    /// ordered by address.
    pub fn accounts(&mut self) -> Vec<Account> {
        let mut events: BTreeMap<IpAddr, Vec<Event>> = BTreeMap::new();
        self.run(Some(&mut |event| {
            if let Some(ip) = event.ip {
                events.entry(ip).or_default().push(event);
            }
        }));
        let witnesses: Vec<_> = self.nodes.iter().map(witness).collect();
        let account = |(ip, events)| {
            let (witnesses, absent, numbered) = (witnesses.clone(), Vec::new(), Numbered::ByAddress);
            Account { ip, events, witnesses, absent, numbered }
        };
        events.into_iter().map(account).collect()
    }
}

fn witness(node: &Node) -> Witness {
    let macs = node.ports.iter().flat_map(|port| &port.own).map(|mac| (*mac).into()).collect();
    let since = Timestamp::from_nanosecond(node.since.into()).ok().filter(|_| node.since != 0);
    Witness { node: node.name.clone(), macs, since }
}
