//! What the control plane did and what was claimed, told by anybody.

use jiff::Timestamp;

use super::{
    rows::{Row, nanoseconds},
    scene::Scene,
    shape::StepKind,
};
use crate::evidence::{Event, What};

/// The same thing, told by several, is told within this: some follow the API server, some ask every few seconds.
const SAME_NS: i64 = 30_000_000_000;

/// A claim or a cause.
#[derive(Debug)]
pub(super) struct Told<'a> {
    /// On the scene's clock.
    pub(super) at: i64,
    pub(super) error: Option<i64>,
    pub(super) node: &'a str,
    pub(super) what: &'a What,
}

impl Told<'_> {
    pub(super) fn kind(&self) -> StepKind {
        match self.what {
            What::Claim(claim) if claim.began => StepKind::ClaimBegan,
            What::Claim(_) => StepKind::ClaimEnded,
            _ => StepKind::Cause,
        }
    }

    pub(super) fn text(&self) -> String {
        match self.what {
            What::Claim(claim) => {
                let by = match claim.by.as_str() {
                    "speaker" => "metallb_speaker_announced",
                    "l2status" => "ServiceL2Status",
                    "event" => "Event nodeAssigned",
                    other => other,
                };
                let verb = if claim.began { "names" } else { "no longer names" };
                format!("{by} {verb} {} for {}", claim.on, claim.service)
            }
            What::Cause(cause) => format!("{}: {}", cause.object, cause.change),
            _ => String::new(),
        }
    }

    pub(super) const fn own_time(&self) -> Option<Timestamp> {
        match self.what {
            What::Claim(claim) => claim.own_time,
            What::Cause(cause) => cause.own_time,
            _ => None,
        }
    }

    /// The node's condition `Ready` went.
    pub(super) fn not_ready(&self, node: &str, from: i64, to: i64) -> bool {
        let What::Cause(cause) = self.what else { return false };
        let of_node = cause.object.strip_prefix("Node/") == Some(node);
        let change = cause.change.as_str();
        let went = change.contains("False") || change.contains("Unknown");
        of_node && change.contains("Ready") && went && (from..to).contains(&self.at)
    }

    /// An interface of the node lost its carrier.
    pub(super) fn cut_off(&self, node: &str, from: i64, to: i64) -> bool {
        let What::Cause(cause) = self.what else { return false };
        let of_node = cause
            .object
            .strip_prefix("Interface/")
            .and_then(|of| of.split_once('/'))
            .is_some_and(|of| of.0 == node);
        of_node && cause.change.contains("lost its carrier") && (from..to).contains(&self.at)
    }

    /// The speaker itself no longer claims to announce.
    pub(super) fn ended_on(&self, node: &str, from: i64, to: i64) -> bool {
        let What::Claim(claim) = self.what else { return false };
        !claim.began && claim.by == "speaker" && claim.on == node && (from..=to).contains(&self.at)
    }

    /// Told twice.
    fn same(&self, other: &Self) -> bool {
        let near = (self.at - other.at).abs() <= SAME_NS;
        match (self.what, other.what) {
            (What::Claim(one), What::Claim(two)) => near && one == two,
            (What::Cause(one), What::Cause(two)) => (near || one.own_time.is_some()) && one == two,
            _ => false,
        }
    }
}

/// What was told in the scene's time, once each, in the order of time.
pub(super) fn told<'a>(rows: &[Row<'a>], scene: &Scene<'a>) -> Vec<Told<'a>> {
    let mut told: Vec<Told<'a>> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let of_ip = row.noted_within(scene.from, scene.to).map(|(_, seen)| seen.event);
        let events = of_ip.chain(row.whole_node.iter().copied());
        let within = events.filter(|event| (scene.from..scene.to).contains(&nanoseconds(event.at)));
        for event in within.filter(|event| matches!(event.what, What::Claim(_) | What::Cause(_))) {
            told.push(one(scene, number, row.node, event));
        }
    }
    told.sort_by_key(|told| (told.at, told.error, told.node, told.text()));
    let mut once: Vec<Told<'a>> = Vec::new();
    for told in told {
        if !once.iter().rev().take(64).any(|other| told.same(other)) {
            once.push(told);
        }
    }
    once
}

fn one<'a>(scene: &Scene<'a>, row: usize, node: &'a str, event: &'a Event) -> Told<'a> {
    let at = nanoseconds(event.at);
    let mapped = scene.clocks.map(row, at);
    Told {
        at: mapped.map_or(at, |(at, _)| at),
        error: mapped.map(|(_, error)| error),
        node,
        what: &event.what,
    }
}
