//! Why nobody announces it.

use jiff::Timestamp;

use super::speaker::{confusion, trouble};
use crate::{
    evidence::Prediction,
    verdict::{text::few, view::View},
};

/// By the recomputed election: nobody should, and why; or somebody should and does not.
pub(in crate::verdict) fn no_owner(view: &View<'_>, now: Timestamp) -> Option<String> {
    let predicted = &view.said.predicted;
    if let Some((node, rules)) = predicted.iter().find_map(|one| Some((one.node.as_deref()?, &one.rules))) {
        let seen = view.seen_by(node);
        return seen.and_then(|seen| trouble(seen).or_else(|| confusion(seen))).or_else(|| {
            let does_not =
                if view.says(node, now) == Some(false) { ", whose speaker does not announce it" } else { "" };
            Some(format!("by the rules of MetalLB {rules} it goes to {node} (predicted){does_not}"))
        });
    }
    nobody_should(view)
}

/// Why the election gives nobody.
pub(super) fn nobody_should(view: &View<'_>) -> Option<String> {
    let why = |one: &Prediction| Some(format!("{}: {}", one.service, one.nobody.as_deref()?));
    let reasons = few(view.said.predicted.iter().filter_map(why));
    (!reasons.is_empty()).then_some(reasons)
}
