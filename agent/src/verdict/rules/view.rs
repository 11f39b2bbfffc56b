//! 9xx: how much the view itself can be trusted.

use jiff::Timestamp;

use super::{agents, claimed, found};
use crate::verdict::{
    catalogue::{OVERFLOW, PARTIAL_VIEW},
    finding::Finding,
    text::{ago, few},
    unanswered::unanswered,
    view::View,
};

pub(super) fn partial(view: &View<'_>, now: Timestamp) -> Option<Finding> {
    if view.is_whole(now) {
        return None;
    }
    let mut reasons = Vec::new();
    if !view.agents.failed.is_empty() {
        let missing =
            few(view.agents.failed.iter().map(|failed| format!("{}: {}", failed.agent, failed.error)));
        reasons.push(format!("asked {}, {} told: {missing}", view.agents.asked, view.agents.replied));
    }
    let unasked = few(view.unasked(now).map(|claim| claimed(claim, now)));
    if !unasked.is_empty() {
        reasons.push(format!("{unasked}: its agent was not asked"));
    }
    let others = few(view.strangers(now).map(|claim| claimed(claim, now)));
    if !others.is_empty() {
        reasons.push(format!("{others}: a node that was not heard, or a foreign host"));
    }
    if let Some(asked) = unanswered(view, now).filter(|_| others.is_empty() && unasked.is_empty()) {
        reasons.push(format!(
            "asked {}, no answer from {}, another node may have answered",
            ago(asked.at, now),
            agents(view)
        ));
    }
    if reasons.is_empty() { None } else { Some(found(&PARTIAL_VIEW, view, None, reasons.join("; "))) }
}

pub(super) fn overflow(view: &View<'_>, _: Timestamp) -> Option<Finding> {
    if view.overflow == 0 {
        return None;
    }
    let named = view.answerers.len() + view.foreign.len() + view.heard.len();
    let reason = format!("{} frames of claimants beyond the {named} named", view.overflow);
    Some(found(&OVERFLOW, view, None, reason))
}
