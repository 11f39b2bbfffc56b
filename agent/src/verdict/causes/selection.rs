//! What the interfaces that `L2Advertisement`s select have to do with it.

use crate::verdict::{
    seen::Seen,
    text::{few, listed},
};

/// Why the speaker of a node has no socket on any selected interface; `None` if it has one.
pub(in crate::verdict) fn no_selected(selected: &[&str], seen: Seen<'_>) -> Option<String> {
    let chosen = |name: &str| selected.contains(&name);
    if seen.responders().any(|interface| chosen(&interface.name)) {
        return None;
    }
    let node = seen.node();
    let there: Vec<_> = seen.report.interfaces.iter().filter(|interface| chosen(&interface.name)).collect();
    if there.iter().any(|interface| interface.skipped.as_deref().is_some_and(is_our_choice)) {
        return None;
    }
    let list = listed(selected);
    if there.is_empty() {
        return Some(format!("the L2Advertisement selects {list}, which {node} does not have"));
    }
    let why = few(there.iter().map(|interface| {
        let name = &interface.name;
        match (&interface.host.master, &interface.skipped) {
            (Some(master), _) => format!("{name} is a port of {master}"),
            (None, _) if !interface.up => format!("{name} is down"),
            (None, Some(reason)) => format!("{name}: {reason}"),
            (None, None) => format!("{name} is not observed"),
        }
    }));
    Some(format!("the L2Advertisement selects {list}, where {node} can't answer: {why}"))
}

/// Interfaces that this agent leaves out by its own flags: the speaker may well have a socket there.
fn is_our_choice(skipped: &str) -> bool {
    ["not named by --interface", "excluded by name"].contains(&skipped)
}

/// The request came in where the speaker is told not to answer.
pub(super) fn asked_elsewhere(selected: &[&str], asked: &[&str]) -> Option<String> {
    if asked.is_empty() || asked.iter().any(|name| selected.contains(name)) {
        return None;
    }
    Some(format!("asked on {}, and the L2Advertisement selects {} only", listed(asked), listed(selected)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Skipped;

    #[test]
    fn what_the_operator_left_out_says_nothing_about_the_speaker() {
        assert!(is_our_choice(&Skipped::NotIncluded.to_string()));
        assert!(is_our_choice(&Skipped::Excluded.to_string()));
        assert!(!is_our_choice(&Skipped::NoArp.to_string()));
    }
}
