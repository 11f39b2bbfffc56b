//! What was heard on the wire, over all nodes that heard it.

use jiff::Timestamp;
use serde::Serialize;

use super::{owners::Owners, seen::Seen};
use crate::evidence::{Heard, MacAddr};

/// A MAC that was heard to claim an LB IP.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// The MAC it claims.
    pub mac: MacAddr,
    /// The node that has this MAC, by its own word or by what its neighbours know; absent for a foreign one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Who heard it.
    pub heard_by: Vec<HeardAt>,
    /// Frames, the most that any of them heard: a broadcast reaches them all.
    pub count: u64,
    /// First frame.
    pub first: Timestamp,
    /// Last frame.
    pub last: Timestamp,
    /// What was odd about its frames.
    pub flags: Vec<String>,
}

impl Claim {
    /// The node, or else the MAC.
    pub(super) fn whose(&self) -> String {
        self.node.clone().unwrap_or_else(|| self.mac.to_string())
    }
}

/// Where a claim was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeardAt {
    /// The node.
    pub node: String,
    /// Its interface.
    pub interface: String,
}

/// All that was heard from other nodes and from strangers; a node's own other interfaces are left out.
pub(super) fn claims(seen: &[Seen<'_>], owners: &Owners<'_>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for (by, heard) in seen.iter().flat_map(|seen| seen.lb.heard.iter().map(|heard| (seen.node(), heard))) {
        let Heard { interface, mac, node: hint, count, first, last, flags } = heard;
        let owner = owners.of(*mac).or(hint.as_deref());
        if owner == Some(by) {
            continue;
        }
        let at = HeardAt { node: by.to_owned(), interface: interface.clone() };
        if let Some(claim) = claims.iter_mut().find(|claim| claim.mac == *mac) {
            claim.heard_by.push(at);
            claim.count = claim.count.max(*count);
            claim.first = claim.first.min(*first);
            claim.last = claim.last.max(*last);
            claim.node = claim.node.take().or_else(|| owner.map(str::to_owned));
            claim
                .flags
                .extend(flags.iter().filter(|flag| !claim.flags.contains(flag)).cloned().collect::<Vec<_>>());
        } else {
            claims.push(Claim {
                mac: *mac,
                node: owner.map(str::to_owned),
                heard_by: vec![at],
                count: *count,
                first: *first,
                last: *last,
                flags: flags.clone(),
            });
        }
    }
    claims.sort_by_key(|claim| (std::cmp::Reverse(claim.last), claim.mac));
    claims
}
