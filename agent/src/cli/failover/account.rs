//! From what was told to timelines.

use std::net::IpAddr;

use super::record::Record;
use crate::{
    evidence::{MacAddr, NodeReport},
    timeline::{self, Account, Numbered, Timeline, Witness},
};

/// One an address.
pub(in crate::cli) fn timelines(record: &Record, ips: &[IpAddr]) -> Vec<Timeline> {
    let Record { time: _, agents, reports, events } = record;
    let absent: Vec<_> =
        agents.failed.iter().map(|failed| format!("{}: {}", failed.agent, failed.error)).collect();
    let witnesses: Vec<_> = reports.iter().map(witness).collect();
    // An agent numbers all its events, and of those only some were asked for: it tells by an event of its own what it
    // has no more. In captures each address has numbers of its own, and no boot.
    let captures = events.iter().all(|event| event.boot.is_empty());
    let numbered = if captures { Numbered::ByAddress } else { Numbered::No };
    let of_ip = |ip: &IpAddr| {
        let about = events.iter().filter(|event| event.ip.is_none_or(|of| of == *ip));
        let (witnesses, absent) = (witnesses.clone(), absent.clone());
        timeline::timeline(&Account {
            ip: *ip,
            events: about.cloned().collect(),
            witnesses,
            absent,
            numbered,
        })
    };
    ips.iter().map(of_ip).collect()
}

fn witness(report: &NodeReport) -> Witness {
    let mut macs: Vec<_> = report.interfaces.iter().map(|interface| interface.mac).collect();
    // Interfaces without an address, such as loopback, tell nobody apart.
    macs.retain(|mac| *mac != MacAddr::default());
    Witness { node: report.node.clone(), macs, since: Some(report.since) }
}
