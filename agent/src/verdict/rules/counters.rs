//! L2W405: the speaker's counters beside the wire's.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::found;
use crate::{
    evidence::{Compared, Counter},
    verdict::{
        catalogue::COUNTERS_DIFFER,
        finding::Finding,
        said::Counted,
        text::{few, span},
        time::GRACE,
        view::View,
    },
};

/// A frame or two at the edge of a window that nobody aligned.
const EDGE: u64 = 3;

pub(super) fn differ(view: &View<'_>, _: Timestamp) -> Option<Finding> {
    let differs = |counted: &&Counted| {
        let Compared { difference, since, until, .. } = &counted.compared;
        difference.unsigned_abs() >= EDGE && until.duration_since(*since) >= GRACE
    };
    let first = view.said.counters.iter().find(differs)?;
    let of_node = view.said.counters.iter().filter(differs).filter(|other| other.node == first.node);
    let list = few(of_node.map(|Counted { compared, .. }| {
        let Compared { counter, speaker, wire, difference: _, since, until, reason: _ } = compared;
        let label = counter.label();
        format!("{label} {speaker}, on the wire {wire}, over {}", span(until.duration_since(*since)))
    }));
    let reason = format!("the speaker of {}: {list}", first.node);
    Some(found(&COUNTERS_DIFFER, view, Some(&first.node), reason).because(cause(view, first)))
}

/// What was noticed while the two were compared says more than what can be told afterwards.
fn cause(view: &View<'_>, counted: &Counted) -> Option<String> {
    if let Some(because) = counted.compared.reason {
        return Some(because.text().to_owned());
    }
    let Compared { counter, difference, .. } = counted.compared;
    let more = difference.cmp(&0);
    let seen = view.seen_by(&counted.node);
    let dead = seen.and_then(|seen| view.ways(seen).into_iter().find(|interface| !interface.carrier));
    Some(match (counter, more) {
        (Counter::RequestsReceived, Ordering::Less) => {
            "requests that came in did not reach the speaker's socket".to_owned()
        }
        (Counter::RequestsReceived, _) => {
            "the speaker also counts others' gratuitous requests, and requests on interfaces that are not observed"
                .to_owned()
        }
        (_, Ordering::Greater) => match dead {
            Some(interface) => format!("{} has no carrier, and the speaker counts what it can't send", interface.name),
            None => "what the speaker sent did not come to an observed interface".to_owned(),
        },
        (_, _) => {
            let other = view.answerers.iter().find(|one| one.node == counted.node && !one.is_speaker())?;
            format!("{} on {} sends, too", other.who(), other.node)
        }
    })
}
