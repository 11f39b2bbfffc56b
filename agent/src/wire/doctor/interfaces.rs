//! On each interface: attach, look who is in front, detach.

use aya::programs::{SchedClassifier, TcAttachType};

use super::{Check, Patient, Plan, Status};
use crate::wire::{Hook, Link, PROGRAM_IN, PROGRAM_OUT};

pub(super) fn checks(patient: &Patient, plan: &Plan, links: &[Link]) -> Vec<Check> {
    let mut checks = Vec::new();
    for link in links {
        let name = format!("interface {}", link.name);
        match plan.rules.check(link) {
            Err(skipped) => checks.push(Check::new(name, Status::Skipped, skipped.to_string())),
            Ok(()) => checks.push(attach(patient, plan, link, name)),
        }
    }
    if !checks.iter().any(|check| check.status != Status::Skipped) {
        checks.push(Check::new(
            "interfaces",
            Status::Missing,
            "none is left by the rules: name one with --interface",
        ));
    }
    checks
}

fn attach(patient: &Patient, plan: &Plan, link: &Link, name: String) -> Check {
    // Before ours are on it: they would be first.
    let front = in_front(&link.name);
    let attached = patient.programs().and_then(|mut programs| programs.attach(&link.name, plan.hook));
    let hook = match attached {
        Ok(hook) => hook,
        Err(error) => return Check::new(name, Status::Missing, error.to_string()),
    };
    let mut remarks = vec![match hook {
        Hook::Tcx => "TCX takes both programs".to_owned(),
        Hook::Clsact => "clsact takes both programs".to_owned(),
    }];
    let mut status = Status::Ok;
    if !link.carrier {
        status = Status::Warning;
        remarks.push("no carrier: what is sent is counted but reaches nobody".to_owned());
    }
    match front {
        Ok(programs) if programs.is_empty() => {}
        Ok(programs) => {
            status = Status::Warning;
            remarks.push(format!(
                "{} run before the agent's and may keep frames from it: restart the agent to be first again",
                programs.join(", ")
            ));
        }
        Err(why) => remarks.push(format!("who runs before it can't be seen: {why}")),
    }
    Check::new(name, status, remarks.join("; "))
}

/// Programs that TCX runs before those of a running agent.
fn in_front(interface: &str) -> Result<Vec<String>, String> {
    let mut front = Vec::new();
    for (direction, own) in [(TcAttachType::Ingress, PROGRAM_IN), (TcAttachType::Egress, PROGRAM_OUT)] {
        let (_, programs) = SchedClassifier::query_tcx(interface, direction)
            .map_err(|_| "needs CAP_SYS_ADMIN and a kernel with TCX".to_owned())?;
        let names: Vec<_> =
            programs.iter().map(|program| program.name_as_str().unwrap_or("(no name)").to_owned()).collect();
        // Without an agent's program there is no "before".
        if let Some(position) = names.iter().position(|name| name == own) {
            front.extend(names.into_iter().take(position));
        }
    }
    Ok(front)
}
