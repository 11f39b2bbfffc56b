//! Which lanes a picture has, and what lies on each.

use jiff::Timestamp;

use crate::{
    cli::failover::words,
    timeline::{Handover, Kind, Step, StepKind},
};

/// One lane.
#[derive(Debug, PartialEq)]
pub(super) struct Lane<'a> {
    pub(super) title: String,
    /// While it answered, as far as known: from and to, open where that lies outside.
    pub(super) answered: Vec<(Option<Timestamp>, Option<Timestamp>)>,
    pub(super) role: Role,
    pub(super) steps: Vec<&'a Step>,
}

/// What a lane is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    ControlPlane,
    Askers,
    From,
    To,
    Other,
}

/// Whose lane a step lies on.
const fn role(kind: StepKind) -> Option<Role> {
    match kind {
        StepKind::Cause | StepKind::ClaimEnded | StepKind::ClaimBegan => Some(Role::ControlPlane),
        StepKind::Request => Some(Role::Askers),
        _ => None,
    }
}

/// The lanes, from cause to effect: what was said, who asked, who answered.
pub(super) fn lanes(handover: &Handover) -> Vec<Lane<'_>> {
    let mut lanes = Vec::new();
    for (of, title) in [(Role::ControlPlane, "control plane"), (Role::Askers, "unanswered requests")] {
        let steps: Vec<_> = handover.steps.iter().filter(|step| role(step.kind) == Some(of)).collect();
        if !steps.is_empty() {
            lanes.push(Lane { title: title.to_owned(), answered: Vec::new(), role: of, steps });
        }
    }
    let (from, to) = (handover.from.as_ref().map(words::name), handover.to.as_ref().map(words::name));
    let mut names: Vec<String> = from.iter().chain(&to).cloned().collect();
    let on_nodes = handover.steps.iter().filter(|step| role(step.kind).is_none());
    names.extend(on_nodes.map(|step| step.node.clone()));
    let mut known: Vec<String> = Vec::new();
    for name in names {
        if known.contains(&name) {
            continue;
        }
        let role = if from.as_ref() == Some(&name) {
            Role::From
        } else if to.as_ref() == Some(&name) {
            Role::To
        } else {
            Role::Other
        };
        lanes.push(of_node(handover, &name, role));
        known.push(name);
    }
    lanes
}

fn of_node<'a>(handover: &'a Handover, name: &str, lane: Role) -> Lane<'a> {
    let of_node = |step: &&Step| step.node == name && role(step.kind).is_none();
    let steps: Vec<&Step> = handover.steps.iter().filter(of_node).collect();
    let mut answered = Vec::new();
    // Until when the former owner answered is known by its last answer alone; of one that goes on there is none.
    let ended = steps.iter().any(|step| step.kind == StepKind::LastAnswer);
    let mut open = (lane == Role::From && (ended || handover.kind == Kind::Split)).then_some(None);
    for step in &steps {
        match (step.kind, open) {
            (StepKind::FirstAnswer | StepKind::OtherAnswer, None) => open = Some(Some(step.at)),
            (StepKind::LastAnswer, Some(since)) => {
                answered.push((since, Some(step.at)));
                open = None;
            }
            _ => {}
        }
    }
    answered.extend(open.map(|since| (since, None)));
    let words = match lane {
        Role::From if handover.to.as_ref().is_some_and(|to| words::name(to) == name) => ": before and after",
        Role::From => ": the former owner",
        Role::To => ": the new owner",
        _ => "",
    };
    Lane { title: words::short(name) + words, answered, role: lane, steps }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failover::sample::{at, planned, step};

    #[test]
    fn there_is_a_lane_for_everybody_who_has_a_part_in_it() {
        let handover = planned();
        let lanes = lanes(&handover);
        let titles: Vec<_> = lanes.iter().map(|lane| (lane.title.as_str(), lane.steps.len())).collect();
        assert_eq!(
            titles,
            [
                ("control plane", 3),
                ("unanswered requests", 2),
                ("n2: the former owner", 2),
                ("n3: the new owner", 6)
            ]
        );
        assert_eq!(lanes[2].answered, [(None, Some(at(-2.0)))]);
        assert_eq!(lanes[3].answered, [(Some(at(1200.0)), None)]);
    }

    #[test]
    fn who_answers_again_answers_twice() {
        let mut handover = planned();
        handover.steps = vec![
            step(0.0, "n2", StepKind::LastAnswer, ""),
            step(1.0, "n3", StepKind::FirstAnswer, ""),
            step(2.0, "n3", StepKind::LastAnswer, ""),
            step(3.0, "n2", StepKind::FirstAnswer, ""),
        ];
        let lanes = lanes(&handover);
        assert_eq!(lanes[0].answered, [(None, Some(at(0.0))), (Some(at(3.0)), None)]);
        assert_eq!(lanes[1].answered, [(Some(at(1.0)), Some(at(2.0)))]);
    }

    #[test]
    fn an_owner_whose_end_nobody_saw_is_not_drawn_to_go_on() {
        let mut handover = planned();
        handover.steps.retain(|step| step.kind != StepKind::LastAnswer);
        assert_eq!(lanes(&handover)[2].answered, []);
        handover.kind = Kind::Split;
        assert_eq!(lanes(&handover)[2].answered, [(None, None)]);
    }
}
