//! Two speakers that each believe to be the owner.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::e2e::world::INTERVAL;
use crate::e2e::{Told, Undo, World};
use crate::lab::until_every;

/// How long memberlist may take to give a silent member up (5 to 26 s), and it to be told.
const LIMIT: Duration = Duration::from_secs(60);

/// As a firewall between racks would: the port of memberlist, both protocols, both directions.
const CUT: &str = "table inet e2e {
    chain heard { type filter hook input priority 0; th dport 7946 drop; th sport 7946 drop; }
    chain said { type filter hook output priority 0; th dport 7946 drop; th sport 7946 drop; }
}";

/// One node is cut from both others: while a third one hears both sides, memberlist asks it for those
/// that it can't reach itself, and nobody is given up.
pub(super) fn run(world: &World) -> Result<Told> {
    let ips = world.ips_of("web")?;
    let mut told = Vec::new();
    let (owner, others) = world.owner(ips[0])?;
    owner.nft(CUT)?;
    let _healed = Undo::new("let memberlist pass again", || owner.nft("delete table inet e2e"));
    for ip in ips {
        told.push(world.expect(Some(ip), "L2W101", &[owner.name(), "7946"], LIMIT)?);
        let heard = until_every(INTERVAL, LIMIT, || {
            let by = world.asker.tally(ip).answerers();
            let other = others.iter().any(|node| by.contains(&node.mac()));
            Ok((by.contains(&owner.mac()) && other).then_some(by))
        })?;
        ensure!(heard.len() == 2, "the router hears {heard:?} for {ip}");
    }
    Ok(Told::from(told.swap_remove(0)).and("IPv6 alike"))
}
