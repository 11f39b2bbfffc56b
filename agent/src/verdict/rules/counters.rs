//! L2W405: the speaker's counters beside the wire's.

use jiff::Timestamp;

use super::found;
use crate::{
    evidence::Compared,
    verdict::{
        catalogue::COUNTERS_DIFFER,
        finding::Finding,
        said::Counted,
        state::TTL,
        text::{few, span},
        time::GRACE,
        view::View,
    },
};

/// A frame or two at the edge of a window that nobody aligned.
const EDGE: u64 = 3;

/// What came apart once stays so in the totals: it is told for a while, not until the agent restarts.
pub(super) fn differ(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    let differs = |counted: &&Counted| {
        let Compared { difference, changed, since, until, .. } = &counted.compared;
        difference.unsigned_abs() >= EDGE
            && until.duration_since(*since) >= GRACE
            && changed.is_none_or(|changed| now.duration_since(changed) <= TTL)
    };
    let first = view.said.counters.iter().find(differs)?;
    let of_node = view.said.counters.iter().filter(differs).filter(|other| other.node == first.node);
    let list = few(of_node.map(|Counted { compared, .. }| {
        let Compared { counter, speaker, wire, difference: _, changed: _, since, until, reason: _ } =
            compared;
        let label = counter.label();
        format!("{label} {speaker}, on the wire {wire}, over {}", span(until.duration_since(*since)))
    }));
    let cause = first.compared.reason.map(|reason| reason.text().to_owned());
    let reason = format!("the speaker of {}: {list}", first.node);
    Some(found(&COUNTERS_DIFFER, view, Some(&first.node), reason).because(cause))
}
